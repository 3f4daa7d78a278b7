#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shim.h"

#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif
#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x00000001
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif
#define AT_RECURSIVE_TREE 0x8000
#define CLONE_INTO_CGROUP_FLAG 0x200000000ull
#define PROCS_NAME "/cgroup.procs"
#define PIPE_BYTES (256 << 10)
#define RUNTIME_LOG "runtime.log"

struct mount_attributes { /* struct mount_attr of mount_setattr(2), which older headers lack */
    uint64_t set, clear, propagation, userns_fd;
};

/* The process that owns the sandbox's user namespace until the runtime has joined it. */
struct userns {
    pid_t pid;
    int fd;      /* the namespace */
    int control; /* one byte lets the helper forbid further namespaces; closing ends it */
};

static bool fail(struct shim *shim, const char *format, ...) {
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

bool entrance_open(struct entrance *entrance, const char *const *procs, size_t count) {
    entrance->count = 0;
    entrance->group = -1;
    for (size_t i = 0; i < count; i++) {
        int fd = open(procs[i], O_WRONLY | O_CLOEXEC);
        if (fd < 0) {
            return false;
        }
        entrance->fds[entrance->count++] = fd;
    }
    size_t length = count == 1 ? strlen(procs[0]) : 0;
    if (length > sizeof PROCS_NAME && strcmp(procs[0] + length - (sizeof PROCS_NAME - 1), PROCS_NAME) == 0) {
        char folder[PATH_MAX];
        snprintf(folder, sizeof folder, "%.*s", (int)(length - (sizeof PROCS_NAME - 1)), procs[0]);
        entrance->group = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return true;
}

void entrance_close(struct entrance *entrance) {
    for (size_t i = 0; i < entrance->count; i++) {
        close(entrance->fds[i]);
    }
    if (entrance->group >= 0) {
        close(entrance->group);
    }
}

pid_t fork_into_cgroup(const struct entrance *entrance, bool *inside) {
    struct clone_arguments {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
    } arguments = {.flags = CLONE_INTO_CGROUP_FLAG, .exit_signal = SIGCHLD, .cgroup = (uint64_t)entrance->group};
    *inside = false;
    pid_t pid = entrance->group < 0 ? -1 : (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid >= 0) {
        *inside = true;
        return pid;
    }
    return fork(); /* cgroup v1, or a kernel before 5.7 */
}

bool entrance_enter(const struct entrance *entrance) {
    for (size_t i = 0; i < entrance->count; i++) {
        if (write_text(entrance->fds[i], "0") != 0) {
            return false;
        }
    }
    return true;
}

static void forbid_namespaces(void) {
    static const char *const kinds[] = {"user", "pid", "uts", "ipc", "net", "mnt", "cgroup", "time"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/sys/user/max_%s_namespaces", kinds[i]);
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd >= 0) {
            write_text(fd, "0");
            close(fd);
        }
    }
}

/* Counts that the kernel charges to the creator of a user namespace (inotify instances, for one) must not be host root's, so the
 * creator's effective uid is the first of the sandbox's own range. */
static void userns_helper(uint64_t base, int ready, int control) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_DUMPABLE, 1); /* /proc/<pid>/ns stays readable to root without CAP_SYS_PTRACE games */
    if (syscall(SYS_setresgid, -1, (gid_t)base, -1) != 0 || syscall(SYS_setresuid, -1, (uid_t)base, -1) != 0 ||
        unshare(CLONE_NEWUSER) != 0) {
        int error = errno;
        (void)!write(ready, &error, sizeof error);
        _exit(1);
    }
    int error = 0;
    (void)!write(ready, &error, sizeof error);
    char go;
    if (read(control, &go, 1) != 1) { /* maps are written */
        _exit(1);
    }
    if (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0) {
        _exit(1);
    }
    if (read(control, &go, 1) == 1) {
        forbid_namespaces();
        (void)!write(ready, &go, 1);
    }
    _exit(0);
}

