#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"

#define CPU_CHECK_MIN_US 5000
#define KILL_ROUNDS_MAX 200
#define GUEST_DIES_NS_MAX 100000000

uint64_t boottime_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int write_text(int fd, const char *text) {
    size_t length = strlen(text);
    return write(fd, text, length) == (ssize_t)length ? 0 : -1;
}

uint64_t process_start_ticks(pid_t pid) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    close(fd);
    if (got <= 0) {
        return 0;
    }
    text[got] = 0;
    char *at = strrchr(text, ')'); /* the name may hold anything; field 22 is the 20th behind it */
    for (int field = 0; at != NULL && field < 20; field++) {
        at = strchr(at + 1, ' ');
    }
    return at == NULL ? 0 : strtoull(at + 1, NULL, 10);
}

static int open_file(const char *path, int flags) {
    return path == NULL ? -1 : open(path, flags | O_CLOEXEC);
}

void limits_open(struct shim *shim) {
    struct plan *plan = shim->plan;
    for (size_t i = 0; i < PLAN_LIST_MAX; i++) {
        shim->kill_procs[i] = i < plan->kill_procs_count ? open_file(plan->kill_procs[i], O_RDONLY) : -1;
    }
    shim->cpu_file = open_file(plan->cpu_file, O_RDONLY);
    shim->kill_file = open_file(plan->kill_file, O_WRONLY);
    shim->freeze_file = open_file(plan->freeze_file, O_WRONLY);
    shim->deadline_timer = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    shim->cpu_timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
}

void limits_set_deadline(struct shim *shim, uint64_t at_ms, int freeze) {
    struct itimerspec when = {0};
    when.it_value.tv_sec = (time_t)(at_ms / 1000);
    when.it_value.tv_nsec = (long)(at_ms % 1000) * 1000000;
    shim->freeze_at_deadline = freeze;
    timerfd_settime(shim->deadline_timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* CPU time of the box so far, in microseconds; 0 when it cannot be read. v1: cpuacct.usage, nanoseconds. v2: cpu.stat,
 * "usage_usec N". */
static uint64_t cpu_used_us(const struct shim *shim) {
    char text[64];
    ssize_t got = shim->cpu_file < 0 ? -1 : pread(shim->cpu_file, text, sizeof text - 1, 0);
    if (got <= 0) {
        return 0;
    }
    text[got] = 0;
    if (strncmp(text, "usage_usec ", 11) == 0) {
        return strtoull(text + 11, NULL, 10);
    }
    return strtoull(text, NULL, 10) / 1000;
}

/* Sleeps for as long as the sandbox cannot possibly have used up the rest: rest / CPUs of the host. */
static void arm_cpu_timer(struct shim *shim, uint64_t used_us) {
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t rest = (shim->cpu_limit_us - used_us) / (uint64_t)(cpus < 1 ? 1 : cpus);
    rest = rest < CPU_CHECK_MIN_US ? CPU_CHECK_MIN_US : rest;
    struct itimerspec when = {0};
    when.it_value.tv_sec = (time_t)(rest / 1000000);
    when.it_value.tv_nsec = (long)(rest % 1000000) * 1000;
    timerfd_settime(shim->cpu_timer, 0, &when, NULL);
}

void limits_set_cpu(struct shim *shim, uint64_t limit_us) {
    shim->cpu_limit_us = limit_us;
    if (limit_us == 0) {
        struct itimerspec never = {0};
        timerfd_settime(shim->cpu_timer, 0, &never, NULL);
        return;
    }
    uint64_t used = cpu_used_us(shim);
    arm_cpu_timer(shim, used < limit_us ? used : limit_us);
}

/* Opened anew: cgroup v1 keeps a list that was read once, for as long as somebody reads it at least once a second. */
static ssize_t read_list(int procs, char *text, size_t size) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", procs);
    int fresh = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = pread(fresh >= 0 ? fresh : procs, text, size, 0);
    if (fresh >= 0) {
        close(fresh);
    }
    return got;
}

static bool kill_listed(int procs) {
    char text[8192];
    ssize_t got = read_list(procs, text, sizeof text - 1);
    if (got <= 0) {
        return false;
    }
    text[got] = 0;
    if (got == sizeof text - 1) { /* the last number may be cut */
        char *line = strrchr(text, '\n');
        *(line != NULL ? line : text) = 0;
    }
    for (char *at = text, *end; *at != 0; at = *end == '\n' ? end + 1 : end) {
        long pid = strtol(at, &end, 10);
        if (end == at) {
            break;
        }
        if (pid > 1) {
            kill((pid_t)pid, SIGKILL);
        }
    }
    return true;
}

void limits_reap(struct shim *shim) {
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == shim->guest) {
            shim->guest_status = status;
            shim->guest_gone = true;
        }
    }
}

void limits_kill(struct shim *shim, int cause) {
    if (shim->cause == 0) {
        shim->cause = cause;
    }
    if (shim->kill_file >= 0 && write_text(shim->kill_file, "1") == 0) {
        return; /* cgroup.kill reaches frozen processes and those being forked */
    }
    if (shim->freeze_file >= 0) {
        write_text(shim->freeze_file, "THAWED"); /* a frozen process of cgroup v1 does not die */
    }
    if (shim->guest_pidfd >= 0) {
        struct pollfd guest = {.fd = shim->guest_pidfd, .events = POLLIN};
        syscall(SYS_pidfd_send_signal, shim->guest_pidfd, SIGKILL, NULL, 0);
        ppoll(&guest, 1, &(struct timespec){.tv_nsec = GUEST_DIES_NS_MAX}, NULL);
    }
    /* Process 1 takes its pid namespace along; what is left are processes of the runtime itself. */
    for (int round = 0; round < KILL_ROUNDS_MAX; round++) {
        bool any = false;
        limits_reap(shim); /* cgroup v1 lists the dead until then */
        for (size_t i = 0; i < PLAN_LIST_MAX && shim->kill_procs[i] >= 0; i++) {
            any |= kill_listed(shim->kill_procs[i]);
        }
        if (!any) {
            return;
        }
        nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
    }
}

bool limits_on_deadline(struct shim *shim) {
    uint64_t times;
    if (read(shim->deadline_timer, &times, sizeof times) != sizeof times) {
        return false;
    }
    if (!shim->freeze_at_deadline) {
        limits_kill(shim, END_DEADLINE);
        return true;
    }
    if (shim->freeze_file >= 0 && write_text(shim->freeze_file, "1") != 0) {
        write_text(shim->freeze_file, "FROZEN");
    }
    return true;
}

bool limits_on_cpu_timer(struct shim *shim) {
    uint64_t times;
    if (read(shim->cpu_timer, &times, sizeof times) != sizeof times || shim->cpu_limit_us == 0) {
        return false;
    }
    uint64_t used = cpu_used_us(shim);
    if (used >= shim->cpu_limit_us) {
        limits_kill(shim, END_CPU);
        return true;
    }
    arm_cpu_timer(shim, used);
    return false;
}
