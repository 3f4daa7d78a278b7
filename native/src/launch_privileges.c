/* What process 1 is besides its mounts: names, limits, rights. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launch.h"

static bool raise_loopback(void) {
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool good = fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags |= IFF_UP;
    good = good && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

bool box_settle(const struct box *box) {
    if (sethostname(box->plan->hostname, strlen(box->plan->hostname)) != 0) {
        return box_fail(box, "cannot set the host name");
    }
    if (!raise_loopback()) {
        return box_fail(box, "cannot bring the loopback device up");
    }
    /* The shim's keys are the host's. A kernel without keyrings has nothing to leave. */
    if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS) {
        return box_fail(box, "cannot make a session keyring");
    }
    return true;
}

/* The shim has set them already, unless it may not do that to another process. */
bool box_set_limits(const struct box *box) {
    for (size_t i = 0; i < box->plan->limits_count; i++) {
        const struct limit *limit = &box->plan->limits[i];
        struct rlimit value = {limit->value, limit->value};
        if (setrlimit((int)limit->resource, &value) != 0) {
            return box_fail(box, "cannot set limit %d to %llu", (int)limit->resource,
                            (unsigned long long)limit->value);
        }
    }
    return true;
}

static bool install_filter(const struct plan *plan) {
    struct sock_fprog program = {.len = (unsigned short)(plan->filter_size / sizeof(struct sock_filter)),
                                 .filter = (void *)(uintptr_t)plan->filter};
    /* SPEC_ALLOW as runtimes do: on kernels before 5.16 a filter would otherwise slow down all that runs inside. */
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) == 0;
}

/* A capability out of the bounding set never comes back, whatever is executed. */
static bool bound(uint64_t kept) {
    for (unsigned capability = 0; capability < 64; capability++) {
        if ((kept >> capability & 1) == 0 && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
            return errno == EINVAL; /* the kernel has no more of them */
        }
    }
    return true;
}

bool box_drop_privileges(const struct box *box) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    for (int i = 0; i < 2; i++) {
        uint32_t half = (uint32_t)(box->plan->capabilities >> 32 * i);
        data[i] = (struct __user_cap_data_struct){.effective = half, .permitted = half};
    }
    if (box->plan->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return box_fail(box, "cannot forbid new privileges");
    }
    if (!install_filter(box->plan)) {
        return box_fail(box, "cannot install the filter of system calls");
    }
    if (!bound(box->plan->capabilities) || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
        syscall(SYS_capset, &header, data) != 0) {
        return box_fail(box, "cannot give up capabilities");
    }
    return true;
}
