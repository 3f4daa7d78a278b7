/* The stages of a start: each returns false with the reason in the shim's message. */
#ifndef SKERRY_SHIM_START_H
#define SKERRY_SHIM_START_H

#include "shim.h"

/* Puts a message, with the text of errno unless that is 0, into the shim. Always false. */
bool shim_fail(struct shim *shim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The process that owns the sandbox's user namespace until the runtime has joined it. */
struct userns {
    pid_t pid;
    int fd;      /* the namespace */
    int control; /* one byte lets the helper forbid further namespaces; closing ends it */
    int ready;   /* one byte comes back when it has */
};

bool userns_create(struct shim *shim, struct userns *ns);
/* Gives the new user namespace of that process the plan's range of ids, and opens it; -1 with a message. */
int userns_map(struct shim *shim, pid_t pid);
/* The calling process's user namespace gets no namespaces any more. `folder` is this one, in a procfs. */
#define LIMITS_OF_USERNS "/proc/sys/user"
bool userns_close_to_more(int folder);
/* The runtime has joined: no process in the sandbox can make a namespace of its own from here on. */
bool userns_forbid_more(struct shim *shim, struct userns *ns);
/* Ends the helper, at once when the start failed. */
void userns_close(struct userns *ns, bool good);

/* An ext4 image as the step says. */
bool mount_disk(struct shim *shim, const struct step *step, int userns);

/* A mount namespace of the sandbox's own. */
bool own_mounts(struct shim *shim);
/* The steps of the plan in it. `userns` as from userns_create, or -1. */
bool build_mounts(struct shim *shim, int userns);

/* Everything of a start where no runtime takes part. */
bool launch(struct shim *shim);
/* The pipes to and from process 1: `child` for its descriptors 0, 1 and 2. */
bool open_streams(struct shim *shim, int child[3]);
/* Process 1 runs: from here on it is watched. */
bool watch_guest(struct shim *shim);

#endif
