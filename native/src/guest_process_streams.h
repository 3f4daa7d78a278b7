// What the life of a process needs of its streams.
#ifndef SKERRY_GUEST_PROCESS_STREAMS_H
#define SKERRY_GUEST_PROCESS_STREAMS_H

#include "guest_process.h"

enum {
    QUIET_MS = 100, // after the exit, a pipe that a descendant holds is given up when nothing came for so long
};

void process_streams_init(struct process *process);
// Reads what there is, as far as the ring has room.
void process_output_pull(struct output *output);
void process_output_close(struct output *output);
// Lets go of what the process has not read; it counts as consumed.
void process_input_discard(struct process *process);

#endif
