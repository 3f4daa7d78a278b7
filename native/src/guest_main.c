// The start of guestd: becomes a proper process 1, then serves its stream.
#define _GNU_SOURCE
#include "guest.h"
#include "guest_exec.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void settle_signals(void) {
    const uint64_t standard[4] = {0}; // struct sigaction as the kernel has it; libc keeps two signals from its callers
    sigset_t all;
    // Once here, so that a child has nothing to reset but its mask. Blocked instead of ignored: a blocked SIGPIPE
    // makes write fail with EPIPE just as well, and dispositions stay what a new program expects.
    for (int signal = 1; signal < NSIG; signal++) {
        syscall(SYS_rt_sigaction, signal, standard, NULL, sizeof(uint64_t));
    }
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
}

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif
#define DESCRIPTORS_TRIED 1024

// 0, 1 and 2 exist, and nothing that the runtime left open gets into a child.
static void settle_descriptors(void) {
    int fd;
    do {
        fd = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
    } while (fd >= 0 && fd < 3);
    if (fd >= 3) {
        close(fd);
    }
    if (syscall(SYS_close_range, 0, ~0u, CLOSE_RANGE_CLOEXEC) == 0) {
        return;
    }
    for (fd = 0; fd < DESCRIPTORS_TRIED; fd++) { // kernels before 5.11, and gVisor
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
}

int guestd_main(int argc, char **argv) {
    (void) argc;
    (void) argv;
    settle_signals();
    settle_descriptors();
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (getpid() != 1) {
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    }
    umask(022);
    if (chdir("/") < 0 || !loop_init()) {
        fatal("cannot start");
    }
    users_init();
    exec_child_init();
    reap_init();
    channels_init();
    loop_run();
    return 0;
}
