/* Starts process 1 without a runtime. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch.h"
#include "shim_start.h"

#define NAMESPACES_AT_BIRTH (CLONE_NEWUSER | CLONE_NEWPID)
#define BOX_NAMESPACES (CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)
#define STREAMS 3
#define CONTROL STREAMS /* of process 1, behind its stream, until execve */

bool box_fail(const struct box *box, const char *format, ...) {
    char text[MESSAGE_MAX / 2];
    int saved = errno;
    va_list arguments;
    va_start(arguments, format);
    int used = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (saved != 0 && used >= 0 && (size_t)used < sizeof text) {
        snprintf(text + used, sizeof text - (size_t)used, ": %s", strerror(saved));
    }
    (void)!write(box->control, text, strlen(text));
    return false;
}

/* The shim has come that far. */
static bool wait_for_shim(const struct box *box) {
    char go;
    ssize_t got;
    do {
        got = read(box->control, &go, 1);
    } while (got < 0 && errno == EINTR);
    return got == 1;
}

static bool take_ids(const struct box *box) {
    if (setresgid(0, 0, 0) != 0 || setgroups(0, NULL) != 0 || setresuid(0, 0, 0) != 0 || setsid() < 0) {
        return box_fail(box, "cannot become root of the sandbox");
    }
    return true;
}

/* Its descriptors are now the three of the stream and the control socket. */
static bool keep_descriptors(struct box *box, const int streams[STREAMS]) {
    /* First out of the way of the places that they go to, and not far: the table stays as long as it was. */
    int high[STREAMS];
    int control = fcntl(box->control, F_DUPFD_CLOEXEC, CONTROL + 1);
    for (int i = 0; i < STREAMS; i++) {
        high[i] = fcntl(streams[i], F_DUPFD_CLOEXEC, CONTROL + 1);
    }
    for (int i = 0; i < STREAMS; i++) {
        if (dup2(high[i], i) < 0) {
            return false;
        }
    }
    box->control = dup3(control, CONTROL, O_CLOEXEC);
    return box->control == CONTROL && syscall(SYS_close_range, CONTROL + 1, ~0u, 0) == 0;
}

static void settle_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* From its birth to guestd; each line is a stage that says itself why it failed. */
static void become_guest(struct box *box, const int streams[STREAMS]) {
    const struct plan *plan = box->plan;
    settle_signals();
    if (!keep_descriptors(box, streams)) {
        _exit(126);
    }
    bool good = wait_for_shim(box) && take_ids(box) &&
                (unshare(BOX_NAMESPACES) == 0 || box_fail(box, "cannot make the sandbox's namespaces")) &&
                box_settle(box) && wait_for_shim(box) && box_set_limits(box);
    good = good && box_enter_root(box) && box_drop_privileges(box);
    if (good) {
        execve(plan->args[0], (char *const *)plan->args, (char *const *)plan->envs);
        box_fail(box, "cannot execute %s", plan->args[0]);
    }
    _exit(126);
}

/* The effective ids of the shim; the capabilities that a change of uid takes away come back. */
static bool act_as(uid_t id) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_setresgid, -1, id, -1) != 0 || syscall(SYS_setresuid, -1, id, -1) != 0 ||
        syscall(SYS_capget, &header, data) != 0) {
        return false;
    }
    data[0].effective = data[0].permitted;
    data[1].effective = data[1].permitted;
    return syscall(SYS_capset, &header, data) == 0;
}

struct birth {
    pid_t pid;
    int error;
};

/* Process 1 by way of a process that enters the groups before: on cgroup v1, or where clone3(2) is refused. */
static pid_t bear_by_another(struct shim *shim) {
    struct birth birth = {.pid = -1, .error = EPIPE};
    int answer[2];
    if (pipe2(answer, O_CLOEXEC) != 0) {
        return -1;
    }
    pid_t other = fork();
    if (other == 0) {
        if (entrance_enter(&shim->box) && act_as((uid_t)shim->plan->uid_base)) {
            birth.pid = (pid_t)syscall(SYS_clone, NAMESPACES_AT_BIRTH | CLONE_PARENT | SIGCHLD, 0L, 0L, 0L, 0L);
        }
        if (birth.pid == 0) {
            return 0;
        }
        birth.error = errno;
        (void)!write(answer[1], &birth, sizeof birth);
        _exit(0);
    }
    birth.error = errno;
    close(answer[1]);
    if (other > 0) {
        birth.error = EPIPE;
        (void)!read(answer[0], &birth, sizeof birth);
        waitpid(other, NULL, 0);
    }
    close(answer[0]);
    errno = birth.error;
    return birth.pid;
}

