/* Forks shims for a host, so that making a sandbox does not cost the host's runtime a process of its own. Requests come
 * on descriptor 0 (u32 length, plan), answers go to 1 (i32 errno, u32 pid, u64 start time of the process in clock
 * ticks). Ends with its descriptor 0; the shims go on. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "frame.h"
#include "shim.h"

static bool read_all(int fd, uint8_t *bytes, size_t count) {
    while (count > 0) {
        ssize_t got = read(fd, bytes, count);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        bytes += got;
        count -= (size_t)got;
    }
    return true;
}

/* Bound under a temporary name, listening, then renamed: whoever sees the socket can connect to it. */
static int listen_in(const char *run_dir) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[sizeof address.sun_path];
    if (snprintf(address.sun_path, sizeof address.sun_path, "%s/sock.new", run_dir) >= (int)sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    snprintf(path, sizeof path, "%.*s/sock", (int)sizeof path - 6, run_dir);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    unlink(address.sun_path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || chmod(address.sun_path, 0600) != 0 ||
        listen(fd, 16) != 0 || rename(address.sun_path, path) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static void become_shim(struct plan *plan, int listener) {
    setsid();
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    int moved = fcntl(listener, F_DUPFD_CLOEXEC, 3);
    if (moved != 3) {
        dup2(moved, 3);
    }
    fcntl(3, F_SETFD, FD_CLOEXEC);
    syscall(SYS_close_range, 4, ~0u, 0);
    _exit(shim_run(plan, 3));
}

static void answer(int error, pid_t pid) {
    uint8_t bytes[16];
    store_u32(bytes, (uint32_t)error);
    store_u32(bytes + 4, (uint32_t)pid);
    store_u64(bytes + 8, pid > 0 ? process_start_ticks(pid) : 0);
    (void)!write(1, bytes, sizeof bytes);
}

static void spawn(uint8_t *bytes, size_t size) {
    struct plan plan;
    char why[MESSAGE_MAX];
    if (!plan_parse(&plan, bytes, size, why)) {
        fprintf(stderr, "skerry spawner: %s\n", why);
        answer(EINVAL, 0);
        return;
    }
    int listener = listen_in(plan.run_dir);
    if (listener < 0) {
        answer(errno, 0);
        return;
    }
    struct entrance shim_groups;
    bool inside;
    pid_t pid = entrance_open(&shim_groups, plan.shim_procs, plan.shim_procs_count)
                    ? fork_into_cgroup(&shim_groups, &inside)
                    : -1;
    int error = errno;
    if (pid == 0) {
        if (!inside && !entrance_enter(&shim_groups)) {
            _exit(1);
        }
        become_shim(&plan, listener);
    }
    entrance_close(&shim_groups);
    close(listener);
    answer(pid < 0 ? error : 0, pid);
}

int spawner_main(int argc, char **argv) {
    (void)argc;
    (void)argv;
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    setsid(); /* a terminal's Ctrl-C is the host's to handle */
    prctl(PR_SET_NAME, "skerry-spawner");
    uint8_t *plan = mmap(NULL, PLAN_BYTES_MAX + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t head[4];
    while (plan != MAP_FAILED && read_all(0, head, sizeof head)) {
        uint32_t size = load_u32(head);
        if (size > PLAN_BYTES_MAX || !read_all(0, plan, size)) {
            return 1;
        }
        spawn(plan, size);
    }
    return 0;
}
