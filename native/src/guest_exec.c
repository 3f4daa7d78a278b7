// EXEC: reads the request, makes the pipes or the terminal, forks, and answers when execve has succeeded or failed.
#define _GNU_SOURCE
#include "guest_exec.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RUNNING_MAX = 1024 };

// ---- the request ----

static bool invalid(const struct request *request, uint8_t tag) {
    channel_error(request->channel, E_INVALID, 0, "invalid %s", tag_name(tag));
    return false;
}

static bool plan_limit(struct exec_plan *plan, const struct field *field) {
    if (field->length != 24 || plan->limit_count == RLIMITS_MAX || load_u64(field->value) >= RLIM_NLIMITS) {
        return false;
    }
    struct limit *limit = &plan->limits[plan->limit_count++];
    limit->resource = (int) load_u64(field->value);
    limit->value.rlim_cur = load_u64(field->value + 8);
    limit->value.rlim_max = load_u64(field->value + 16);
    return limit->value.rlim_cur <= limit->value.rlim_max;
}

static bool plan_lists(const struct request *request, struct exec_plan *plan) {
    struct field_reader reader;
    struct field field;
    field_reader_init(&reader, request->fields, request->length);
    while (field_next(&reader, &field)) {
        bool valid = true;
        if (field.tag == F_ARG) {
            valid = field_is_text(&field, TEXT_MAX) && ++plan->arg_count <= ARGS_MAX
                && (plan->arg_count > 1 || field.length > 0);
        } else if (field.tag == F_ENV) {
            valid = field_is_text(&field, TEXT_MAX) && ++plan->env_count <= ARGS_MAX
                && field.length > 0 && memchr(field.value + 1, '=', field.length - 1) != NULL;
        } else if (field.tag == F_RLIMIT) {
            valid = plan_limit(plan, &field);
        }
        if (!valid) {
            return invalid(request, field.tag);
        }
    }
    return plan->arg_count > 0 || invalid(request, F_ARG);
}

static bool plan_request(const struct request *request, struct exec_plan *plan) {
    struct field field;
    plan->rows = 24;
    plan->columns = 80;
    plan->has_caps = request_field(request, F_CAPS, &field);
    plan->has_cwd = request_field(request, F_CWD, &field);
    plan->fields = request->fields;
    plan->length = request->length;
    if (plan->has_cwd && (!request_text(request, F_CWD, plan->cwd, sizeof plan->cwd))) {
        return false;
    }
    if (plan->has_cwd && plan->cwd[0] != '/') {
        return invalid(request, F_CWD);
    }
    return plan_lists(request, plan)
        && request_int(request, F_STDIN, &plan->use_stdin, 1)
        && request_int(request, F_PTY, &plan->pty, 1)
        && request_int(request, F_ROWS, &plan->rows, 65535)
        && request_int(request, F_COLS, &plan->columns, 65535)
        && request_int(request, F_NNP, &plan->nnp, 1)
        && request_int(request, F_CAPS, &plan->caps, UINT64_MAX)
        && request_int(request, F_OUTPUT, &plan->output, 1)
        && request_int(request, F_TREE, &plan->tree, 1)
        && request_int(request, F_TIMEOUT_MS, &plan->timeout_ms, UINT64_MAX >> 16)
        && request_user(request, &plan->user, plan->has_cwd ? NULL : plan->home);
}

// ---- descriptors ----

// Pairs that belong to guestd (`own`) and to the child; -1 = not there.
struct wires {
    int own[3];
    int child[3];
    int report[2];
    int status[2];
};

static void close_all(const int *fds, int count) {
    for (int i = 0; i < count; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

static void wires_close_child(const struct wires *wires) {
    for (int i = 0; i < 3; i++) {
        bool shared = wires->child[i] == null_fd() || (i > 0 && wires->child[i] == wires->child[0]);
        if (wires->child[i] >= 0 && !shared) {
            close(wires->child[i]);
        }
    }
    close_all(&wires->report[1], 1);
    close_all(&wires->status[1], 1);
}

static void wires_close_own(const struct wires *wires) {
    close_all(wires->own, 3);
    close_all(&wires->report[0], 1);
    close_all(&wires->status[0], 1);
}

static bool own_pipe(int *own, int *child, bool own_reads) {
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) < 0) {
        return false;
    }
    *own = pair[own_reads ? 0 : 1];
    *child = pair[own_reads ? 1 : 0];
    return fcntl(*own, F_SETFL, O_NONBLOCK) == 0;
}

