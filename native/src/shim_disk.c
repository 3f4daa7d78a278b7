/* A writable layer that is a disk: an ext4 image on a loop device. Nothing of it has a name on the host: the device
 * clears itself when its last user is gone, which is the mount in the shim's namespace, whoever dies and when. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "shim_start.h"

#ifndef MOUNT_ATTR_IDMAP
#define MOUNT_ATTR_IDMAP 0x00100000
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif
#ifndef LOOP_CONFIGURE
#define LOOP_CONFIGURE 0x4C0A
struct loop_config {
    __u32 fd, block_size;
    struct loop_info64 info;
    __u64 reserved[8];
};
#endif
/* linux/mount.h, which does not go together with sys/mount.h */
#define CONFIG_SET_FLAG 0
#define CONFIG_SET_STRING 1
#define CONFIG_CREATE 6
#define CLOEXEC_FLAG 1
#define LOOP_MAJOR 7
#define LOOP_ROUNDS_MAX 256
#define OPTIONS_MAX 256
#define LOCK_PAUSE_NS 1000000

/* The loop device keeps the open file and with it this lock, so an image is never on two devices: what an earlier life
 * of the sandbox still writes ends first. */
static bool lock_image(struct shim *shim, int image, const char *path) {
    uint64_t until = boottime_ms() + shim->plan->start_ms;
    while (flock(image, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return shim_fail(shim, "cannot lock the disk %s", path);
        }
        if (boottime_ms() >= until) {
            errno = 0;
            return shim_fail(shim, "the disk %s is in use", path);
        }
        nanosleep(&(struct timespec){.tv_nsec = LOCK_PAUSE_NS}, NULL);
    }
    return true;
}

static int open_device(int number, char *device, size_t size) {
    snprintf(device, size, "/dev/loop%d", number);
    int loop = open(device, O_RDWR | O_CLOEXEC);
    if (loop < 0 && errno == ENOENT) { /* a container without devtmpfs */
        (void)!mknod(device, S_IFBLK | 0600, makedev(LOOP_MAJOR, (unsigned)number));
        loop = open(device, O_RDWR | O_CLOEXEC);
    }
    return loop;
}

static int attach_loop(struct shim *shim, int image, char *device, size_t size) {
    struct loop_config config = {.fd = (uint32_t)image, .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    int loop = -1;
    for (int round = 0; control >= 0 && loop < 0 && round < LOOP_ROUNDS_MAX; round++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        if (number < 0) {
            break;
        }
        loop = open_device(number, device, size);
        if (loop < 0) {
            break;
        }
        /* One call that sets the flag too: a shim that dies in between leaves nothing. */
        if (ioctl(loop, LOOP_CONFIGURE, &config) != 0) {
            int error = errno;
            close(loop);
            loop = -1;
            errno = error;
            if (error != EBUSY) { /* busy: another shim was faster */
                break;
            }
        }
    }
    int error = errno;
    if (control >= 0) {
        close(control);
    }
    errno = error;
    if (loop < 0) {
        shim_fail(shim, "cannot attach a loop device (is the module 'loop' there?)");
    }
    return loop;
}

/* "name" and "name=value", separated by commas. */
static bool set_options(int fs, const char *options) {
    char text[OPTIONS_MAX], *rest = text;
    if (strlen(options) >= sizeof text) {
        errno = EINVAL;
        return false;
    }
    strcpy(text, options);
    for (char *option; (option = strsep(&rest, ",")) != NULL;) {
        char *value = strchr(option, '=');
        if (value != NULL) {
            *value++ = 0;
        }
        if (*option != 0 && syscall(SYS_fsconfig, fs, value != NULL ? CONFIG_SET_STRING : CONFIG_SET_FLAG, option,
                                    value, 0) != 0) {
            return false;
        }
    }
    return true;
}

static bool mount_device(struct shim *shim, const struct step *step, const char *device, int userns) {
    struct mount_attributes {
        uint64_t set, clear, propagation, userns_fd;
    } attributes = {.set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns};
    int fs = (int)syscall(SYS_fsopen, step->type, CLOEXEC_FLAG);
    if (fs < 0 || !set_options(fs, step->options != NULL ? step->options : "") ||
        syscall(SYS_fsconfig, fs, CONFIG_SET_STRING, "source", device, 0) != 0 ||
        syscall(SYS_fsconfig, fs, CONFIG_CREATE, NULL, NULL, 0) != 0) {
        return shim_fail(shim, "cannot mount the disk %s", step->source);
    }
    int tree = (int)syscall(SYS_fsmount, fs, CLOEXEC_FLAG, 0);
    close(fs);
    if (tree < 0) {
        return shim_fail(shim, "cannot mount the disk %s", step->source);
    }
    /* On the disk the sandbox's users are 0, 1, …, whichever range this life of it has. */
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) {
        return shim_fail(shim, "cannot show the disk's owners as the sandbox's (needs Linux 5.19)");
    }
    if (syscall(SYS_move_mount, tree, "", AT_FDCWD, step->target, MOVE_MOUNT_F_EMPTY_PATH) != 0) {
        return shim_fail(shim, "cannot mount the disk at %s", step->target);
    }
    close(tree);
    return true;
}

bool mount_disk(struct shim *shim, const struct step *step, int userns) {
    char device[32];
    if (userns < 0 || step->source == NULL || step->type == NULL) {
        errno = 0;
        return shim_fail(shim, "a disk needs an image, a type and a range of uids");
    }
    int image = open(step->source, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (image < 0) {
        return shim_fail(shim, "cannot open the disk %s", step->source);
    }
    if (!lock_image(shim, image, step->source)) {
        return false;
    }
    int loop = attach_loop(shim, image, device, sizeof device);
    if (loop < 0) {
        return false;
    }
    bool good = mount_device(shim, step, device, userns);
    close(loop);
    close(image);
    return good;
}
