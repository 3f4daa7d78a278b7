// The table of processes; their output rings, their stdin, and the channel that shows them.
#define _GNU_SOURCE
#include "guest_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum {
    QUIET_MS = 100,       // after the exit, a pipe that a descendant holds is given up when nothing came for so long
    ENDED_MAX = 256,      // ended processes kept for a later attach
    STDIN_MAX = 1 << 20,  // what earlier channels left and what this one may send
    PULL_READS = 8,       // per turn
    PIPE_FULL = 65536,
    PIPE_WIDE = 262144,
};

struct process process_list = {.next = &process_list, .previous = &process_list};
static unsigned running_count, ended_count;
static uint64_t last_number;

static int input_fd(const struct process *process) {
    return process->pty ? process->output[0].source.fd : process->input.fd;
}

struct process *process_find(uint64_t number) {
    for (struct process *at = process_list.previous; at != &process_list; at = at->previous) {
        if (at->number == number && !at->starting) {
            return at;
        }
    }
    return NULL;
}

unsigned processes_running(void) {
    return running_count;
}

static void output_close(struct output *output) {
    source_close(&output->source);
    output->open = false;
    output->readable = false;
}

static void process_remove(struct process *process) {
    source_close(&process->report);
    source_close(&process->status);
    source_close(&process->input);
    ring_release(&process->input_ring, ring_used(&process->input_ring));
    for (int i = 0; i < 2; i++) {
        output_close(&process->output[i]);
        ring_release(&process->output[i].ring, ring_used(&process->output[i].ring));
    }
    timer_stop(&process->timeout);
    timer_stop(&process->quiet);
    job_stop(&process->pull);
    process->next->previous = process->previous;
    process->previous->next = process->next;
    if (process->listed_end) {
        ended_count--;
    } else {
        running_count--;
    }
    process->number = 0;
    free_later(process);
}

void process_discard(struct process *process) {
    process_remove(process);
}

static void evict_oldest_ended(void) {
    struct process *oldest = NULL;
    for (struct process *at = process_list.next; at != &process_list; at = at->next) {
        // wall_us + started_us is the time of the end: the list itself is in order of start.
        if (at->listed_end && at->viewer == NULL
            && (oldest == NULL || at->started_us + at->wall_us < oldest->started_us + oldest->wall_us)) {
            oldest = at;
        }
    }
    if (oldest != NULL) {
        process_remove(oldest);
    }
}

// ---- output ----

static void output_pull(struct output *output) {
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
            output_close(output);
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
    output_pull(&process->output[0]);
    output_pull(&process->output[1]);
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
        output_pull(output);
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
            output_close(&process->output[i]);
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

static void input_discard(struct process *process) {
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
        input_discard(process);
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
        output_pull(output);
    }
    channel_ready(channel);
    process_advance(process);
    return true;
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
    channel_accept(channel, &viewer_ops, process, WINDOW_PROCESS, 0);
    for (int i = 0; i < 2; i++) {
        process->output[i].sent = process->output[i].ring.tail;
        process->output[i].eof_sent = false;
    }
}

// ---- life ----

void process_added(struct process *process) {
    process->number = ++last_number;
    process->next = &process_list;
    process->previous = process_list.previous;
    process_list.previous->next = process;
    process_list.previous = process;
    process->pull.slice = on_pull;
    process->quiet.on_time = on_quiet;
    running_count++;
}

void process_started(struct process *process) {
    process->starting = false;
    if (process->viewer != NULL) {
        struct field_writer *out = reply_begin(process->viewer, FRAME_RESPONSE);
        field_put_int(out, F_PROCESS, process->number);
        field_put_int(out, F_PID, (uint64_t) process->pid);
        reply_send();
        channel_ready(process->viewer);
    }
    process_advance(process);
}

void process_exited(struct process *process, int status, const struct rusage *usage) {
    process->exited = true;
    process->status_word = status;
    process->usage = *usage;
    process->wall_us = clock_us() - process->started_us;
    timer_stop(&process->timeout);
    source_close(&process->input);
    input_discard(process);
    running_count--;
    ended_count++;
    process->listed_end = true;
    timer_set(&process->quiet, now_ms() + QUIET_MS);
    for (int i = 0; i < 2; i++) {
        // What it wrote last may be in the pipe while its edge still waits in epoll.
        process->output[i].readable = process->output[i].open;
        output_pull(&process->output[i]);
    }
    process_advance(process);
    if (ended_count > ENDED_MAX) {
        evict_oldest_ended();
    }
}

