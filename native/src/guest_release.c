// RELEASE: a process that was started before there was use for it, and then stopped, gets its limits and goes on.
#define _GNU_SOURCE
#include "guest_exec.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// Not as guestd: changing the limits of another user's process would take CAP_SYS_RESOURCE, which sandboxes lack.
static int limit_as_owner(pid_t pid, const struct limit *limits, unsigned count) {
    char path[32];
    struct stat owner;
    snprintf(path, sizeof path, "/proc/%d", (int) pid);
    if (stat(path, &owner) < 0) {
        return errno;
    }
    pid_t child = fork();
    if (child < 0) {
        return errno;
    }
    if (child == 0) {
        bool taken = setresgid(owner.st_gid, owner.st_gid, owner.st_gid) == 0
            && setresuid(owner.st_uid, owner.st_uid, owner.st_uid) == 0;
        for (unsigned i = 0; i < count && taken; i++) {
            taken = prlimit(pid, (__rlimit_resource_t) limits[i].resource, &limits[i].value, NULL) == 0;
        }
        _exit(taken ? 0 : errno);
    }
    int status;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : EAGAIN;
}

static bool read_limits(const struct request *request, struct limit limits[RLIMITS_MAX], unsigned *count) {
    struct field_reader reader;
    struct field field;
    field_reader_init(&reader, request->fields, request->length);
    while (field_next(&reader, &field)) {
        if (field.tag == F_RLIMIT && (*count == RLIMITS_MAX || !limit_read(&field, &limits[(*count)++]))) {
            channel_error(request->channel, E_INVALID, 0, "invalid %s", tag_name(F_RLIMIT));
            return false;
        }
    }
    return true;
}

void op_release(const struct request *request) {
    struct limit limits[RLIMITS_MAX];
    unsigned count = 0;
    uint64_t timeout = 0;
    struct process *process = request_process(request);
    if (process == NULL || !request_int(request, F_TIMEOUT_MS, &timeout, UINT64_MAX >> 16)
        || !read_limits(request, limits, &count)) {
        return;
    }
    if (process->exited) {
        channel_error(request->channel, E_CONFLICT, 0, "the process has ended");
        return;
    }
    int error = count > 0 ? limit_as_owner(process->pid, limits, count) : 0;
    if (error == 0 && kill(process->pid, SIGCONT) < 0) {
        error = errno;
    }
    if (error != 0) {
        channel_errno(request->channel, error, "release");
        return;
    }
    process_limits(process, limits, count);
    process->started_us = clock_us();
    if (timeout > 0) {
        timer_set(&process->timeout, now_ms() + timeout);
    }
    channel_end(request->channel);
}
