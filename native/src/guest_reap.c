// Children that end, whoever started them, and the end of the sandbox.
#define _GNU_SOURCE
#include "guest_process.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REAP_A_TURN = 256, LAST_WORDS_MS = 2000, LOOK_AGAIN_MS = 20 };

static struct source children = {.fd = -1};
static struct job reaping;
static struct channel *shutdown_channel;
static struct timer shutdown_timer, look_timer;
static bool ending, all_gone;
static uint64_t last_words_ms;

static void child_ended(pid_t pid, int status, const struct rusage *usage) {
    for (struct process *at = process_list.next; at != &process_list; at = at->next) {
        pid_t own = at->monitor > 0 ? at->monitor : at->pid;
        if (own != pid || at->exited) {
            continue;
        }
        if (at->starting && !exec_check_report(at)) {
            return;
        }
        if (at->monitor > 0) {
            tree_read_messages(at);
        }
        if (!at->exited) {
            process_exited(at, status, usage);
        }
        return;
    }
}

static void look_whether_gone(void);

static void reap(struct job *job) {
    for (int i = 0; i < REAP_A_TURN; i++) {
        int status;
        struct rusage usage;
        pid_t pid = wait4(-1, &status, WNOHANG, &usage);
        if (pid <= 0) {
            all_gone = pid < 0 && errno == ECHILD;
            job_stop(job);
            if (ending) {
                look_whether_gone();
            }
            return;
        }
        child_ended(pid, status, &usage);
    }
    job_start(job);
}

static void on_signal(struct source *source, uint32_t events) {
    struct signalfd_siginfo info[4];
    (void) events;
    while (read(source->fd, info, sizeof info) > 0) {
    }
    reap(&reaping);
}

void reap_init(void) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    int fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    children.on_ready = on_signal;
    reaping.slice = reap;
    if (fd < 0 || !source_add(&children, fd, EPOLLIN)) {
        fatal("signalfd failed");
    }
}

// ---- shutdown ----

bool shutting_down(void) {
    return ending;
}

static void signal_everything(int signal) {
    if (getpid() == 1) {
        kill(-1, signal); // all of this pid namespace but process 1
        return;
    }
    for (struct process *at = process_list.next; at != &process_list; at = at->next) {
        if (!at->exited && at->pid > 1) {
            kill(-at->pid, signal);
            kill(at->pid, signal);
        }
    }
    tree_signal(getpid(), signal);
}

static void look_whether_gone(void) {
    if (!all_gone || (output_waits() && now_ms() < last_words_ms)) {
        return; // the last output goes first, as far as the host takes it
    }
    if (shutdown_channel != NULL) {
        channel_end(shutdown_channel);
        shutdown_channel = NULL;
    }
    output_flush(clock_us() / 1000 + LAST_WORDS_MS);
    _exit(0);
}

static void on_shutdown_time(struct timer *timer) {
    signal_everything(SIGKILL);
    timer_set(timer, now_ms() + LOOK_AGAIN_MS);
}

// Not only at SIGCHLD: there may have been no child at all.
static void on_look(struct timer *timer) {
    timer_set(timer, now_ms() + LOOK_AGAIN_MS);
    reap(&reaping);
}

static void on_shutdown_drop(struct channel *channel) {
    (void) channel;
    shutdown_channel = NULL; // the shutdown goes on
}

static const struct channel_ops shutdown_ops = {.drop = on_shutdown_drop};

void op_shutdown(const struct request *request) {
    uint64_t timeout = 0;
    if (!request_int(request, F_TIMEOUT_MS, &timeout, 3600000)) {
        return;
    }
    if (ending) {
        channel_error(request->channel, E_CONFLICT, 0, "the sandbox is shutting down");
        return;
    }
    ending = true;
    shutdown_channel = request->channel;
    channel_accept(request->channel, &shutdown_ops, NULL, 0, 0);
    signal_everything(SIGTERM);
    signal_everything(SIGCONT);
    shutdown_timer.on_time = on_shutdown_time;
    look_timer.on_time = on_look;
    last_words_ms = now_ms() + timeout + LAST_WORDS_MS;
    timer_set(&shutdown_timer, now_ms() + timeout);
    timer_set(&look_timer, now_ms() + 1);
}
