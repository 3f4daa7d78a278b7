// The operations on processes but EXEC: ATTACH, SIGNAL, LIST, RESIZE, FORGET.
#define _GNU_SOURCE
#include "guest_process.h"

#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

void process_put_result(const struct process *process, struct field_writer *out);

struct process *request_process(const struct request *request) {
    uint64_t number = 0;
    if (!request_int(request, F_PROCESS, &number, UINT64_MAX)) {
        return NULL;
    }
    struct process *process = process_find(number);
    if (process == NULL) {
        channel_error(request->channel, E_NOT_FOUND, 0, "no process %llu", (unsigned long long) number);
    }
    return process;
}

// Reads the OFFSETs into `offset`; those that are absent stay. False after an answer.
static bool attach_offsets(const struct request *request, const struct process *process, uint64_t offset[2],
    bool given[2]) {
    struct field_reader reader;
    struct field field;
    int count = 0;
    field_reader_init(&reader, request->fields, request->length);
    while (field_next(&reader, &field)) {
        if (field.tag != F_OFFSET) {
            continue;
        }
        if (count == 2 || !field_int(&field, &offset[count]) || offset[count] > process->output[count].ring.head) {
            channel_error(request->channel, E_INVALID, 0, "invalid OFFSET");
            return false;
        }
        given[count++] = true;
    }
    return true;
}

// Where delivery starts. Asking for an offset acknowledges what is before it: else those bytes would keep the ring
// full while the host waits for more before it returns credit.
static uint64_t start_delivery(struct output *output, uint64_t offset, bool given) {
    uint64_t lost = given ? 0 : output->dropped;
    output->dropped = 0;
    if (given && offset < output->ring.tail) {
        lost = output->ring.tail - offset;
    } else if (given && offset > output->ring.tail) {
        ring_release(&output->ring, offset - output->ring.tail);
    }
    return lost;
}

void op_attach(const struct request *request) {
    struct process *process = request_process(request);
    uint64_t offset[2], lost[2];
    bool given[2] = {false, false};
    if (process == NULL || !attach_offsets(request, process, offset, given)) {
        return;
    }
    if (process->viewer != NULL) {
        channel_cancelled(process->viewer);
        process->viewer = NULL;
    }
    for (int i = 0; i < 2; i++) {
        lost[i] = start_delivery(&process->output[i], offset[i], given[i]);
    }
    process_show(process, request->channel);
    struct field_writer *out = reply_begin(request->channel, FRAME_RESPONSE);
    field_put_int(out, F_PROCESS, process->number);
    field_put_int(out, F_PID, (uint64_t) process->pid);
    field_put_text(out, F_TAG, process->tag);
    for (int i = 0; i < 2; i++) {
        field_put_int(out, F_OFFSET, process->output[i].sent);
    }
    for (int i = 0; i < 2; i++) {
        field_put_int(out, F_LOST, lost[i]);
    }
    field_put_int(out, F_STDIN_OFFSET, process->input_accepted);
    reply_send();
    job_start(&process->pull);
    process_advance(process);
}

void op_signal(const struct request *request) {
    uint64_t signal = 0, scope = 0;
    struct process *process = request_process(request);
    if (process == NULL || !request_int(request, F_SIGNAL, &signal, SIGRTMAX)
        || !request_int(request, F_SCOPE, &scope, 2)) {
        return;
    }
    if (process->exited) {
        // Its pid may belong to another process by now.
        channel_error(request->channel, E_CONFLICT, 0, "the process has ended");
        return;
    }
    int error = process_signal(process, (int) signal, (int) scope);
    if (error != 0 && error != ESRCH) {
        channel_errno(request->channel, error, "kill");
        return;
    }
    channel_end(request->channel);
}

static bool put_entry(const struct process *process, struct field_writer *out) {
    uint8_t *entry = field_begin(out, F_ENTRY);
    field_put_int(out, F_PROCESS, process->number);
    field_put_int(out, F_PID, (uint64_t) process->pid);
    field_put_text(out, F_TAG, process->tag);
    field_put_text(out, F_ARG, process->name);
    field_put_int(out, F_RUNNING, !process->exited);
    field_put_int(out, F_PTY, process->pty);
    if (process->exited) {
        process_put_result(process, out);
    }
    return field_end(out, entry);
}

void op_list(const struct request *request) {
    struct field_writer *out = reply_begin(request->channel, FRAME_END);
    // Room for TRUNCATED is kept back.
    out->end -= 12;
    bool whole = true;
    for (struct process *at = process_list.previous; at != &process_list && whole; at = at->previous) {
        whole = at->starting || put_entry(at, out);
    }
    out->end += 12;
    if (!whole) {
        field_put_int(out, F_TRUNCATED, 1);
    }
    reply_send();
}

void op_resize(const struct request *request) {
    uint64_t rows = 24, columns = 80;
    struct process *process = request_process(request);
    if (process == NULL || !request_int(request, F_ROWS, &rows, 65535)
        || !request_int(request, F_COLS, &columns, 65535)) {
        return;
    }
    if (!process->pty || !process->output[0].open) {
        channel_error(request->channel, E_CONFLICT, 0, "the process has no terminal");
        return;
    }
    const struct winsize size = {.ws_row = (unsigned short) rows, .ws_col = (unsigned short) columns};
    if (ioctl(process->output[0].source.fd, TIOCSWINSZ, &size) < 0) {
        channel_errno(request->channel, errno, "resize");
        return;
    }
    channel_end(request->channel);
}

void op_forget(const struct request *request) {
    struct process *process = request_process(request);
    if (process == NULL) {
        return;
    }
    if (!process->exited) {
        channel_error(request->channel, E_CONFLICT, 0, "the process is running");
        return;
    }
    if (process->viewer != NULL) {
        process->forget = true; // when its END is out
    } else {
        process_discard(process);
    }
    channel_end(request->channel);
}
