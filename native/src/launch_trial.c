/* Whether this host lets a sandbox be started without a runtime: in a container it may lack a right, under an old
 * kernel a system call. One is started, with everything that sandboxes have mounted, and ended. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "launch.h"
#include "shim_start.h"

/* Every system has it; in the trial's own mount namespace it is another. */
#define STAGE "/tmp"
#define TRIAL_MS 5000
#define STAY_MS 20
#define UIDS 65536
#define UID_BASE (UINT32_C(0x6fff) << 16)

static const struct sock_filter ALLOW = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

static const struct step INSIDE[] = {
    {.kind = INSIDE_MOUNT, .source = "proc", .target = "/proc", .type = "proc", .flags = MS_NOSUID | MS_NODEV},
    {.kind = INSIDE_MOUNT, .source = "tmpfs", .target = "/dev", .type = "tmpfs", .flags = MS_NOSUID},
    {.kind = INSIDE_MOUNT, .source = "devpts", .target = "/dev/pts", .type = "devpts", .options = "newinstance"},
    {.kind = INSIDE_MOUNT, .source = "mqueue", .target = "/dev/mqueue", .type = "mqueue"},
    {.kind = INSIDE_MOUNT, .source = "sysfs", .target = "/sys", .type = "sysfs", .flags = MS_RDONLY},
    {.kind = INSIDE_BIND, .source = "/dev/null", .target = "/dev/null"},
    {.kind = INSIDE_BIND, .source = STAGE "/guestd", .target = "/guestd"},
    {.kind = INSIDE_MASK, .source = STAGE "/empty", .target = "/proc/kcore"},
    {.kind = INSIDE_MASK, .source = STAGE "/empty", .target = "/sys/module"},
    {.kind = INSIDE_READ_ONLY, .target = "/proc/sys"},
};
#define INSIDE_COUNT (sizeof INSIDE / sizeof *INSIDE)

/* The program by its name, since the link itself leads into the mount namespace that the trial leaves. */
static int open_program(void) {
    char path[PATH_MAX] = "";
    return readlink("/proc/self/exe", path, sizeof path - 1) < 0 ? -1 : open(path, O_PATH | O_CLOEXEC);
}

static bool show_program(int program) {
    char source[64];
    int fd = open(STAGE "/guestd", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    snprintf(source, sizeof source, "/proc/self/fd/%d", program);
    return fd >= 0 && close(fd) == 0 && mount(source, STAGE "/guestd", NULL, MS_BIND, NULL) == 0;
}

static bool make_stage(struct shim *shim) {
    int program = -1;
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        (program = open_program()) < 0 ||
        mount("tmpfs", STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=0711") != 0 || !show_program(program) ||
        mkdir(STAGE "/root", 0755) != 0 || mkdir(STAGE "/empty", 0555) != 0 ||
        mount("tmpfs", STAGE "/root", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=0777") != 0) {
        return shim_fail(shim, "cannot make a stage");
    }
    close(program);
    shim->run_dir = open(STAGE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return shim->run_dir >= 0 || shim_fail(shim, "cannot open the stage");
}

/* It waits for a first word; one that is over has failed in its first instructions. */
static bool stays(struct shim *shim) {
    struct pollfd over = {.fd = shim->guest_pidfd, .events = POLLIN};
    if (poll(&over, 1, STAY_MS) == 0) {
        return true;
    }
    errno = 0;
    return shim_fail(shim, "process 1 ended at once");
}

static void end(struct shim *shim) {
    if (shim->guest > 0) {
        kill(shim->guest, SIGKILL);
        waitpid(shim->guest, NULL, 0);
    }
}

int launch_trial_main(void) {
    struct plan plan = {.root = STAGE "/root",
                        .hostname = "trial",
                        .uid_base = UID_BASE,
                        .uid_count = UIDS,
                        .start_ms = TRIAL_MS,
                        .no_new_privs = true,
                        .filter = (const uint8_t *)&ALLOW,
                        .filter_size = sizeof ALLOW,
                        .args = {"/guestd"},
                        .args_count = 1};
    struct shim shim = {
        .plan = &plan, .to_guest = -1, .from_guest = -1, .guest = -1, .guest_pidfd = -1, .runtime_log = -1};
    for (size_t i = 0; i < INSIDE_COUNT; i++) {
        plan.inside[plan.inside_count++] = INSIDE[i];
    }
    umask(022);
    prctl(PR_SET_NAME, "skerry-trial");
    bool good = make_stage(&shim) && shim_start(&shim, -1) && stays(&shim);
    end(&shim);
    puts(good ? "it works" : shim.message);
    return good ? 0 : 1;
}