static int open_terminal_end(int master) {
    int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    unsigned number;
    char path[32];
    if (slave >= 0 || ioctl(master, TIOCGPTN, &number) < 0) {
        return slave;
    }
    snprintf(path, sizeof path, "/dev/pts/%u", number);
    return open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static bool open_terminal(const struct exec_plan *plan, struct wires *wires) {
    const struct winsize size = {.ws_row = (unsigned short) plan->rows, .ws_col = (unsigned short) plan->columns};
    int unlock = 0;
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (master < 0) {
        return false;
    }
    wires->own[1] = master;
    if (ioctl(master, TIOCSPTLCK, &unlock) < 0) {
        return false;
    }
    int slave = open_terminal_end(master);
    if (slave < 0) {
        return false;
    }
    wires->child[0] = wires->child[1] = wires->child[2] = slave;
    ioctl(master, TIOCSWINSZ, &size);
    // The user must be able to open its own terminal by name.
    (void) !fchown(slave, plan->user.uid, (gid_t) -1);
    fchmod(slave, 0620);
    return true;
}

static bool open_pipes(const struct exec_plan *plan, struct wires *wires) {
    if (!plan->use_stdin) {
        wires->child[0] = null_fd();
        if (wires->child[0] < 0) {
            return false;
        }
    } else if (!own_pipe(&wires->own[0], &wires->child[0], false)) {
        return false;
    }
    for (int i = 1; i < 3; i++) {
        if (!own_pipe(&wires->own[i], &wires->child[i], true)) {
            return false;
        }
    }
    if (plan->user.uid != 0) {
        // Else /dev/stdout, which opens the pipe anew, would be refused to the user.
        for (int i = 0; i < 3; i++) {
            if (i > 0 || plan->use_stdin) {
                (void) !fchown(wires->child[i], plan->user.uid, plan->user.gid);
            }
        }
    }
    return true;
}

static bool open_wires(const struct exec_plan *plan, struct wires *wires) {
    if (!(plan->pty ? open_terminal(plan, wires) : open_pipes(plan, wires))) {
        return false;
    }
    return own_pipe(&wires->report[0], &wires->report[1], true)
        && (!plan->tree || own_pipe(&wires->status[0], &wires->status[1], true));
}

// ---- start ----

// Runs in the monitor, a child of guestd: forks the program and looks after its descendants.
static void run_monitor(const struct exec_plan *plan, const struct wires *wires) {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid_t child = fork();
    if (child == 0) {
        exec_child(plan);
    }
    if (child < 0) {
        const struct exec_report report = {STAGE_SETUP, errno, 0};
        (void) !write(plan->report_fd, &report, sizeof report);
        _exit(127);
    }
    tree_monitor(child, wires->status[1]);
}

static void on_report(struct source *source, uint32_t events) {
    (void) events;
    exec_check_report(container_of(source, struct process, report));
}

static void on_timeout(struct timer *timer) {
    struct process *process = container_of(timer, struct process, timeout);
    if (!process->exited) {
        process->timed_out = true;
        process_signal(process, SIGKILL, process->monitor > 0 ? 2 : 1);
    }
}

static bool watch_wires(struct process *process, const struct wires *wires) {
    process->report.on_ready = on_report;
    process->status.on_ready = tree_message_ready;
    process->input.on_ready = process_input_ready;
    bool watched = source_add(&process->report, wires->report[0], EPOLLIN)
        && (wires->status[0] < 0 || source_add(&process->status, wires->status[0], EPOLLIN))
        && (wires->own[0] < 0 || source_add(&process->input, wires->own[0], EPOLLOUT));
    for (int i = 0; i < 2 && watched; i++) {
        struct output *output = &process->output[i];
        output->source.on_ready = process_output_ready;
        output->process = process;
        if (wires->own[i + 1] >= 0) {
            watched = source_add(&output->source, wires->own[i + 1], EPOLLIN | (process->pty ? EPOLLOUT : 0u));
            output->open = watched;
        }
    }
    return watched;
}

static struct process *new_process(const struct request *request, const struct exec_plan *plan) {
    struct process *process = calloc(1, sizeof *process);
    if (process == NULL) {
        channel_error(request->channel, E_NO_SPACE, 0, "no memory for a process");
        return NULL;
    }
    struct field_reader reader;
    struct field field;
    process->report.fd = process->status.fd = process->input.fd = -1;
    process->output[0].source.fd = process->output[1].source.fd = -1;
    process->output[0].process = process->output[1].process = process;
    process->starting = true;
    process->pty = plan->pty;
    process->drop_oldest = plan->output == 1;
    process->timeout.on_time = on_timeout;
    field_reader_init(&reader, request->fields, request->length);
    while (field_next(&reader, &field)) {
        if (field.tag == F_ARG) {
            size_t length = field.length < sizeof process->name - 1 ? field.length : sizeof process->name - 1;
            memcpy(process->name, field.value, length);
            break;
        }
    }
    for (unsigned i = 0; i < plan->limit_count; i++) {
        if (plan->limits[i].resource == RLIMIT_CPU && plan->limits[i].value.rlim_max != RLIM_INFINITY) {
            process->cpu_limit = plan->limits[i].value.rlim_max > 0 ? plan->limits[i].value.rlim_max : 1;
        }
    }
    return process;
}

static bool exec_start(const struct request *request, struct exec_plan *plan, struct process *process) {
    struct wires wires = {{-1, -1, -1}, {-1, -1, -1}, {-1, -1}, {-1, -1}};
    bool opened = open_wires(plan, &wires);
    process->started_us = clock_us();
    pid_t child = -1;
    if (opened) {
        memcpy(plan->child_fd, wires.child, sizeof plan->child_fd);
        plan->report_fd = wires.report[1];
        child = fork();
    }
    if (child == 0) {
        if (plan->tree) {
            run_monitor(plan, &wires);
        }
        exec_child(plan);
    }
    int error = errno;
    wires_close_child(&wires);
    if (child < 0) {
        wires_close_own(&wires);
        channel_errno(request->channel, error, opened ? "fork" : plan->pty ? "open a terminal" : "open pipes");
        return false;
    }
    process->pid = child;
    process->monitor = plan->tree ? child : 0;
    process_added(process);
    if (!watch_wires(process, &wires)) {
        // Out of memory in the kernel. The child fails by itself or runs unseen until its pipes break.
        kill(child, SIGKILL);
    }
    return true;
}

void op_exec(const struct request *request) {
    struct exec_plan plan;
    memset(&plan, 0, offsetof(struct exec_plan, limits));
    plan.cwd[0] = plan.home[0] = 0;
    if (!plan_request(request, &plan)) {
        return;
    }
    if (shutting_down()) {
        channel_error(request->channel, E_CONFLICT, 0, "the sandbox is shutting down");
        return;
    }
    if (processes_running() >= RUNNING_MAX) {
        channel_error(request->channel, E_LIMIT, 0, "%d processes are running", RUNNING_MAX);
        return;
    }
    struct process *process = new_process(request, &plan);
    if (process == NULL) {
        return;
    }
    if (!request_text(request, F_TAG, process->tag, sizeof process->tag)
        || !exec_start(request, &plan, process)) {
        free(process);
        return;
    }
    process_show(process, request->channel);
    if (plan.timeout_ms > 0) {
        timer_set(&process->timeout, now_ms() + plan.timeout_ms);
    }
}

// ---- the answer ----

static void answer_failure(struct process *process, const struct exec_report *report) {
    struct channel *channel = process->viewer;
    if (channel == NULL) {
        return;
    }
    int code = error_code_of(report->error);
    switch (report->stage) {
    case STAGE_RLIMIT:
        channel_error(channel, code, report->error, "rlimit %d: %s", report->detail, strerror(report->error));
        break;
    case STAGE_CAPS:
        channel_error(channel, code, report->error, "capabilities: %s", strerror(report->error));
        break;
    case STAGE_USER:
        channel_error(channel, code, report->error, "change of user: %s", strerror(report->error));
        break;
    case STAGE_CWD:
        channel_error(channel, code, report->error, "working folder: %s", strerror(report->error));
        break;
    case STAGE_EXEC:
        channel_error(channel, code, report->error, "%s: %s", process->name, strerror(report->error));
        break;
    default:
        channel_error(channel, code, report->error, "start of %s: %s", process->name, strerror(report->error));
    }
}

bool exec_check_report(struct process *process) {
    struct exec_report report;
    if (!process->starting) {
        return true;
    }
    ssize_t count = read(process->report.fd, &report, sizeof report);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
        return true;
    }
    source_close(&process->report);
    if (count == (ssize_t) sizeof report) {
        answer_failure(process, &report);
        process->viewer = NULL;
        process_discard(process);
        return false;
    }
    // The monitor writes the pid before it lets go of the report pipe. The news of the end may be there as well, and
    // is for later: who reads it here would come back here.
    if (process->monitor > 0) {
        tree_read_pid(process);
    }
    process_started(process);
    return true;
}
