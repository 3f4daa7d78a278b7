// Processes of the tenant: their table, output rings, attachment to channels.
#ifndef SKERRY_GUEST_PROCESS_H
#define SKERRY_GUEST_PROCESS_H

#include "guest.h"
#include "guest_user.h"

#include <sys/resource.h>

// Bytes between two absolute offsets, `tail` (oldest kept) and `head`. Memory comes with the first byte and goes with
// the last.
struct ring {
    uint8_t *base;
    size_t size; // a power of two
    uint64_t tail, head;
};

size_t ring_used(const struct ring *ring);
// Up to two parts from absolute offset `from`, at most `max` bytes in all; the count of parts.
int ring_view(const struct ring *ring, uint64_t from, size_t max, struct iovec part[2]);
// The free parts, after making sure of memory; 0 when full or without memory.
int ring_space(struct ring *ring, size_t size, struct iovec part[2]);
void ring_release(struct ring *ring, uint64_t bytes); // from the tail
void ring_shrink(struct ring *ring);
// Appends, growing up to `max`; false when it would get larger or memory is missing.
bool ring_append(struct ring *ring, const uint8_t *bytes, size_t length, size_t max);

struct process;

struct output {
    struct source source;
    struct process *process;
    struct ring ring;
    uint64_t sent;    // offset up to which the viewer was sent
    uint64_t dropped; // since the last attach
    bool open;
    bool readable;
    bool hung_up;
    bool widened;
    bool eof_sent;
};

enum { CAUSE_EXITED = 1, CAUSE_SIGNALLED, CAUSE_TIMED_OUT, CAUSE_CPU };

struct process {
    void *grave; // overwritten when freed
    struct process *next, *previous;
    uint64_t number;
    pid_t pid;
    pid_t monitor; // 0 = none; else the child of guestd that `pid` descends from
    bool starting; // execve has not succeeded yet
    bool exited;
    bool listed_end; // counted among the ended
    bool end_sent;
    bool forget;
    bool pty;
    bool drop_oldest;
    bool timed_out;
    bool stdin_eof; // to be closed when all is written
    struct source report; // errno of a failed start
    struct source status; // messages of the monitor
    struct source input;  // pipe to stdin, or the terminal (shared with output[0])
    bool input_writable;
    struct ring input_ring;
    uint64_t input_accepted;
    struct output output[2];
    struct timer timeout, quiet;
    struct job pull;
    struct channel *viewer;
    uint32_t last_channel; // that carried END: acknowledgements may still come on it; 0 = none
    uint64_t started_us, wall_us;
    uint64_t cpu_limit; // hard RLIMIT_CPU in seconds, 0 = none
    uint64_t timeout_ms;
    int status_word;
    struct rusage usage;
    char tag[257];
    char name[257]; // first ARG, cut
};

extern struct process process_list; // sentinel; oldest first

struct process *process_find(uint64_t number);
unsigned processes_running(void);
void process_added(struct process *process);
void process_discard(struct process *process); // a start that failed
void process_started(struct process *process);
void process_exited(struct process *process, int status, const struct rusage *usage);
void process_show(struct process *process, struct channel *channel);
void process_advance(struct process *process);
// CREDIT of a channel that is closed: ignored unless it carried the END of a process.
void process_acknowledge_late(uint32_t channel, unsigned stream, uint32_t bytes);
void processes_forget_channels(void); // another host counts its channels anew
void process_output_ready(struct source *source, uint32_t events);
void process_input_ready(struct source *source, uint32_t events);
void process_timers(struct process *process);
void processes_kill_all(void);
int process_signal(struct process *process, int signal, int scope); // errno or 0

// guest_exec.c
// False when the start failed; the process is discarded then.
bool exec_check_report(struct process *process);

// What the monitor of a tree tells guestd.
struct tree_message {
    int kind; // 1 = pid, 2 = ended
    pid_t pid;
    int status;
    struct rusage usage;
};
enum { TREE_PID = 1, TREE_ENDED = 2 };
// Runs in the monitor process: never returns. `child` is the program just forked.
void tree_monitor(pid_t child, int message_fd) __attribute__((noreturn));
// Sends `signal` to all descendants of `root` but not to itself; the count of those found.
int tree_signal(pid_t root, int signal);
void tree_message_ready(struct source *source, uint32_t events);
// The first message only, which is always there before the program runs.
void tree_read_pid(struct process *process);
void tree_read_messages(struct process *process);

// guest_reap.c
void reap_init(void);
bool shutting_down(void);
void op_shutdown(const struct request *request);

void op_exec(const struct request *request);
void op_attach(const struct request *request);
void op_signal(const struct request *request);
void op_list(const struct request *request);
void op_resize(const struct request *request);
void op_forget(const struct request *request);

#endif
