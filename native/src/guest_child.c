// What happens between fork and execve, in the child.
#define _GNU_SOURCE
#include "guest_exec.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char default_path[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

static uint64_t bounding, permitted;
static struct rlimit open_files; // as the runtime set it: guestd raises its own
static int null_descriptor = -1;

static int cap_get(uint64_t *effective, uint64_t *allowed, uint64_t *inheritable) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    if (syscall(SYS_capget, &header, data) < 0) {
        return -1;
    }
    *effective = data[0].effective | (uint64_t) data[1].effective << 32;
    *allowed = data[0].permitted | (uint64_t) data[1].permitted << 32;
    *inheritable = data[0].inheritable | (uint64_t) data[1].inheritable << 32;
    return 0;
}

static int cap_set(uint64_t value) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const uint32_t low = (uint32_t) value, high = (uint32_t) (value >> 32);
    const struct __user_cap_data_struct data[2] = {{low, low, 0}, {high, high, 0}};
    return (int) syscall(SYS_capset, &header, data);
}

void exec_child_init(void) {
    uint64_t effective = 0, inheritable = 0;
    for (unsigned long bit = 0; bit < 64; bit++) {
        int present = prctl(PR_CAPBSET_READ, bit, 0, 0, 0);
        if (present < 0) {
            break;
        }
        bounding |= (uint64_t) present << bit;
    }
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (cap_get(&effective, &permitted, &inheritable) == 0 && (inheritable != 0 || effective != permitted)) {
        cap_set(permitted);
    }
    struct rlimit raised;
    getrlimit(RLIMIT_NOFILE, &open_files);
    raised = open_files;
    raised.rlim_cur = raised.rlim_max < 65536 ? raised.rlim_max : 65536;
    if (raised.rlim_cur > open_files.rlim_cur) {
        setrlimit(RLIMIT_NOFILE, &raised);
    }
    null_fd();
}

int null_fd(void) {
    if (null_descriptor < 0) {
        null_descriptor = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);
    }
    return null_descriptor;
}

static void fail(int report_fd, int stage, int error, int detail) {
    const struct exec_report report = {stage, error, detail};
    (void) !write(report_fd, &report, sizeof report);
    _exit(127);
}

static void raise_oom_score(void) {
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void) !write(fd, "500", 3);
        close(fd);
    }
}

// Leaves 0, 1, 2 and the report, which becomes 3.
static void take_descriptors(const struct exec_plan *plan) {
    int report = plan->report_fd;
    for (int i = 0; i < 3; i++) {
        if (dup2(plan->child_fd[i], i) < 0) {
            fail(report, STAGE_SETUP, errno, 0);
        }
    }
    if (report != 3 && dup3(report, 3, O_CLOEXEC) < 0) {
        fail(report, STAGE_SETUP, errno, 0);
    }
    // A second line: every descriptor of guestd is close-on-exec, so an old kernel that lacks the call leaks nothing.
    syscall(SYS_close_range, 4U, ~0U, 0U);
    if (plan->pty && ioctl(0, TIOCSCTTY, 0) < 0) {
        fail(3, STAGE_SETUP, errno, 0);
    }
}

static void take_limits(const struct exec_plan *plan) {
    bool files_given = false;
    for (unsigned i = 0; i < plan->limit_count; i++) {
        files_given |= plan->limits[i].resource == RLIMIT_NOFILE;
        if (setrlimit((__rlimit_resource_t) plan->limits[i].resource, &plan->limits[i].value) < 0) {
            fail(3, STAGE_RLIMIT, errno, plan->limits[i].resource);
        }
    }
    if (!files_given) {
        setrlimit(RLIMIT_NOFILE, &open_files);
    }
}