static uint64_t microseconds(const struct timeval *time) {
    return (uint64_t) time->tv_sec * 1000000 + (uint64_t) time->tv_usec;
}

static int cause_of(const struct process *process) {
    if (process->timed_out) {
        return CAUSE_TIMED_OUT;
    }
    if (!WIFSIGNALED(process->status_word)) {
        return CAUSE_EXITED;
    }
    uint64_t cpu = microseconds(&process->usage.ru_utime) + microseconds(&process->usage.ru_stime);
    int signal = WTERMSIG(process->status_word);
    // The kernel checks the limit against ticks, which on a busy machine run ahead of the exact time reported here.
    bool used_up = process->cpu_limit > 0 && cpu >= process->cpu_limit * 750000;
    return signal == SIGXCPU || (signal == SIGKILL && used_up) ? CAUSE_CPU : CAUSE_SIGNALLED;
}

void process_put_result(const struct process *process, struct field_writer *out) {
    field_put_int(out, F_CAUSE, (uint64_t) cause_of(process));
    if (WIFSIGNALED(process->status_word)) {
        field_put_int(out, F_EXIT_SIGNAL, (uint64_t) WTERMSIG(process->status_word));
    } else {
        field_put_int(out, F_EXIT_CODE, (uint64_t) WEXITSTATUS(process->status_word));
    }
    field_put_int(out, F_USER_US, microseconds(&process->usage.ru_utime));
    field_put_int(out, F_SYSTEM_US, microseconds(&process->usage.ru_stime));
    field_put_int(out, F_WALL_US, process->wall_us);
    field_put_int(out, F_PEAK_RSS, (uint64_t) process->usage.ru_maxrss * 1024);
}

static void send_end(struct process *process) {
    struct channel *channel = process->viewer;
    struct field_writer *out = reply_begin(channel, FRAME_END);
    field_put_int(out, F_PROCESS, process->number);
    process_put_result(process, out);
    reply_send();
    process->viewer = NULL;
    process->end_sent = true;
}

// Says what can be said now: EOF of a stream that is closed and sent, END when all is.
void process_advance(struct process *process) {
    if (process->starting || process->number == 0) {
        return;
    }
    bool all_sent = true;
    for (int i = 0; i < 2; i++) {
        struct output *output = &process->output[i];
        if (output->sent < output->ring.head) {
            all_sent = false;
            if (process->viewer != NULL) {
                channel_ready(process->viewer);
            }
        } else if (output->open) {
            all_sent = false;
        } else if (process->viewer != NULL && !output->eof_sent && !(process->pty && i == 1)) {
            output->eof_sent = true;
            channel_eof(process->viewer, (uint8_t) (i + 1));
        }
    }
    if (process->exited && !process->output[0].open && !process->output[1].open) {
        timer_stop(&process->quiet);
        ring_shrink(&process->output[0].ring);
        ring_shrink(&process->output[1].ring);
        if (all_sent && process->viewer != NULL) {
            send_end(process);
            if (process->forget) {
                process_remove(process);
            }
        }
    }
}

int process_signal(struct process *process, int signal, int scope) {
    if (scope == 2) {
        // The monitor kills its tree until nothing is left; one pass from here could miss what is being forked.
        if (process->monitor > 0 && signal == SIGKILL) {
            return kill(process->monitor, SIGUSR1) == 0 ? 0 : errno;
        }
        pid_t root = process->monitor > 0 ? process->monitor : process->pid;
        int found = tree_signal(root, signal);
        if (process->monitor > 0 && found > 0) {
            return 0;
        }
    }
    pid_t target = scope == 1 ? -process->pid : process->pid;
    return kill(target, signal) == 0 ? 0 : errno;
}

void processes_kill_all(void) {
    if (getpid() == 1) {
        return;
    }
    for (struct process *at = process_list.next; at != &process_list; at = at->next) {
        if (!at->exited && at->pid > 1) {
            process_signal(at, SIGKILL, 2);
            kill(-at->pid, SIGKILL);
        }
    }
}
