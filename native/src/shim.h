/* The shim: one process per sandbox, between the host's unix socket and the sandbox's pipes.
 * shim_plan.c   the plan that the host sends: how to build the sandbox (mounts, cgroups, runtime command, limits)
 * shim_start.c  carries the plan out, up to a running process 1
 * shim_cgroup.c, shim_userns.c, shim_mounts.c, shim_disk.c are its stages
 * shim_launch.c starts process 1 without a runtime; launch.h says how that goes on inside
 * shim_drop.c   gives up every privilege that is not needed afterwards
 * shim_limits.c deadline, CPU time, kill, freeze
 * shim_relay.c  moves frames between controller and guest: the descriptors, and what the controller sends
 * shim_attach.c is how a controller comes, shim_outward.c what the guest sends
 * shim_main.c   the event loop, the end and its record
 * spawner.c     the resident process that forks shims for a host */
#ifndef SKERRY_SHIM_H
#define SKERRY_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PLAN_BYTES_MAX (1u << 20)
#define PLAN_LIST_MAX 64
#define PLAN_INSIDE_MAX 128
#define MESSAGE_MAX 1024

/* Tags of the plan; docs/protocol.md, section 8. */
enum plan_tag {
    PLAN_RUN_DIR = 1,      /* text: the sandbox's run folder */
    PLAN_SHIM_PROCS = 2,   /* text, list: cgroup.procs files that the shim enters */
    PLAN_BOX_PROCS = 3,    /* text, list: cgroup.procs files that the runtime enters */
    PLAN_UID_BASE = 4,     /* int: first uid and gid of the sandbox's range on the host */
    PLAN_UID_COUNT = 5,    /* int */
    PLAN_STEP = 6,         /* fields, list: mounts in order */
    PLAN_ARG = 7,          /* text, list: the runtime's command */
    PLAN_ENV = 8,          /* text, list: its environment */
    PLAN_DETACHED = 9,     /* int: 1 = the command returns once process 1 runs, its pid is in PLAN_PID_FILE */
    PLAN_PID_FILE = 10,    /* text */
    PLAN_DEADLINE_MS = 11, /* int: CLOCK_BOOTTIME, absolute; 0 none */
    PLAN_CPU_LIMIT_US = 12,
    PLAN_CPU_FILE = 13,    /* text: cpuacct.usage (ns) or cpu.stat */
    PLAN_KILL_FILE = 14,   /* text: cgroup.kill, where there is one */
    PLAN_FREEZE_FILE = 15, /* text: cgroup.freeze or freezer.state */
    /* text: an empty file on which the sandbox's user namespace is mounted; absent: the runtime makes it */
    PLAN_USERNS = 16,
    PLAN_START_MS = 17,    /* int: how long the start may take */
    /* two ints, list: resource of setrlimit(2), limit; set on the runtime and so on everything inside */
    PLAN_RLIMIT = 19,
    /* text, list: cgroup.procs files that together name every process of the box, and no other */
    PLAN_KILL_PROCS = 18,
    PLAN_DEADLINE_FREEZE = 20, /* int: 1 = the deadline freezes instead of killing */
    /* text: the root folder on the stage; there is no runtime, the shim itself starts the command in it as process 1 */
    PLAN_ROOT = 21,
    PLAN_HOSTNAME = 22,
    PLAN_CAPABILITIES = 23,    /* int: one bit for each, as in capabilities(7) */
    PLAN_NO_NEW_PRIVS = 24,    /* int */
    PLAN_FILTER = 25,          /* bytes: struct sock_filter[], for seccomp(2) */
    PLAN_INSIDE = 26,          /* fields as of a step, list: in the namespaces of the sandbox, targets below its root */
};

enum step_tag {
    STEP_KIND = 1, STEP_SOURCE = 2, STEP_TARGET = 3, STEP_TYPE = 4, STEP_OPTIONS = 5, STEP_FLAGS = 6, STEP_MODE = 7,
    STEP_UID = 8
};
enum step_kind {
    STEP_MOUNT = 1,        /* mount(source, target, type, flags, options), with uid as the file system uid */
    STEP_MKDIR = 2,        /* mkdir target, mode, owner */
    STEP_IDMAP = 3,        /* read-only clone of source at target, ids 0..count shown as base..base+count */
    STEP_BIND = 4,         /* read-only clone of source at target */
    STEP_UNMOUNT = 5,      /* lazy; missing is fine */
    STEP_TOUCH = 6,        /* create an empty file */
    STEP_IDMAP_OR_BIND = 7, /* STEP_IDMAP, or STEP_BIND where the file system has no idmapped mounts */
    STEP_READ_ONLY = 8,    /* all mounts at and below target; missing is fine */
    STEP_DISK = 9          /* the image at source on a loop device, idmapped, at target, with type and options */
};
enum inside_kind {
    INSIDE_MOUNT = 1,      /* mount(source, target, type, flags, options); target is made where it is missing */
    INSIDE_BIND = 2,       /* a clone of source with flags of mount_setattr(2); target is made where it is missing */
    INSIDE_MASK = 3,       /* a folder is hidden behind source, a file behind /dev/null; missing is fine */
    INSIDE_READ_ONLY = 4,  /* all mounts at and below target; missing is fine */
    INSIDE_LINK = 5        /* a symbolic link that says source */
};

