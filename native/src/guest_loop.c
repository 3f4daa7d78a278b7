// The event loop: epoll, timers, sliced jobs. One thread; nothing here blocks but epoll_wait.
#define _GNU_SOURCE
#include "guest.h"
#include "guest_process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static int epoll_fd = -1;
static uint64_t turn_ms;
static uint64_t started_ms;
static struct timer timers = {&timers, &timers, 0, NULL};
static struct job jobs = {&jobs, &jobs, false, 0, NULL};
static struct job *next_job;
static uint64_t jobs_round;
static struct grave {
    struct grave *next;
} *graves;

static uint64_t read_clock(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t) time.tv_sec * 1000000 + (uint64_t) time.tv_nsec / 1000;
}

uint64_t clock_us(void) {
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t now_ms(void) {
    return turn_ms;
}

uint64_t uptime_ms(void) {
    return read_clock(CLOCK_BOOTTIME) / 1000 - started_ms;
}

void fatal(const char *message) {
    (void) !write(2, "guestd: ", 8);
    (void) !write(2, message, strlen(message));
    (void) !write(2, "\n", 1);
    _exit(1);
}

bool loop_init(void) {
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    started_ms = read_clock(CLOCK_BOOTTIME) / 1000;
    turn_ms = clock_us() / 1000;
    return epoll_fd >= 0;
}

bool source_add(struct source *source, int fd, uint32_t events) {
    struct epoll_event event = {.events = events | EPOLLET, .data.ptr = source};
    source->fd = fd;
    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

void source_close(struct source *source) {
    if (source->fd >= 0) {
        // Removed by hand: a child between fork and exec still shares the open file, so close alone would leave it
        // watched.
        epoll_ctl(epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
        close(source->fd);
        source->fd = -1;
    }
}

void timer_stop(struct timer *timer) {
    if (timer->at_ms != 0) {
        timer->next->previous = timer->previous;
        timer->previous->next = timer->next;
        timer->at_ms = 0;
    }
}

void timer_set(struct timer *timer, uint64_t at_ms) {
    timer_stop(timer);
    timer->at_ms = at_ms == 0 ? 1 : at_ms;
    // Kept in order of time. Most are set for later than those that wait, so the search begins at the end.
    struct timer *before = timers.previous;
    while (before != &timers && before->at_ms > timer->at_ms) {
        before = before->previous;
    }
    timer->previous = before;
    timer->next = before->next;
    before->next->previous = timer;
    before->next = timer;
}

static void timers_turn(void) {
    while (timers.next != &timers && timers.next->at_ms <= turn_ms) {
        struct timer *timer = timers.next;
        timer_stop(timer);
        timer->on_time(timer);
    }
}

void job_start(struct job *job) {
    if (!job->active) {
        job->active = true;
        job->next = &jobs;
        job->previous = jobs.previous;
        jobs.previous->next = job;
        jobs.previous = job;
    }
}

void job_stop(struct job *job) {
    if (job->active) {
        if (next_job == job) {
            next_job = job->next;
        }
        job->active = false;
        job->next->previous = job->previous;
        job->previous->next = job->next;
    }
}

// Each once: one that starts itself anew goes to the end of the list, and waits there for the next turn.
static void jobs_turn(void) {
    jobs_round++;
    for (struct job *job = jobs.next; job != &jobs && job->round != jobs_round; job = next_job) {
        next_job = job->next;
        job->round = jobs_round;
        job->slice(job);
    }
    next_job = NULL;
}

void free_later(void *memory) {
    // The memory itself is the list node: nothing here may need an allocation.
    struct grave *grave = memory;
    grave->next = graves;
    graves = grave;
}

static void bury(void) {
    while (graves != NULL) {
        struct grave *grave = graves;
        graves = grave->next;
        free(grave);
    }
}

static int wait_ms(void) {
    if (jobs.next != &jobs || input_wants_turn() || output_wants_turn()) {
        return 0;
    }
    if (timers.next == &timers) {
        return -1;
    }
    uint64_t now = clock_us() / 1000;
    uint64_t at = timers.next->at_ms;
    if (at <= now) {
        return 0;
    }
    return at - now > 3600000 ? 3600000 : (int) (at - now);
}

void loop_turn(void) {
    struct epoll_event events[32];
    int count = epoll_wait(epoll_fd, events, 32, wait_ms());
    if (count < 0 && errno != EINTR) {
        fatal("epoll_wait failed");
    }
    turn_ms = clock_us() / 1000;
    for (int i = 0; i < count; i++) {
        struct source *source = events[i].data.ptr;
        if (source->fd >= 0) {
            source->on_ready(source, events[i].events);
        }
    }
    input_turn();
    jobs_turn();
    timers_turn();
    output_turn();
    bury();
}

void loop_run(void) {
    for (;;) {
        loop_turn();
    }
}