/* Process 1, born in the groups of the box: one in which nothing may be born any more is being destroyed, and must not
 * be entered from outside. What the kernel charges to the creator of a user namespace is charged to the first uid of
 * the sandbox's range. */
static pid_t bear(struct shim *shim) {
    pid_t pid = act_as((uid_t)shim->plan->uid_base) ? clone_into_cgroup(&shim->box, NAMESPACES_AT_BIRTH) : -1;
    if (pid == 0) {
        return 0;
    }
    int error = errno;
    bool back = act_as(0);
    prctl(PR_SET_DUMPABLE, 1); /* which ended with the ids */
    errno = error;
    return !back || pid > 0 || error == EAGAIN ? pid : bear_by_another(shim);
}

/* Best effort: a host that is a container itself may not let us, and what lowers a limit needs no right. */
static void set_limits(const struct plan *plan, pid_t pid) {
    for (size_t i = 0; i < plan->limits_count; i++) {
        struct rlimit limit = {plan->limits[i].value, plan->limits[i].value};
        prlimit(pid, (int)plan->limits[i].resource, &limit, NULL);
    }
}

static bool tell(struct shim *shim, int control) {
    return send(control, "", 1, MSG_NOSIGNAL) == 1 || shim_fail(shim, "process 1 of the sandbox died on its way");
}

/* What it has said; 0 at its end. A byte that it has not read any more makes an error, which comes before its words. */
static ssize_t hear(int control, char *text, size_t size, int flags) {
    ssize_t got;
    do {
        got = recv(control, text, size - 1, flags);
    } while (got < 0 && (errno == EINTR || errno == ECONNRESET));
    text[got > 0 ? got : 0] = 0;
    return got;
}

/* Its end is closed when it executes guestd, and when it dies, after it has given up its memory. */
static bool has_program(pid_t pid) {
    char path[64], program[2];
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    return readlink(path, program, sizeof program) > 0;
}

/* Until its execve has succeeded, which closes its end, or it has said why not. */
static bool wait_for_guest(struct shim *shim, int control) {
    char text[MESSAGE_MAX / 2];
    struct pollfd wait = {.fd = control, .events = POLLIN};
    uint64_t until = boottime_ms() + shim->plan->start_ms;
    for (;;) {
        uint64_t now = boottime_ms();
        int rc = poll(&wait, 1, now < until ? (int)(until - now) : 0);
        if (rc > 0) {
            break;
        }
        if (rc == 0 || errno != EINTR) {
            errno = 0;
            return shim_fail(shim, "process 1 did not start within %llu ms", (unsigned long long)shim->plan->start_ms);
        }
    }
    ssize_t got = hear(control, text, sizeof text, 0);
    bool good = got == 0 && has_program(shim->guest);
    errno = 0;
    return good || shim_fail(shim, "%s", got > 0 ? text : "process 1 of the sandbox died on its way");
}

/* The shim's part while process 1 comes up. */
static bool attend(struct shim *shim, int control) {
    int userns = userns_map(shim, shim->guest);
    bool good = userns >= 0 && tell(shim, control) && build_mounts(shim, userns);
    if (userns >= 0) {
        close(userns);
    }
    set_limits(shim->plan, shim->guest);
    return good && tell(shim, control) && wait_for_guest(shim, control) && watch_guest(shim);
}

/* It said why, unless the shim knows better. */
static bool give_up(struct shim *shim, int control) {
    char text[MESSAGE_MAX / 2];
    if (hear(control, text, sizeof text, MSG_DONTWAIT) > 0) {
        errno = 0;
        shim_fail(shim, "%s", text);
    }
    if (shim->guest > 0) {
        kill(shim->guest, SIGKILL);
    }
    return false;
}

bool launch(struct shim *shim) {
    struct box box = {.plan = shim->plan, .root = -1};
    int control[2], streams[STREAMS];
    if (!own_mounts(shim) || !open_streams(shim, streams)) {
        return false;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) != 0) {
        return shim_fail(shim, "socketpair");
    }
    shim->guest = bear(shim);
    if (shim->guest == 0) {
        box.control = control[1];
        become_guest(&box, streams);
    }
    int error = errno;
    close(control[1]);
    for (int i = 0; i < STREAMS; i++) {
        close(streams[i]);
    }
    entrance_close(&shim->box);
    errno = error;
    bool good = shim->guest > 0
                    ? attend(shim, control[0])
                    : shim_fail(shim, "cannot make a user namespace (is user.max_user_namespaces above 0?)");
    if (!good) {
        give_up(shim, control[0]);
    }
    close(control[0]);
    return good;
}
