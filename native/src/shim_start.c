#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim_start.h"

#define PIPE_BYTES (256 << 10)
#define RUNTIME_LOG "runtime.log"

bool shim_fail(struct shim *shim, const char *format, ...) {
    int saved = errno;
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(shim->message, sizeof shim->message, format, arguments);
    va_end(arguments);
    if (saved != 0 && used >= 0 && (size_t)used < sizeof shim->message) {
        snprintf(shim->message + used, sizeof shim->message - (size_t)used, ": %s", strerror(saved));
    }
    return false;
}

static void exec_runtime(struct shim *shim, bool inside, const int streams[3]) {
    struct plan *plan = shim->plan;
    int log = streams[2];
    signal(SIGPIPE, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (!inside && !entrance_enter(&shim->box)) {
        dprintf(log, "cannot enter the cgroups of the box: %s\n", strerror(errno));
        _exit(126);
    }
    for (size_t i = 0; i < plan->limits_count; i++) {
        struct rlimit limit = {plan->limits[i].value, plan->limits[i].value};
        if (setrlimit((int)plan->limits[i].resource, &limit) != 0) {
            dprintf(log, "cannot set limit %d to %llu: %s\n", (int)plan->limits[i].resource,
                    (unsigned long long)plan->limits[i].value, strerror(errno));
            _exit(126);
        }
    }
    if (dup2(streams[0], 0) < 0 || dup2(streams[1], 1) < 0 || dup2(log, 2) < 0) {
        _exit(126);
    }
    syscall(SYS_close_range, 3, ~0u, 0);
    execve(plan->args[0], (char *const *)plan->args, (char *const *)plan->envs);
    dprintf(2, "cannot execute %s: %s\n", plan->args[0], strerror(errno));
    _exit(127);
}

/* The runtime's last words go into the message. */
void shim_quote_log(struct shim *shim) {
    char text[768];
    if (shim->runtime_log < 0) {
        return;
    }
    off_t size = lseek(shim->runtime_log, 0, SEEK_END);
    off_t start = size > (off_t)sizeof text - 1 ? size - ((off_t)sizeof text - 1) : 0;
    ssize_t got = pread(shim->runtime_log, text, sizeof text - 1, start);
    if (got > 0) {
        text[got] = 0;
        for (ssize_t i = 0; i < got; i++) {
            if (text[i] == '\n' && i + 1 < got) {
                text[i] = ' ';
            } else if ((unsigned char)text[i] < ' ') {
                text[i] = i + 1 < got ? '?' : 0;
            }
        }
        size_t used = strlen(shim->message);
        snprintf(shim->message + used, sizeof shim->message - used, "%s%s", used > 0 ? ": " : "", text);
    }
}

static bool wait_command(struct shim *shim, pid_t child, int *status) {
    uint64_t until = boottime_ms() + shim->plan->start_ms;
    int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd wait = {.fd = pidfd, .events = POLLIN};
    for (;;) {
        uint64_t now = boottime_ms();
        int rc = poll(&wait, 1, now < until ? (int)(until - now) : 0);
        if (rc > 0) {
            break;
        }
        if (rc == 0 || errno != EINTR) {
            close(pidfd);
            errno = 0;
            return shim_fail(shim, "the runtime did not start the sandbox within %llu ms",
                        (unsigned long long)shim->plan->start_ms);
        }
    }
    close(pidfd);
    while (waitpid(child, status, 0) < 0 && errno == EINTR) {
    }
    return true;
}

static bool read_pid(struct shim *shim) {
    char text[32] = "";
    int fd = open(shim->plan->pid_file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof text - 1) <= 0) {
        return shim_fail(shim, "the runtime left no pid in %s", shim->plan->pid_file);
    }
    close(fd);
    shim->guest = (pid_t)strtol(text, NULL, 10);
    return shim->guest > 1 || shim_fail(shim, "the runtime left a wrong pid in %s", shim->plan->pid_file);
}

bool open_streams(struct shim *shim, int child[3]) {
    int in[2], out[2];
    int log = openat(shim->run_dir, RUNTIME_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    shim->runtime_log = openat(shim->run_dir, RUNTIME_LOG, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (log < 0 || shim->runtime_log < 0 || pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        return shim_fail(shim, "cannot make the sandbox's pipes");
    }
    fcntl(in[1], F_SETPIPE_SZ, PIPE_BYTES); /* best effort: bulk transfers take fewer turns */
    fcntl(out[0], F_SETPIPE_SZ, PIPE_BYTES);
    shim->to_guest = in[1];
    shim->from_guest = out[0];
    child[0] = in[0];
    child[1] = out[1];
    child[2] = log;
    return true;
}

bool watch_guest(struct shim *shim) {
    shim->guest_pidfd = (int)syscall(SYS_pidfd_open, shim->guest, 0);
    if (shim->guest_pidfd < 0) {
        return shim_fail(shim, "process 1 of the sandbox is gone already");
    }
    fcntl(shim->to_guest, F_SETFL, O_NONBLOCK);
    fcntl(shim->from_guest, F_SETFL, O_NONBLOCK);
    return true;
}

static bool run_runtime(struct shim *shim) {
    int streams[3];
    bool inside;
    if (!open_streams(shim, streams)) {
        return false;
    }
    pid_t child = fork_into_cgroup(&shim->box, &inside);
    if (child < 0) {
        return shim_fail(shim, "fork");
    }
    if (child == 0) {
        exec_runtime(shim, inside, streams);
    }
    entrance_close(&shim->box);
    for (int i = 0; i < 3; i++) {
        close(streams[i]);
    }
    shim->guest = child;
    if (shim->plan->detached) {
        int status = 0;
        if (!wait_command(shim, child, &status)) {
            shim_quote_log(shim);
            return false;
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            errno = 0;
            shim_fail(shim, "%s failed with status %d", shim->plan->args[0],
                      WIFEXITED(status) ? WEXITSTATUS(status) : -1);
            shim_quote_log(shim);
            return false;
        }
        if (!read_pid(shim)) {
            return false;
        }
    }
    return watch_guest(shim);
}

bool shim_start(struct shim *shim, int listener) {
    struct plan *plan = shim->plan;
    struct userns ns = {.pid = -1, .fd = -1, .control = -1, .ready = -1};
    shim->listener = listener;
    limits_open(shim);
    /* Opened now: what the runtime shall not see may be unmounted by then. */
    if (!entrance_open(&shim->box, plan->box_procs, plan->box_procs_count)) {
        return shim_fail(shim, "cannot open the cgroups of the box");
    }
    if (plan->root != NULL) {
        return launch(shim);
    }
    bool good = plan->uid_count == 0 || userns_create(shim, &ns);
    good = good && own_mounts(shim) && build_mounts(shim, ns.fd) && run_runtime(shim);
    if (good && plan->userns != NULL) {
        good = userns_forbid_more(shim, &ns);
    }
    userns_close(&ns, good);
    return good;
}
