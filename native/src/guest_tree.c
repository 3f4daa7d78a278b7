// Trees of processes: the monitor that keeps a tree together, and finding the descendants of a process.
#define _GNU_SOURCE
#include "guest_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES_MAX = 65536 };

struct relation {
    pid_t pid, parent;
    char state;
    bool descends;
};

// pid, state and parent are enough of "pid (name) state ppid ..."; the name may hold anything, so look from its last
// ')'.
static bool read_relation(int proc, const char *name, struct relation *out) {
    char path[32], text[512];
    snprintf(path, sizeof path, "%.20s/stat", name);
    int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t count = read(fd, text, sizeof text - 1);
    close(fd);
    if (count <= 0) {
        return false;
    }
    text[count] = 0;
    char *after = strrchr(text, ')');
    int parent;
    if (after == NULL || sscanf(after + 1, " %c %d", &out->state, &parent) != 2) {
        return false;
    }
    out->pid = atoi(name);
    out->parent = parent;
    out->descends = false;
    return true;
}

static size_t read_relations(struct relation *relations, size_t room) {
    char buffer[4096] __attribute__((aligned(8)));
    size_t count = 0;
    int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) {
        return 0;
    }
    for (;;) {
        long length = syscall(SYS_getdents64, proc, buffer, sizeof buffer);
        if (length <= 0) {
            break;
        }
        for (long at = 0; at < length && count < room;) {
            const struct dirent64 *entry = (const struct dirent64 *) (buffer + at);
            at += entry->d_reclen;
            if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') {
                count += read_relation(proc, entry->d_name, &relations[count]);
            }
        }
    }
    close(proc);
    return count;
}

static int compare_pids(const void *left, const void *right) {
    const struct relation *a = left, *b = right;
    return (a->pid > b->pid) - (a->pid < b->pid);
}

static bool parent_descends(const struct relation *relations, size_t count, pid_t parent, pid_t root) {
    if (parent == root) {
        return true;
    }
    const struct relation key = {.pid = parent};
    const struct relation *found = bsearch(&key, relations, count, sizeof key, compare_pids);
    return found != NULL && found->descends;
}

static void mark_descendants(struct relation *relations, size_t count, pid_t root) {
    bool changed = true;
    qsort(relations, count, sizeof *relations, compare_pids);
    // Pids mostly rise from parent to child, so a pass or two settle it.
    while (changed) {
        changed = false;
        for (size_t i = 0; i < count; i++) {
            if (!relations[i].descends && relations[i].pid != root
                && parent_descends(relations, count, relations[i].parent, root)) {
                relations[i].descends = changed = true;
            }
        }
    }
}

int tree_signal(pid_t root, int signal) {
    size_t size = PROCESSES_MAX * sizeof(struct relation);
    struct relation *relations = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (relations == MAP_FAILED) {
        return 0;
    }
    size_t count = read_relations(relations, PROCESSES_MAX);
    mark_descendants(relations, count, root);
    int found = 0;
    for (size_t i = 0; i < count; i++) {
        // A stopped process cannot fork; stopping it again finds nothing new.
        bool done = relations[i].state == 'Z' || (signal == SIGSTOP && (relations[i].state | 0x20) == 't');
        if (relations[i].descends && !done && kill(relations[i].pid, signal) == 0) {
            found++;
        }
    }
    munmap(relations, size);
    return found;
}

// Stops everything before it kills anything: a stopped process keeps its place in the pids limit and cannot fork, so
// each pass leaves fewer that can, whereas killing makes room for the next fork of a bomb.
static void kill_tree(void) {
    for (int passes = 0; passes < 1000 && tree_signal(getpid(), SIGSTOP) > 0; passes++) {
    }
    for (;;) {
        tree_signal(getpid(), SIGKILL);
        pid_t pid;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
        }
        if (pid < 0 && errno == ECHILD) {
            return;
        }
        const struct timespec pause = {0, 500000};
        nanosleep(&pause, NULL);
    }
}

static void tell(int fd, struct tree_message *message) {
    while (write(fd, message, sizeof *message) < 0 && errno == EINTR) {
    }
}

static void close_all_but(int kept) {
    struct rlimit limit;
    // Without this the monitor would hold the stream of guestd open and the pipes of its own program.
    if ((kept == 0 || syscall(SYS_close_range, 0U, (unsigned) kept - 1, 0U) == 0)
        && syscall(SYS_close_range, (unsigned) kept + 1, ~0U, 0U) == 0) {
        return;
    }
    int max = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (int) limit.rlim_cur : 65536;
    for (int fd = 0; fd < max; fd++) {
        if (fd != kept) {
            close(fd);
        }
    }
}

void tree_monitor(pid_t child, int message_fd) {
    struct tree_message message = {.kind = TREE_PID, .pid = child};
    tell(message_fd, &message);
    close_all_but(message_fd);
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGUSR1); // kill the tree; every signal is blocked since the start of guestd
    memset(&message, 0, sizeof message);
    while (message.kind == 0) {
        int status;
        struct rusage usage;
        pid_t pid;
        while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
            if (pid == child) {
                message = (struct tree_message) {TREE_ENDED, child, status, usage};
            }
        }
        if (message.kind != 0) {
            break;
        }
        if (sigwaitinfo(&wanted, NULL) == SIGUSR1) {
            // The program first, so that what it used is known before kill_tree reaps without looking.
            kill(child, SIGKILL);
            while (wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
            }
            message = (struct tree_message) {TREE_ENDED, child, status, usage};
        }
    }
    kill_tree();
    tell(message_fd, &message);
    _exit(0);
}

// ---- in guestd ----

void tree_read_pid(struct process *process) {
    struct tree_message message;
    if (process->pid == process->monitor && process->status.fd >= 0
        && read(process->status.fd, &message, sizeof message) == (ssize_t) sizeof message) {
        process->pid = message.pid;
    }
}

void tree_read_messages(struct process *process) {
    struct tree_message message;
    while (process->status.fd >= 0 && !process->exited) {
        ssize_t count = read(process->status.fd, &message, sizeof message);
        if (count < 0) {
            return;
        }
        if (count != (ssize_t) sizeof message) {
            source_close(&process->status); // the monitor is gone; reaping it tells the rest
        } else if (message.kind == TREE_PID) {
            process->pid = message.pid;
        } else {
            source_close(&process->status);
            if (!process->starting || exec_check_report(process)) {
                process_exited(process, message.status, &message.usage);
            }
        }
    }
}

void tree_message_ready(struct source *source, uint32_t events) {
    (void) events;
    struct process *process = container_of(source, struct process, status);
    if (process->number != 0) {
        tree_read_messages(process);
    }
}
