// All of guestd behind its input: frames as a host could send them, in a changed root folder, without processes,
// signals or connections of its own. What it sends is checked to be frames of the contract.
#define _GNU_SOURCE
#include "guest.h"
#include "guest_exec.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAKE_PID = 1 << 24, TURNS = 12 };

static jmp_buf after_fatal;
static pid_t last_fake, last_ended;

static void require(bool holds, const char *what) {
    if (!holds) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

// ---- in place of the system ----

pid_t __wrap_fork(void);
pid_t __wrap_fork(void) {
    return FAKE_PID + ++last_fake; // a parent whose child closed all it had
}

int __wrap_kill(pid_t pid, int signal);
int __wrap_kill(pid_t pid, int signal) {
    (void) pid;
    (void) signal;
    return 0;
}

pid_t __wrap_wait4(pid_t pid, int *status, int options, struct rusage *usage);
pid_t __wrap_wait4(pid_t pid, int *status, int options, struct rusage *usage) {
    (void) pid;
    (void) options;
    if (last_ended == last_fake) {
        errno = ECHILD;
        return -1;
    }
    memset(usage, 0, sizeof *usage);
    *status = (int) (last_ended & 1) << 8;
    return FAKE_PID + ++last_ended;
}

int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length);
int __wrap_connect(int fd, const struct sockaddr *address, socklen_t length) {
    (void) fd;
    (void) address;
    (void) length;
    errno = ECONNREFUSED;
    return -1;
}

int __real_epoll_wait(int fd, struct epoll_event *events, int count, int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int count, int timeout);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int count, int timeout) {
    (void) timeout;
    return __real_epoll_wait(fd, events, count, 0);
}

void __wrap_fatal(const char *message) __attribute__((noreturn));
void __wrap_fatal(const char *message) {
    require(strstr(message, "followed") != NULL, message);
    longjmp(after_fatal, 1);
}

// The frames that guestd sends, wherever writev cuts them.
static void check_output(const uint8_t *bytes, size_t length) {
    static uint8_t header[FRAME_HEADER];
    static size_t filled, left;
    while (length > 0) {
        if (left > 0) {
            size_t count = length < left ? length : left;
            left -= count;
            bytes += count;
            length -= count;
            continue;
        }
        header[filled++] = *bytes++;
        length--;
        if (filled == FRAME_HEADER) {
            struct frame_header decoded;
            require(frame_decode(header, &decoded), "frame of guestd");
            require(decoded.channel <= CHANNEL_HOST_MAX, "channel of guestd");
            require(decoded.type >= FRAME_HELLO && decoded.type <= FRAME_PONG, "type of guestd");
            filled = 0;
            left = decoded.length;
        }
    }
}

ssize_t __real_writev(int fd, const struct iovec *parts, int count);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count) {
    size_t total = 0;
    if (fd != 1) {
        return __real_writev(fd, parts, count);
    }
    for (int i = 0; i < count; i++) {
        check_output(parts[i].iov_base, parts[i].iov_len);
        total += parts[i].iov_len;
    }
    return (ssize_t) total;
}

// ---- the target ----

static void confine(void) {
    const char *jail = getenv("FUZZ_JAIL");
    struct rlimit size = {1 << 20, 1 << 20};
    // Without its own root this target would work on the files of the machine.
    if (jail == NULL || chdir(jail) < 0 || access("fuzz-jail", F_OK) < 0 || chroot(".") < 0
        || access("/proc", F_OK) == 0) {
        fprintf(stderr, "FUZZ_JAIL must name a folder made for it\n");
        _exit(2);
    }
    setrlimit(RLIMIT_FSIZE, &size);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    int in[2], out[2];
    sigset_t children;
    (void) argc;
    (void) argv;
    confine();
    require(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0, "pipes");
    dup2(in[0], 0);
    dup2(out[1], 1);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    umask(022);
    loop_init();
    users_init();
    exec_child_init();
    reap_init();
    channels_init();
    return 0;
}

static void turns(int count) {
    for (int i = 0; i < count; i++) {
        loop_turn();
    }
}

static void feed(const uint8_t *bytes, size_t length) {
    size_t used = 0;
    while (length > 0) {
        frames_received(bytes, length, &used);
        turns(1);
        if (used == 0) {
            return;
        }
        bytes += used;
        length -= used;
    }
}

static void hello(void) {
    uint8_t frame[FRAME_HEADER + 24];
    struct field_writer writer;
    field_writer_init(&writer, frame + FRAME_HEADER, 24);
    field_put_int(&writer, F_VERSION, 1);
    field_put_int(&writer, F_EPOCH, 1);
    frame_encode(frame, 24, 0, FRAME_HELLO, 0);
    feed(frame, sizeof frame);
}

// SHUTDOWN ends guestd, which is not to be tried here.
static bool asks_for_shutdown(const uint8_t *bytes, size_t length) {
    static const uint8_t number[] = {51, 0, 0, 0, 0, 0, 0, 0};
    return memmem(bytes, length, number, sizeof number) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    if (asks_for_shutdown(bytes, length)) {
        return 0;
    }
    // In memory of its exact size (and the one byte that the input of guestd always has behind a request), so that a
    // read past the frames is seen.
    uint8_t *exact = malloc(length + 1);
    memcpy(exact, bytes, length);
    if (setjmp(after_fatal) == 0) {
        hello();
        feed(exact, length);
        turns(TURNS);
    }
    free(exact);
    hello();
    raise(SIGCHLD);
    turns(2);
    return 0;
}
