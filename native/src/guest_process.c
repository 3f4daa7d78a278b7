// The table of processes and their lives, from the start to the result.
#define _GNU_SOURCE
#include "guest_process_streams.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    ENDED_MAX = 256,      // ended processes kept for a later attach
};

struct process process_list = {.next = &process_list, .previous = &process_list};
static unsigned running_count, ended_count;
static uint64_t last_number;

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

static void process_remove(struct process *process) {
    source_close(&process->report);
    source_close(&process->status);
    source_close(&process->input);
    ring_release(&process->input_ring, ring_used(&process->input_ring));
    for (int i = 0; i < 2; i++) {
        process_output_close(&process->output[i]);
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

void process_added(struct process *process) {
    process->number = ++last_number;
    process->next = &process_list;
    process->previous = process_list.previous;
    process_list.previous->next = process;
    process_list.previous = process;
    process_streams_init(process);
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
    process_input_discard(process);
    running_count--;
    ended_count++;
    process->listed_end = true;
    timer_set(&process->quiet, now_ms() + QUIET_MS);
    for (int i = 0; i < 2; i++) {
        // What it wrote last may be in the pipe while its edge still waits in epoll.
        process->output[i].readable = process->output[i].open;
        process_output_pull(&process->output[i]);
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
    process->last_channel = channel->id;
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
