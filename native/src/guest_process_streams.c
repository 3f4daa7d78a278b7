// The streams of a process: its output rings, its stdin, and the channel that shows them.
#define _GNU_SOURCE
#include "guest_process_streams.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

enum {
    STDIN_MAX = 1 << 20,  // what earlier channels left and what this one may send
    PULL_READS = 8,       // per turn
    PIPE_FULL = 65536,
    PIPE_WIDE = 262144,
};

void process_output_close(struct output *output) {
    source_close(&output->source);
    output->open = false;
    output->readable = false;
}

static int input_fd(const struct process *process) {
    return process->pty ? process->output[0].source.fd : process->input.fd;
}

// ---- output ----

void process_output_pull(struct output *output) {
    struct process *process = output->process;
    bool got = false;
    for (int reads = 0; reads < PULL_READS && output->readable; reads++) {
        struct iovec part[2];
        int parts = ring_space(&output->ring, WINDOW_PROCESS, part);
        if (parts == 0 && output->ring.base != NULL && process->drop_oldest && process->viewer == NULL) {
            output->dropped += WINDOW_PROCESS / 4;
            ring_release(&output->ring, WINDOW_PROCESS / 4);
            parts = ring_space(&output->ring, WINDOW_PROCESS, part);
        }
        if (parts == 0) {
            break;
        }
        ssize_t count = readv(output->source.fd, part, parts);
        if (count > 0) {
            got = true;
            output->ring.head += (size_t) count;
            size_t room = part[0].iov_len + (parts > 1 ? part[1].iov_len : 0);
            if (count >= PIPE_FULL && !output->widened) {
                // Bulk: fewer wake-ups. Not for every process, as the kernel counts pipe pages per user.
                output->widened = true;
                fcntl(output->source.fd, F_SETPIPE_SZ, PIPE_WIDE);
            }
            // A short read has emptied a pipe; a terminal hands out a line at a time. See read_input about hang-up.
            output->readable = (size_t) count == room || output->hung_up || process->pty;
        } else if (count < 0 && errno == EAGAIN) {
            output->readable = false;
        } else if (process->pty && !process->exited && errno != EINTR) {
            // A terminal that nobody has open just now says EIO. To close this end would send SIGHUP to a process that
            // is on its way to exit, or about to open the terminal again.
            output->readable = false;
        } else if (count == 0 || errno != EINTR) {
            process_output_close(output);
        }
    }
    if (ring_used(&output->ring) == 0) {
        ring_release(&output->ring, 0);
    }
    if (process->exited && (got || !output->readable)) {
        timer_set(&process->quiet, now_ms() + QUIET_MS);
    }
    if (output->readable && (ring_used(&output->ring) < output->ring.size
        || (process->drop_oldest && process->viewer == NULL))) {
        job_start(&process->pull);
    }
}

static void on_pull(struct job *job) {
    struct process *process = container_of(job, struct process, pull);
    job_stop(job);
    process_output_pull(&process->output[0]);
    process_output_pull(&process->output[1]);
    process_advance(process);
}

static void input_flush(struct process *process);

void process_output_ready(struct source *source, uint32_t events) {
    struct output *output = container_of(source, struct output, source);
    struct process *process = output->process;
    if (process->number == 0) {
        return;
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        output->readable = true;
        output->hung_up |= (events & (EPOLLHUP | EPOLLERR)) != 0;
        process_output_pull(output);
    }
    if (process->pty && (events & EPOLLOUT)) {
        process->input_writable = true;
        input_flush(process);
    }
    process_advance(process);
}

static void on_quiet(struct timer *timer) {
    struct process *process = container_of(timer, struct process, quiet);
    for (int i = 0; i < 2; i++) {
        if (process->output[i].open && !process->output[i].readable) {
            process_output_close(&process->output[i]);
        }
    }
    process_advance(process);
}

// ---- stdin ----

static void input_close(struct process *process) {
    if (process->pty) {
        struct termios mode;
        int fd = input_fd(process);
        if (fd >= 0 && tcgetattr(fd, &mode) == 0) {
            (void) !write(fd, &mode.c_cc[VEOF], 1);
        }
    } else {
        source_close(&process->input);
    }
}

void process_input_discard(struct process *process) {
    size_t used = ring_used(&process->input_ring);
    ring_release(&process->input_ring, used);
    if (process->viewer != NULL && used > 0) {
        channel_consumed(process->viewer, used);
    }
}

static ssize_t input_write(struct process *process, const struct iovec *part, int parts) {
    ssize_t count = writev(input_fd(process), part, parts);
    if (count >= 0) {
        return count;
    }
    if (errno == EAGAIN || errno == EINTR) {
        process->input_writable = errno == EINTR;
        return 0;
    }
    return -1;
}

