/* The sandbox's root, as its process 1 puts it together. The root may come from a stranger's image, so no path in it is
 * followed through a symbolic link, and none leads out of it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "launch.h"
#include "shim_start.h"

#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x00000001
#endif
#ifndef MOUNT_ATTR_NOEXEC
#define MOUNT_ATTR_NOEXEC 0x00000008
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#define AT_RECURSIVE_TREE 0x8000
#define MOVE_FROM_DESCRIPTOR 0x04 /* MOVE_MOUNT_F_EMPTY_PATH */
#define MOVE_TO_DESCRIPTOR 0x40   /* MOVE_MOUNT_T_EMPTY_PATH */
#define FOLDER_MODE 0755

/* linux/mount.h, which does not go together with sys/mount.h */
struct mount_attributes {
    uint64_t set, clear, propagation, userns_fd;
};

static int look_up(int folder, const char *path) {
    struct open_how how = {.flags = O_PATH | O_CLOEXEC,
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
}

static bool make_file(int folder, const char *name) {
    int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0 || errno == EEXIST;
}

/* Opens the target; makes what is missing of it, ending in a folder or a file. -1 with errno. */
static int make_target(const struct box *box, const char *path, bool folder) {
    char names[PATH_MAX], *rest = names;
    int at = look_up(box->root, path);
    if (at >= 0 || errno != ENOENT) {
        return at;
    }
    if (strlen(path) >= sizeof names) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(names, path);
    at = look_up(box->root, "/");
    for (char *name; at >= 0 && (name = strsep(&rest, "/")) != NULL;) {
        if (*name == 0) {
            continue;
        }
        bool last = rest == NULL || rest[strspn(rest, "/")] == 0;
        bool made = last && !folder ? make_file(at, name) : mkdirat(at, name, FOLDER_MODE) == 0 || errno == EEXIST;
        int next = made ? look_up(at, name) : -1;
        int error = errno;
        close(at);
        errno = error;
        at = next;
    }
    return at;
}

static bool is_folder(int fd) {
    struct stat facts;
    return fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* Mounts a clone of a tree over the target. */
static bool cover(int source, int target, uint64_t flags, bool all) {
    struct mount_attributes attributes = {.set = flags};
    int recursive = all ? AT_RECURSIVE_TREE : 0;
    int tree = (int)syscall(SYS_open_tree, source, "", OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH | recursive);
    bool good = tree >= 0 &&
                (flags == 0 || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | recursive, &attributes,
                                       sizeof attributes) == 0) &&
                syscall(SYS_move_mount, tree, "", target, "", MOVE_FROM_DESCRIPTOR | MOVE_TO_DESCRIPTOR) == 0;
    int error = errno;
    if (tree >= 0) {
        close(tree);
    }
    errno = error;
    return good;
}

/* Read-only is the mount, not its file system, which has other mounts. */
static bool protect(const struct box *box, const char *target) {
    struct mount_attributes attributes = {.set = MOUNT_ATTR_RDONLY};
    int mounted = look_up(box->root, target);
    bool good = mounted >= 0 &&
                syscall(SYS_mount_setattr, mounted, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0;
    int error = errno;
    if (mounted >= 0) {
        close(mounted);
    }
    errno = error;
    return good;
}

static bool mount_new(const struct box *box, const struct step *step, int target) {
    unsigned long flags = step->flags & ~(unsigned long)MS_RDONLY;
    return fchdir(target) == 0 && mount(step->source, ".", step->type, flags, step->options) == 0 &&
           ((step->flags & MS_RDONLY) == 0 || protect(box, step->target));
}

static bool bind(const struct box *box, const struct step *step) {
    int source = open(step->source, O_PATH | O_CLOEXEC);
    if (source < 0) {
        return false;
    }
    int target = make_target(box, step->target, is_folder(source));
    bool good = target >= 0 && cover(source, target, step->flags, false);
    int error = errno;
    close(source);
    if (target >= 0) {
        close(target);
    }
    errno = error;
    return good;
}

static bool mask(int target, const char *folder) {
    /* The null device would be none with NODEV. */
    bool hides_folder = is_folder(target);
    uint64_t flags = MOUNT_ATTR_RDONLY | (hides_folder ? MOUNT_ATTR_NOEXEC : 0);
    int source = open(hides_folder ? folder : "/dev/null", O_PATH | O_CLOEXEC);
    bool good = source >= 0 && cover(source, target, flags, false);
    int error = errno;
    if (source >= 0) {
        close(source);
    }
    errno = error;
    return good;
}

static bool link_inside(const struct box *box, const struct step *step) {
    const char *name = strrchr(step->target, '/');
    char folder[PATH_MAX];
    size_t length = name == NULL ? sizeof folder : (size_t)(name - step->target);
    if (length >= sizeof folder) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(folder, step->target, length);
    folder[length] = 0;
    int at = make_target(box, folder, true);
    bool good = at >= 0 && symlinkat(step->source, at, name + 1) == 0;
    if (at >= 0) {
        close(at);
    }
    return good;
}

/* What is already there, and nothing else. */
static bool change(const struct box *box, const struct step *step) {
    int target = look_up(box->root, step->target);
    if (target < 0) {
        return errno == ENOENT;
    }
    bool good = step->kind == INSIDE_MASK ? mask(target, step->source) : cover(target, target, MOUNT_ATTR_RDONLY, true);
    int error = errno;
    close(target);
    errno = error;
    return good;
}

static bool carry_out(const struct box *box, const struct step *step) {
    switch (step->kind) {
        case INSIDE_MOUNT: {
            int target = make_target(box, step->target, true);
            bool good = target >= 0 && mount_new(box, step, target);
            int error = errno;
            if (target >= 0) {
                close(target);
            }
            errno = error;
            return good;
        }
        case INSIDE_BIND: return bind(box, step);
        case INSIDE_LINK: return link_inside(box, step);
        case INSIDE_MASK:
        case INSIDE_READ_ONLY: return change(box, step);
        default: errno = ENOTSUP; return false;
    }
}

/* A clone of the mount of the root over itself: what came with the mount namespace is locked and cannot be a root. */
static bool open_root(struct box *box) {
    box->root = (int)syscall(SYS_open_tree, AT_FDCWD, box->plan->root,
                             OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE_TREE);
    return box->root >= 0 && syscall(SYS_move_mount, box->root, "", AT_FDCWD, box->plan->root,
                                     MOVE_FROM_DESCRIPTOR) == 0;
}

/* The limits of the sandbox's user namespace in its own procfs, before that is made read-only. The host's has the same
 * files, but there the kernel goes through those of all sandboxes to find them. -1 where there is none. */
static int open_limits(const struct box *box) {
    struct statfs system;
    int folder = look_up(box->root, LIMITS_OF_USERNS);
    if (folder >= 0 && (fstatfs(folder, &system) != 0 || system.f_type != PROC_SUPER_MAGIC)) {
        close(folder);
        return -1;
    }
    return folder;
}

bool box_enter_root(struct box *box) {
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || !open_root(box)) {
        return box_fail(box, "cannot make the sandbox's mount namespace");
    }
    int limits = -1;
    for (size_t i = 0; i < box->plan->inside_count; i++) {
        const struct step *step = &box->plan->inside[i];
        if (limits < 0 && step->kind == INSIDE_READ_ONLY) {
            limits = open_limits(box);
        }
        if (!carry_out(box, step)) {
            if (errno == ELOOP) {
                errno = 0;
                return box_fail(box, "%s leads through a symbolic link in the root, which nothing is mounted through",
                                step->target);
            }
            return box_fail(box, "cannot mount %s at %s", step->source != NULL ? step->source : "it", step->target);
        }
    }
    /* Only now: the kernel counts a clone of a mount as a namespace. */
    if (!userns_close_to_more(limits >= 0 ? limits : open(LIMITS_OF_USERNS, O_PATH | O_DIRECTORY | O_CLOEXEC))) {
        return box_fail(box, "cannot forbid further namespaces in the sandbox");
    }
    if (limits >= 0) {
        close(limits);
    }
    /* The old root comes to lie over the new one, and goes with all that it had. */
    if (fchdir(box->root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 ||
        chdir("/") != 0) {
        return box_fail(box, "cannot leave the host's root");
    }
    return true;
}
