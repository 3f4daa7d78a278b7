/* How a process gets into the cgroups of a sandbox. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim.h"

#define CLONE_INTO_CGROUP_FLAG 0x200000000ull
#define PROCS_NAME "/cgroup.procs"

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

pid_t clone_into_cgroup(const struct entrance *entrance, uint64_t namespaces) {
    struct clone_arguments {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size;
        uint64_t cgroup;
    } arguments = {.flags = CLONE_INTO_CGROUP_FLAG | namespaces,
                   .exit_signal = SIGCHLD,
                   .cgroup = (uint64_t)entrance->group};
    if (entrance->group < 0) {
        errno = ENOSYS;
        return -1;
    }
    return (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
}

pid_t fork_into_cgroup(const struct entrance *entrance, bool *inside) {
    *inside = false;
    pid_t pid = clone_into_cgroup(entrance, 0);
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
