/* The sandbox's user namespace, and the process that keeps it until the runtime has joined it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim_start.h"

bool userns_close_to_more(int folder) {
    static const char *const kinds[] = {"user", "pid", "uts", "ipc", "net", "mnt", "cgroup", "time"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char name[64];
        snprintf(name, sizeof name, "max_%s_namespaces", kinds[i]);
        int fd = openat(folder, name, O_WRONLY | O_CLOEXEC);
        if (fd < 0) {
            if (errno == ENOENT) { /* a kernel that has no such namespaces */
                continue;
            }
            return false;
        }
        bool good = write_text(fd, "0") == 0;
        close(fd);
        if (!good) {
            return false;
        }
    }
    return true;
}

/* Counts that the kernel charges to the creator of a user namespace (inotify instances, for one) must not be host
 * root's, so the creator's effective uid is the first of the sandbox's own range. */
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
    int limits = open(LIMITS_OF_USERNS, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (read(control, &go, 1) == 1 && userns_close_to_more(limits)) {
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
        shim_fail(shim, "cannot write %s of the sandbox's user namespace", name);
    }
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

int userns_map(struct shim *shim, pid_t pid) {
    if (!write_map(shim, pid, "uid_map") || !write_map(shim, pid, "gid_map")) {
        return -1;
    }
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/user", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        shim_fail(shim, "cannot open %s", path);
    }
    return fd;
}

bool userns_create(struct shim *shim, struct userns *ns) {
    int ready[2], control[2];
    if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(control, O_CLOEXEC) != 0) {
        return shim_fail(shim, "pipe");
    }
    ns->pid = fork();
    if (ns->pid < 0) {
        return shim_fail(shim, "fork");
    }
    if (ns->pid == 0) {
        close(control[1]);
        userns_helper(shim->plan->uid_base, ready[1], control[0]);
    }
    close(ready[1]);
    close(control[0]);
    ns->control = control[1];
    ns->ready = ready[0];
    int error = EPIPE;
    if (read(ready[0], &error, sizeof error) != sizeof error || error != 0) {
        errno = error;
        return shim_fail(shim, "cannot create a user namespace (is user.max_user_namespaces above 0?)");
    }
    ns->fd = userns_map(shim, ns->pid);
    return ns->fd >= 0 && (write(ns->control, "", 1) == 1 || shim_fail(shim, "the user namespace's process is gone"));
}

bool userns_forbid_more(struct shim *shim, struct userns *ns) {
    char done;
    bool good = write(ns->control, "", 1) == 1 && read(ns->ready, &done, 1) == 1;
    if (!good) {
        shim_fail(shim, "cannot forbid further namespaces in the sandbox");
    }
    umount2(shim->plan->userns, MNT_DETACH);
    return good;
}

void userns_close(struct userns *ns, bool good) {
    if (ns->pid <= 0) {
        return;
    }
    close(ns->control);
    if (ns->fd >= 0) {
        close(ns->fd);
    }
    if (!good) {
        kill(ns->pid, SIGKILL);
    }
    waitpid(ns->pid, NULL, 0);
    close(ns->ready);
}
