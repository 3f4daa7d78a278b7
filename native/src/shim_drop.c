/* What a shim may still do once its sandbox runs: relay bytes, write into files that are open, signal processes of the
 * sandbox, leave a record in its folder. Everything else is given up, since it reads what a stranger's program sends.
 * */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#else
#error "the shim's filter knows x86-64 and arm64"
#endif

static const unsigned short ALLOWED[] = {
    SYS_read, SYS_write, SYS_pread64, SYS_sendto, SYS_recvfrom, SYS_accept4, SYS_epoll_ctl, SYS_epoll_pwait, SYS_close,
    SYS_timerfd_settime, SYS_clock_gettime, SYS_kill, SYS_pidfd_send_signal, SYS_wait4, SYS_openat, SYS_renameat2,
    SYS_mmap, SYS_madvise, SYS_munmap, SYS_brk, SYS_getsockopt, SYS_setsockopt, SYS_clock_nanosleep, SYS_exit_group,
    SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_getpid, SYS_fcntl, SYS_newfstatat, SYS_fstat, SYS_lseek,
    SYS_sched_getaffinity, SYS_ppoll,
#if defined(__x86_64__)
    SYS_epoll_wait, SYS_renameat,
#endif
};
#define ALLOWED_COUNT (sizeof ALLOWED / sizeof *ALLOWED)

static bool install_filter(void) {
    struct sock_filter code[2 * ALLOWED_COUNT + 5];
    unsigned short at = 0;
    code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    code[at++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < ALLOWED_COUNT; i++) {
        code[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ALLOWED[i], 0, 1);
        code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
    struct sock_fprog program = {.len = at, .filter = code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

bool shim_drop_privileges(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}, {0}};
    data[CAP_KILL / 32].effective = data[CAP_KILL / 32].permitted = 1u << (CAP_KILL % 32);
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(SYS_capset, &header, data) == 0 && install_filter();
}
