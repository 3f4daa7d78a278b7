// The event loop by itself: whose turn it is.
#include "guest.h"

#include <stdio.h>

enum { TIMES = 1000 };

static int done[2];

static void slice(struct job *job, int which) {
    job_stop(job);
    if (++done[which] < TIMES) {
        job_start(job);
    }
}

static void one(struct job *job) {
    slice(job, 0);
}

static void other(struct job *job) {
    slice(job, 1);
}

// What the loop serves besides.
void input_turn(void) {
}

void output_turn(void) {
}

bool input_wants_turn(void) {
    return false;
}

bool output_wants_turn(void) {
    return false;
}

int main(void) {
    struct job jobs[2] = {{.slice = one}, {.slice = other}};
    if (!loop_init()) {
        return 1;
    }
    job_start(&jobs[0]);
    job_start(&jobs[1]);
    for (int turn = 1; turn <= TIMES; turn++) {
        loop_turn();
        if (done[0] != turn || done[1] != turn) {
            fprintf(stderr, "after %d turns two jobs that start themselves anew were done %d and %d times\n", turn,
                done[0], done[1]);
            return 1;
        }
    }
    puts("two jobs that start themselves anew take turns with the loop");
    return 0;
}
