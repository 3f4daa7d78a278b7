/* The launcher of our own: what an OCI runtime does elsewhere, for a plan that has a root.
 * shim_launch.c        the shim's side, and the order of what process 1 does until it is guestd
 * launch_mounts.c      the root file system and what is mounted in it
 * launch_privileges.c  names, limits and rights of process 1
 * launch_trial.c       tries whether this host lets all of that happen
 *
 * There is one process. It is born with the user and pid namespaces of the sandbox, in the shim's mount namespace, and
 * makes the others while the shim puts the root together. */
#ifndef SKERRY_LAUNCH_H
#define SKERRY_LAUNCH_H

#include "shim.h"

/* Process 1 before it is guestd. */
struct box {
    const struct plan *plan;
    int control; /* to the shim: the reason of a failure; closed by the execve that succeeds */
    int root;
};

/* Tells the shim, with the text of errno unless that is 0. Always false. */
bool box_fail(const struct box *box, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* launch_mounts.c: in a mount namespace of its own, the plan's root with all that is inside becomes the root. */
bool box_enter_root(struct box *box);

/* launch_privileges.c */
/* Host name, loopback device, session keyring. */
bool box_settle(const struct box *box);
bool box_set_limits(const struct box *box);
/* The filter of system calls, then the capabilities: process 1 keeps what the plan says. */
bool box_drop_privileges(const struct box *box);

/* Starts a guestd in a root of its own and ends it. Says that it works, or why not. */
int launch_trial_main(void);

#endif