static bool write_map(struct shim *shim, pid_t pid, const char *name) {
    char path[64], map[96];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    snprintf(map, sizeof map, "0 %llu %llu\n", (unsigned long long)shim->plan->uid_base,
             (unsigned long long)shim->plan->uid_count);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write_text(fd, map) == 0;
    if (!good) {
        fail(shim, "cannot write %s of the sandbox's user namespace", name);
    }
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

static bool userns_create(struct shim *shim, struct userns *ns, int *ready_out) {
    int ready[2], control[2];
    if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(control, O_CLOEXEC) != 0) {
        return fail(shim, "pipe");
    }
    ns->pid = fork();
    if (ns->pid < 0) {
        return fail(shim, "fork");
    }
    if (ns->pid == 0) {
        close(control[1]);
        userns_helper(shim->plan->uid_base, ready[1], control[0]);
    }
    close(ready[1]);
    close(control[0]);
    ns->control = control[1];
    *ready_out = ready[0];
    int error = EPIPE;
    if (read(ready[0], &error, sizeof error) != sizeof error || error != 0) {
        errno = error;
        return fail(shim, "cannot create a user namespace (is user.max_user_namespaces above 0?)");
    }
    if (!write_map(shim, ns->pid, "uid_map") || !write_map(shim, ns->pid, "gid_map")) {
        return false;
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/user", ns->pid);
    ns->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (ns->fd < 0 || write(ns->control, "", 1) != 1) {
        return fail(shim, "cannot open %s", path);
    }
    return true;
}

static bool clone_tree(struct shim *shim, const struct step *step, int userns) {
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, step->source, OPEN_TREE_CLONE | O_CLOEXEC);
    if (tree < 0) {
        return fail(shim, "cannot clone the mount at %s", step->source);
    }
    struct mount_attributes attributes = {.set = MOUNT_ATTR_RDONLY | step->flags};
    if (userns >= 0) {
        attributes.set |= MOUNT_ATTR_IDMAP;
        attributes.userns_fd = (uint64_t)userns;
    }
    int rc = (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE_TREE, &attributes, sizeof attributes);
    if (rc != 0 && userns >= 0 && step->kind == STEP_IDMAP_OR_BIND && (errno == EINVAL || errno == EPERM)) {
        attributes.set &= ~(uint64_t)MOUNT_ATTR_IDMAP; /* the file system has no idmapped mounts: files show as nobody's */
        attributes.userns_fd = 0;
        rc = (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE_TREE, &attributes, sizeof attributes);
    }
    if (rc != 0) {
        return fail(shim, "cannot set attributes of the mount of %s", step->source);
    }
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, step->target, MOVE_MOUNT_F_EMPTY_PATH) != 0) {
        return fail(shim, "cannot mount %s at %s", step->source, step->target);
    }
    close(tree);
    return true;
}

static bool run_step(struct shim *shim, const struct step *step, int userns) {
    switch (step->kind) {
        case STEP_MOUNT:
            if (mount(step->source, step->target, step->type, step->flags, step->options) != 0) {
                return fail(shim, "cannot mount %s (%s) at %s", step->type, step->options ? step->options : "", step->target);
            }
            return true;
        case STEP_MKDIR:
            if (mkdir(step->target, (mode_t)step->mode) != 0 && errno != EEXIST) {
                return fail(shim, "mkdir %s", step->target);
            }
            if (chmod(step->target, (mode_t)step->mode) != 0 || lchown(step->target, (uid_t)step->uid, (gid_t)step->uid) != 0) {
                return fail(shim, "cannot set owner and mode of %s", step->target);
            }
            return true;
        case STEP_IDMAP:
        case STEP_IDMAP_OR_BIND: return clone_tree(shim, step, userns);
        case STEP_BIND: return clone_tree(shim, step, -1);
        case STEP_UNMOUNT: umount2(step->target, MNT_DETACH); return true;
        case STEP_READ_ONLY: {
            struct mount_attributes attributes = {.set = MOUNT_ATTR_RDONLY};
            if (syscall(SYS_mount_setattr, AT_FDCWD, step->target, AT_RECURSIVE_TREE, &attributes, sizeof attributes) != 0 &&
                errno != ENOENT && errno != EINVAL) {
                return fail(shim, "cannot make %s read-only", step->target);
            }
            return true;
        }
        case STEP_TOUCH: {
            int fd = open(step->target, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
            if (fd < 0) {
                return fail(shim, "cannot create %s", step->target);
            }
            close(fd);
            return true;
        }
        default: errno = 0; return fail(shim, "unknown step %llu", (unsigned long long)step->kind);
    }
}

static bool build_mounts(struct shim *shim, int userns) {
    /* Slave: what the host unmounts disappears here too, so a sandbox never keeps a host's file system busy. */
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) {
        return fail(shim, "cannot make a private mount namespace");
    }
    for (size_t i = 0; i < shim->plan->steps_count; i++) {
        errno = 0;
        if (!run_step(shim, &shim->plan->steps[i], userns)) {
            return false;
        }
    }
    if (shim->plan->userns != NULL) {
        char source[64];
        snprintf(source, sizeof source, "/proc/self/fd/%d", userns);
        if (mount(source, shim->plan->userns, NULL, MS_BIND, NULL) != 0) {
            return fail(shim, "cannot keep the user namespace at %s", shim->plan->userns);
        }
    }
    return true;
}