static void take_user(const struct exec_plan *plan) {
    const struct credentials *user = &plan->user;
    uint64_t drop = plan->has_caps ? bounding & ~plan->caps : 0;
    for (unsigned long bit = 0; bit < 64; bit++) {
        if ((drop >> bit & 1) != 0 && prctl(PR_CAPBSET_DROP, bit, 0, 0, 0) < 0) {
            fail(3, STAGE_CAPS, errno, 0);
        }
    }
    if ((user->group_count != 0 || own_group_count() != 0)
        && setgroups((size_t) user->group_count, user->groups) < 0 && (user->uid != 0 || user->group_count != 0)) {
        fail(3, STAGE_USER, errno, 0);
    }
    if (setresgid(user->gid, user->gid, user->gid) < 0) {
        fail(3, STAGE_USER, errno, 0);
    }
    if (user->uid != 0) {
        // Takes effective and permitted capabilities along.
        if (setresuid(user->uid, user->uid, user->uid) < 0) {
            fail(3, STAGE_USER, errno, 0);
        }
    } else if (plan->has_caps && (permitted & ~plan->caps) != 0 && cap_set(permitted & plan->caps) < 0) {
        fail(3, STAGE_CAPS, errno, 0);
    }
    if (plan->nnp && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
        fail(3, STAGE_CAPS, errno, 0);
    }
}

static void take_folder(const struct exec_plan *plan) {
    if (plan->has_cwd) {
        if (chdir(plan->cwd) < 0) {
            fail(3, STAGE_CWD, errno, 0);
        }
    } else if (plan->home[0] != '/' || chdir(plan->home) < 0) {
        (void) !chdir("/");
    }
}

// The texts lie back to back with a 4-byte header between; in this process nobody reads those headers again, so the
// first byte of the next one (or the byte that the request buffer always has behind it) becomes the closing NUL.
static void cut_texts(const struct exec_plan *plan, char **arguments, char **environment) {
    struct field_reader reader;
    struct field field;
    uint8_t *close_at = NULL;
    field_reader_init(&reader, plan->fields, plan->length);
    while (field_next(&reader, &field)) {
        if (close_at != NULL) {
            *close_at = 0;
            close_at = NULL;
        }
        char *text = (char *) (uintptr_t) field.value;
        if (field.tag == F_ARG) {
            *arguments++ = text;
        } else if (field.tag == F_ENV) {
            *environment++ = text;
        } else {
            continue;
        }
        close_at = (uint8_t *) text + field.length;
    }
    if (close_at != NULL) {
        *close_at = 0;
    }
    *arguments = NULL;
    *environment = NULL;
}

static void search_and_exec(char **arguments, char **environment) {
    const char *name = arguments[0], *search = default_path;
    size_t name_length = strlen(name);
    char path[PATH_BYTES];
    int error = ENOENT;
    for (char **at = environment; *at != NULL; at++) {
        if (strncmp(*at, "PATH=", 5) == 0) {
            search = *at + 5;
            break;
        }
    }
    for (;;) {
        const char *end = strchrnul(search, ':');
        size_t length = (size_t) (end - search);
        if (length + 1 + name_length < sizeof path) {
            memcpy(path, search, length);
            path[length] = '/';
            // An empty part of PATH is the current folder.
            memcpy(path + length + (length > 0), name, name_length + 1);
            execve(path, arguments, environment);
            if (errno == EACCES) {
                error = EACCES;
            } else if (errno != ENOENT && errno != ENOTDIR) {
                fail(3, STAGE_EXEC, errno, 0);
            }
        }
        if (*end == 0) {
            break;
        }
        search = end + 1;
    }
    fail(3, STAGE_EXEC, error, 0);
}

void exec_child(const struct exec_plan *plan) {
    // Never touched in guestd itself: only the pages that a child fills become memory, and they go with the execve.
    static char *arguments[ARGS_MAX + 1], *environment[ARGS_MAX + 1];
    setsid();
    raise_oom_score();
    take_descriptors(plan);
    take_limits(plan);
    take_user(plan);
    take_folder(plan);
    cut_texts(plan, arguments, environment);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (strchr(arguments[0], '/') != NULL) {
        execve(arguments[0], arguments, environment);
        fail(3, STAGE_EXEC, errno, 0);
    }
    search_and_exec(arguments, environment);
    _exit(127);
}