static void input_flush(struct process *process) {
    while (process->input_writable && ring_used(&process->input_ring) > 0 && input_fd(process) >= 0) {
        struct iovec part[2];
        int parts = ring_view(&process->input_ring, process->input_ring.tail, SIZE_MAX, part);
        ssize_t count = input_write(process, part, parts);
        if (count < 0) {
            source_close(&process->input); // the process closed its end: what is left has no reader
            break;
        }
        ring_release(&process->input_ring, (uint64_t) count);
        if (process->viewer != NULL && count > 0) {
            channel_consumed(process->viewer, (size_t) count);
        }
    }
    if (input_fd(process) < 0) {
        process_input_discard(process);
    }
    if (process->stdin_eof && ring_used(&process->input_ring) == 0) {
        process->stdin_eof = false;
        input_close(process);
    }
}

void process_input_ready(struct source *source, uint32_t events) {
    struct process *process = container_of(source, struct process, input);
    (void) events;
    process->input_writable = true;
    input_flush(process);
}

static void on_viewer_data(struct channel *channel, const uint8_t *bytes, size_t length) {
    struct process *process = channel->owner;
    process->input_accepted += length;
    if (input_fd(process) < 0 || process->exited) {
        channel_consumed(channel, length);
        return;
    }
    size_t done = 0;
    if (ring_used(&process->input_ring) == 0 && process->input_writable) {
        const struct iovec part = {(void *) (uintptr_t) bytes, length};
        ssize_t count = input_write(process, &part, 1);
        if (count < 0) {
            source_close(&process->input);
            count = (ssize_t) length;
        }
        done = (size_t) count;
    }
    if (done > 0) {
        channel_consumed(channel, done);
    }
    if (!ring_append(&process->input_ring, bytes + done, length - done, STDIN_MAX)) {
        process->input_accepted -= length - done;
        process->viewer = NULL;
        channel_error(channel, E_LIMIT, 0, "more stdin than can be kept for a process that does not read");
        return;
    }
    input_flush(process);
}

static void on_viewer_eof(struct channel *channel) {
    struct process *process = channel->owner;
    process->stdin_eof = true;
    input_flush(process);
}

// ---- the channel that shows the process ----

static bool on_viewer_credit(struct channel *channel, unsigned stream, uint32_t bytes) {
    struct process *process = channel->owner;
    if (stream < 1 || stream > 2) {
        return false;
    }
    struct output *output = &process->output[stream - 1];
    if (bytes > output->sent - output->ring.tail) {
        return false;
    }
    ring_release(&output->ring, bytes);
    if (output->readable) {
        process_output_pull(output);
    }
    channel_ready(channel);
    process_advance(process);
    return true;
}

void process_acknowledge_late(uint32_t channel, unsigned stream, uint32_t bytes) {
    for (struct process *at = process_list.next; at != &process_list; at = at->next) {
        if (at->last_channel == channel && stream >= 1 && stream <= 2) {
            struct output *output = &at->output[stream - 1];
            if (bytes <= output->sent - output->ring.tail) {
                ring_release(&output->ring, bytes);
            }
            return;
        }
    }
}

void processes_forget_channels(void) {
    for (struct process *at = process_list.next; at != &process_list; at = at->next) {
        at->last_channel = 0;
    }
}

static bool on_viewer_produce(struct channel *channel, struct slot *slot) {
    struct process *process = channel->owner;
    if (process->starting) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        // stderr first: it is short and says what went wrong
        struct output *output = &process->output[1 - i];
        size_t unacknowledged = (size_t) (output->sent - output->ring.tail);
        size_t window = unacknowledged < WINDOW_PROCESS ? WINDOW_PROCESS - unacknowledged : 0;
        size_t max = window < slot->room ? window : slot->room;
        slot->parts = max == 0 ? 0 : ring_view(&output->ring, output->sent, max, slot->part);
        if (slot->parts > 0) {
            slot->length = slot->part[0].iov_len + (slot->parts > 1 ? slot->part[1].iov_len : 0);
            slot->stream = (uint8_t) (2 - i);
            output->sent += slot->length;
            return true;
        }
    }
    process_advance(process);
    return false;
}

static void on_viewer_drop(struct channel *channel) {
    struct process *process = channel->owner;
    process->viewer = NULL;
    for (int i = 0; i < 2; i++) {
        if (process->output[i].readable) {
            job_start(&process->pull); // may drop the oldest bytes from now on
        }
    }
}

static const struct channel_ops viewer_ops = {
    on_viewer_data, on_viewer_eof, on_viewer_credit, on_viewer_produce, on_viewer_drop,
};

void process_show(struct process *process, struct channel *channel) {
    process->viewer = channel;
    process->last_channel = 0;
    channel_accept(channel, &viewer_ops, process, WINDOW_PROCESS, 0);
    for (int i = 0; i < 2; i++) {
        process->output[i].sent = process->output[i].ring.tail;
        process->output[i].eof_sent = false;
    }
}

void process_streams_init(struct process *process) {
    process->pull.slice = on_pull;
    process->quiet.on_time = on_quiet;
}
