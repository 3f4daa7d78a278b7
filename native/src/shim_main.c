#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim.h"
#include "shim_start.h"

#define FINISH_MS_MAX 5000
#define IDLE_MS 1000
#define EVENTS_MAX 16

static void write_record(struct shim *shim) {
    char text[MESSAGE_MAX + 256];
    int status = shim->guest_status;
    int length = snprintf(text, sizeof text, "cause=%d\nexit_code=%d\nexit_signal=%d\nmessage=%s\n",
                          shim->cause == 0 ? END_GUEST : shim->cause, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                          WIFSIGNALED(status) ? WTERMSIG(status) : 0, shim->message);
    int fd = openat(shim->run_dir, "exit.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && write(fd, text, (size_t)length) == length &&
        renameat(shim->run_dir, "exit.new", shim->run_dir, "exit") == 0) {
        close(fd);
    }
}

static bool add(int epoll, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* One turn of the loop. True while process 1 lives. */
static bool turn(struct shim *shim, struct relay *relay, int epoll, int timeout_ms) {
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(epoll, events, EVENTS_MAX, timeout_ms);
    if (count == 0 && timeout_ms == IDLE_MS) {
        relay_idle(relay);
        limits_reap(shim); /* what the runtime left behind */
    }
    for (int i = 0; i < count; i++) {
        int fd = events[i].data.fd;
        if (fd == shim->guest_pidfd) {
            limits_reap(shim);
            if (shim->guest_gone) { /* which it would say again at every turn, for as long as the host reads nothing */
                epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
            }
        } else if (fd == shim->deadline_timer) {
            if (limits_on_deadline(shim) && shim->freeze_at_deadline) {
                relay_frozen(relay);
            }
        } else if (fd == shim->cpu_timer) {
            limits_on_cpu_timer(shim);
        } else {
            relay_ready(relay, fd, events[i].events);
        }
    }
    return !shim->guest_gone;
}

static void serve(struct shim *shim, int epoll, struct relay *relay, bool started) {
    bool idle = false;
    while (started) {
        if (!turn(shim, relay, epoll, idle ? -1 : IDLE_MS)) {
            break;
        }
        idle = relay_is_idle(relay);
    }
    if (started) {
        if (!shim->plan->detached && WIFEXITED(shim->guest_status) && WEXITSTATUS(shim->guest_status) != 0) {
            shim_quote_log(shim);
        }
        /* What the runtime left beside process 1. */
        limits_kill(shim, END_GUEST);
    }
    write_record(shim);
    uint64_t until = boottime_ms() + FINISH_MS_MAX;
    while (!relay_finish(relay) && boottime_ms() < until) {
        turn(shim, relay, epoll, 100);
    }
}

/* Who the shim is: pid and start time, by which a later host process recognises it. */
static void write_identity(struct shim *shim) {
    char text[64];
    int length = snprintf(text, sizeof text, "%d %llu\n", getpid(), (unsigned long long)process_start_ticks(getpid()));
    int fd = openat(shim->run_dir, "shim", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        (void)!write(fd, text, (size_t)length);
        close(fd);
    }
}

int shim_run(struct plan *plan, int listener) {
    struct shim shim = {
        .plan = plan, .to_guest = -1, .from_guest = -1, .guest = -1, .guest_pidfd = -1, .runtime_log = -1};
    prctl(PR_SET_NAME, "skerry-shim");
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    umask(022);
    shim.run_dir = open(plan->run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (shim.run_dir < 0 || epoll < 0) {
        return 1;
    }
    write_identity(&shim);
    bool started = shim_start(&shim, listener);
    if (!started) {
        limits_kill(&shim, END_START);
        limits_reap(&shim);
    }
    limits_set_deadline(&shim, plan->deadline_ms, plan->deadline_freezes);
    limits_set_cpu(&shim, plan->cpu_limit_us);
    struct relay *relay = relay_open(&shim, epoll);
    if (!shim_drop_privileges() || relay == NULL || !add(epoll, shim.guest_pidfd) ||
        !add(epoll, shim.deadline_timer) || !add(epoll, shim.cpu_timer)) {
        shim_fail(&shim, "the shim cannot give its privileges up");
        limits_kill(&shim, END_START);
        limits_reap(&shim);
        write_record(&shim);
        return 1;
    }
    serve(&shim, epoll, relay, started);
    return 0;
}