static void exec_runtime(struct shim *shim, bool inside, int in, int out, int log) {
    struct plan *plan = shim->plan;
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
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(log, 2) < 0) {
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
    int fd = openat(shim->run_dir, RUNTIME_LOG, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return;
    }
    off_t size = lseek(fd, 0, SEEK_END);
    off_t start = size > (off_t)sizeof text - 1 ? size - ((off_t)sizeof text - 1) : 0;
    ssize_t got = pread(fd, text, sizeof text - 1, start);
    close(fd);
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
            return fail(shim, "the runtime did not start the sandbox within %llu ms",
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
        return fail(shim, "the runtime left no pid in %s", shim->plan->pid_file);
    }
    close(fd);
    shim->guest = (pid_t)strtol(text, NULL, 10);
    return shim->guest > 1 || fail(shim, "the runtime left a wrong pid in %s", shim->plan->pid_file);
}

static bool run_runtime(struct shim *shim) {
    int in[2], out[2];
    int log = openat(shim->run_dir, RUNTIME_LOG, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (log < 0 || pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) {
        return fail(shim, "cannot make the sandbox's pipes");
    }
    fcntl(in[1], F_SETPIPE_SZ, PIPE_BYTES); /* best effort: bulk transfers take fewer turns */
    fcntl(out[0], F_SETPIPE_SZ, PIPE_BYTES);
    bool inside;
    pid_t child = fork_into_cgroup(&shim->box, &inside);
    if (child < 0) {
        return fail(shim, "fork");
    }
    if (child == 0) {
        exec_runtime(shim, inside, in[0], out[1], log);
    }
    entrance_close(&shim->box);
    close(in[0]);
    close(out[1]);
    close(log);
    shim->to_guest = in[1];
    shim->from_guest = out[0];
    shim->guest = child;
    if (shim->plan->detached) {
        int status = 0;
        if (!wait_command(shim, child, &status)) {
            shim_quote_log(shim);
            return false;
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            errno = 0;
            fail(shim, "%s failed with status %d", shim->plan->args[0], WIFEXITED(status) ? WEXITSTATUS(status) : -1);
            shim_quote_log(shim);
            return false;
        }
        if (!read_pid(shim)) {
            return false;
        }
    }
    shim->guest_pidfd = (int)syscall(SYS_pidfd_open, shim->guest, 0);
    if (shim->guest_pidfd < 0) {
        return fail(shim, "process 1 of the sandbox is gone already");
    }
    fcntl(shim->to_guest, F_SETFL, O_NONBLOCK);
    fcntl(shim->from_guest, F_SETFL, O_NONBLOCK);
    return true;
}

bool shim_start(struct shim *shim, int listener) {
    struct plan *plan = shim->plan;
    struct userns ns = {.pid = -1, .fd = -1, .control = -1};
    int ready = -1;
    shim->listener = listener;
    limits_open(shim);
    /* Opened now: what the runtime shall not see may be unmounted by then. */
    if (!entrance_open(&shim->box, plan->box_procs, plan->box_procs_count)) {
        return fail(shim, "cannot open the cgroups of the box");
    }
    bool good = plan->uid_count == 0 || userns_create(shim, &ns, &ready);
    good = good && build_mounts(shim, ns.fd) && run_runtime(shim);
    if (good && plan->userns != NULL) {
        char done;
        good = write(ns.control, "", 1) == 1 && read(ready, &done, 1) == 1;
        if (!good) {
            fail(shim, "cannot forbid further namespaces in the sandbox");
        }
        umount2(plan->userns, MNT_DETACH);
    }
    if (ns.pid > 0) {
        close(ns.control);
        if (ns.fd >= 0) {
            close(ns.fd);
        }
        if (!good) {
            kill(ns.pid, SIGKILL);
        }
        waitpid(ns.pid, NULL, 0);
        close(ready);
    }
    return good;
}
