/* Carries out the steps of a plan: the mounts that the sandbox is made of. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim_start.h"

#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif
#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x00000001
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif
#define AT_RECURSIVE_TREE 0x8000

struct mount_attributes { /* struct mount_attr of mount_setattr(2), which older headers lack */
    uint64_t set, clear, propagation, userns_fd;
};

static int set_attributes(int tree, struct mount_attributes *attributes) {
    return (int)syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE_TREE, attributes, sizeof *attributes);
}

static bool clone_tree(struct shim *shim, const struct step *step, int userns) {
    int tree = (int)syscall(SYS_open_tree, AT_FDCWD, step->source, OPEN_TREE_CLONE | O_CLOEXEC);
    if (tree < 0) {
        return shim_fail(shim, "cannot clone the mount at %s", step->source);
    }
    struct mount_attributes attributes = {.set = MOUNT_ATTR_RDONLY | step->flags};
    if (userns >= 0) {
        attributes.set |= MOUNT_ATTR_IDMAP;
        attributes.userns_fd = (uint64_t)userns;
    }
    int rc = set_attributes(tree, &attributes);
    if (rc != 0 && userns >= 0 && step->kind == STEP_IDMAP_OR_BIND && (errno == EINVAL || errno == EPERM)) {
        /* the file system has no idmapped mounts: files show as nobody's */
        attributes.set &= ~(uint64_t)MOUNT_ATTR_IDMAP;
        attributes.userns_fd = 0;
        rc = set_attributes(tree, &attributes);
    }
    if (rc != 0) {
        return shim_fail(shim, "cannot set attributes of the mount of %s", step->source);
    }
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, step->target, MOVE_MOUNT_F_EMPTY_PATH) != 0) {
        return shim_fail(shim, "cannot mount %s at %s", step->source, step->target);
    }
    close(tree);
    return true;
}

/* What a file system remembers of its mounter is the uid with which it makes files of its own: the first of the
 * sandbox's, where root of the host has no name. The capabilities that a change of uid takes away come back. */
static bool become(uid_t uid) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    syscall(SYS_setfsgid, uid);
    syscall(SYS_setfsuid, uid);
    if (syscall(SYS_capget, &header, data) != 0) {
        return false;
    }
    data[0].effective = data[0].permitted;
    data[1].effective = data[1].permitted;
    return syscall(SYS_capset, &header, data) == 0;
}

static bool mount_as(const struct step *step) {
    bool good = step->uid == 0 || become((uid_t)step->uid);
    good = good && mount(step->source, step->target, step->type, step->flags, step->options) == 0;
    int error = errno;
    if (step->uid != 0 && !become(0)) {
        good = false;
    }
    errno = error;
    return good;
}

static bool run_step(struct shim *shim, const struct step *step, int userns) {
    switch (step->kind) {
        case STEP_MOUNT:
            if (!mount_as(step)) {
                return shim_fail(shim, "cannot mount %s (%s) at %s", step->type,
                                 step->options ? step->options : "", step->target);
            }
            return true;
        case STEP_MKDIR:
            if (mkdir(step->target, (mode_t)step->mode) != 0 && errno != EEXIST) {
                return shim_fail(shim, "mkdir %s", step->target);
            }
            if (chmod(step->target, (mode_t)step->mode) != 0 ||
                lchown(step->target, (uid_t)step->uid, (gid_t)step->uid) != 0) {
                return shim_fail(shim, "cannot set owner and mode of %s", step->target);
            }
            return true;
        case STEP_IDMAP:
        case STEP_IDMAP_OR_BIND: return clone_tree(shim, step, userns);
        case STEP_BIND: return clone_tree(shim, step, -1);
        case STEP_DISK: return mount_disk(shim, step, userns);
        case STEP_UNMOUNT: umount2(step->target, MNT_DETACH); return true;
        case STEP_READ_ONLY: {
            struct mount_attributes attributes = {.set = MOUNT_ATTR_RDONLY};
            int rc = (int)syscall(SYS_mount_setattr, AT_FDCWD, step->target, AT_RECURSIVE_TREE, &attributes,
                                  sizeof attributes);
            if (rc != 0 && errno != ENOENT && errno != EINVAL) {
                return shim_fail(shim, "cannot make %s read-only", step->target);
            }
            return true;
        }
        case STEP_TOUCH: {
            int fd = open(step->target, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
            if (fd < 0) {
                return shim_fail(shim, "cannot create %s", step->target);
            }
            close(fd);
            return true;
        }
        default: errno = 0; return shim_fail(shim, "unknown step %llu", (unsigned long long)step->kind);
    }
}

bool own_mounts(struct shim *shim) {
    /* Slave: what the host unmounts disappears here too, so a sandbox never keeps a host's file system busy. */
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) {
        return shim_fail(shim, "cannot make a private mount namespace");
    }
    return true;
}

bool build_mounts(struct shim *shim, int userns) {
    for (size_t i = 0; i < shim->plan->steps_count; i++) {
        errno = 0;
        if (!run_step(shim, &shim->plan->steps[i], userns)) {
            return false;
        }
    }
    if (shim->plan->userns != NULL) {
        char source[64];
        snprintf(source, sizeof source, "/proc/self/fd/%d", userns);
        if (mount(source, shim->plan->userns, NULL, MS_BIND, NULL) != 0) {
            return shim_fail(shim, "cannot keep the user namespace at %s", shim->plan->userns);
        }
    }
    return true;
}