struct step {
    uint64_t kind, flags, mode, uid;
    const char *source, *target, *type, *options;
};

struct plan {
    const char *run_dir, *pid_file, *cpu_file, *kill_file, *freeze_file, *userns;
    const char *shim_procs[PLAN_LIST_MAX + 1], *box_procs[PLAN_LIST_MAX + 1], *kill_procs[PLAN_LIST_MAX + 1];
    const char *args[PLAN_LIST_MAX + 1], *envs[PLAN_LIST_MAX + 1];
    struct step steps[PLAN_LIST_MAX], inside[PLAN_INSIDE_MAX];
    struct limit {
        uint64_t resource, value;
    } limits[PLAN_LIST_MAX];
    size_t shim_procs_count, box_procs_count, kill_procs_count, args_count, envs_count, steps_count, limits_count;
    const char *root, *hostname;
    const uint8_t *filter;
    size_t inside_count, filter_size;
    uint64_t capabilities;
    bool no_new_privs;
    uint64_t uid_base, uid_count, deadline_ms, cpu_limit_us, start_ms;
    bool detached, deadline_freezes;
};

/* Parses in place (terminates texts with NUL inside `bytes`). False with a message in `why`. */
bool plan_parse(struct plan *plan, uint8_t *bytes, size_t size, char why[MESSAGE_MAX]);

/* The way into a set of cgroups: one file to write to for each, and where there is a single v2 group, the group itself.
 * */
struct entrance {
    int fds[PLAN_LIST_MAX];
    size_t count;
    int group;
};

/* What is open while the sandbox lives. -1 = not there. */
struct shim {
    struct plan *plan;
    int run_dir, listener;
    int to_guest, from_guest;       /* pipes */
    struct entrance box;
    int kill_procs[PLAN_LIST_MAX];
    int cpu_file, kill_file, freeze_file;
    int deadline_timer, cpu_timer;
    pid_t guest;                    /* process 1 (or the runtime's own process) */
    int guest_pidfd;
    int runtime_log;                /* for reading; opened at once, since runsc gives the file to the sandbox's uid */
    uint64_t cpu_limit_us;
    int freeze_at_deadline;
    int cause;                      /* of enum end_cause, set before killing */
    bool guest_gone, ended;
    int guest_status;               /* of waitpid */
    char message[MESSAGE_MAX];
};

enum end_cause { END_GUEST = 1, END_KILLED = 2, END_DEADLINE = 3, END_CPU = 4, END_START = 5, END_FROZEN = 6 };

/* Builds the sandbox. False: `shim->message` says what failed. */
/* Opens the files by which a process enters its cgroups. */
bool entrance_open(struct entrance *entrance, const char *const *procs, size_t count);
void entrance_close(struct entrance *entrance);
/* The calling process, which has one thread, enters. */
bool entrance_enter(const struct entrance *entrance);
/* A fork that is born in the (v2) group, which costs nothing; moving there later takes the kernel's global lock. Where
 * that cannot be done, an ordinary fork with `inside` false, which has to enter by itself. */
pid_t fork_into_cgroup(const struct entrance *entrance, bool *inside);
/* The same with namespaces of its own (CLONE_NEW*), and no second way. */
pid_t clone_into_cgroup(const struct entrance *entrance, uint64_t namespaces);
bool shim_start(struct shim *shim, int listener);
/* Appends the end of what the runtime said to the message. */
void shim_quote_log(struct shim *shim);
/* Once the sandbox runs: one capability and a few system calls are kept. */
bool shim_drop_privileges(void);

void limits_open(struct shim *shim);
void limits_set_deadline(struct shim *shim, uint64_t boottime_ms, int freeze);
void limits_set_cpu(struct shim *shim, uint64_t limit_us);
/* The two timers fired. True: what the limit says was done. */
bool limits_on_deadline(struct shim *shim);
bool limits_on_cpu_timer(struct shim *shim);
/* The shim is a subreaper: it inherits what the runtime leaves and reaps all of it. */
void limits_reap(struct shim *shim);
void limits_kill(struct shim *shim, int cause);

struct relay;
struct relay *relay_open(struct shim *shim, int epoll);
/* Handles one ready descriptor if it is the relay's. */
void relay_ready(struct relay *relay, int fd, uint32_t events);
/* The guest is gone: deliver what is left, then the EXITED frame; false while bytes wait for the controller. */
bool relay_finish(struct relay *relay);
void relay_frozen(struct relay *relay);
/* Gives buffers back that a burst has used. */
void relay_idle(struct relay *relay);
bool relay_is_idle(const struct relay *relay);

int shim_run(struct plan *plan, int listener);
int spawner_main(int argc, char **argv);

int write_text(int fd, const char *text);
uint64_t boottime_ms(void);
/* Field 22 of /proc/<pid>/stat: clock ticks since boot. 0: no such process. */
uint64_t process_start_ticks(pid_t pid);

#endif
