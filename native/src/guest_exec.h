// From an EXEC request to execve.
#ifndef SKERRY_GUEST_EXEC_H
#define SKERRY_GUEST_EXEC_H

#include "guest_process.h"

enum { ARGS_MAX = 4096, RLIMITS_MAX = 64 };

struct limit {
    int resource;
    struct rlimit value;
};

// The value of an RLIMIT field; false when it is none.
bool limit_read(const struct field *field, struct limit *limit);
// What the table must know of them.
void process_limits(struct process *process, const struct limit *limits, unsigned count);

struct exec_plan {
    const uint8_t *fields; // the request; the child cuts its texts out of its own copy
    size_t length;
    unsigned arg_count, env_count;
    bool has_cwd;
    char cwd[PATH_BYTES];
    char home[HOME_BYTES];
    struct credentials user;
    uint64_t use_stdin, pty, rows, columns, nnp, tree, output, timeout_ms;
    bool has_caps;
    uint64_t caps;
    unsigned limit_count;
    struct limit limits[RLIMITS_MAX];
    // Descriptors of the child: 0, 1 and 2 to be, and where it reports a failure.
    int child_fd[3];
    int report_fd;
};

enum exec_stage {
    STAGE_SETUP = 1, STAGE_RLIMIT, STAGE_CAPS, STAGE_USER, STAGE_CWD, STAGE_EXEC,
};

struct exec_report {
    int stage;
    int error;
    int detail; // STAGE_RLIMIT: the resource
};

// Runs in the child, with the rights of guestd still: never returns.
void exec_child(const struct exec_plan *plan) __attribute__((noreturn));
// Reads once what every child needs to know about guestd itself, and clears what no child may inherit.
void exec_child_init(void);
int null_fd(void);

#endif
