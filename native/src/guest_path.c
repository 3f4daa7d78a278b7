// Paths and their metadata.
#define _GNU_SOURCE
#include "guest_files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

// Whether a file is one of those in which the kernel shows this process. It lets every thread of a process have them,
// whatever user that works for at the moment: without this, a link to /proc/1/mem would make any user root inside.
static bool is_of_guestd(int fd) {
    struct statfs system;
    if (fstatfs(fd, &system) < 0 || system.f_type != PROC_SUPER_MAGIC) {
        return false;
    }
    char link[32], path[PATH_BYTES], own[16];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) {
        return true;
    }
    path[length] = 0;
    snprintf(own, sizeof own, "%d", (int) getpid());
    char *rest = path;
    for (char *part = strtok_r(path, "/", &rest); part != NULL; part = strtok_r(NULL, "/", &rest)) {
        if (strcmp(part, own) == 0) {
            return true;
        }
    }
    return false;
}

static int checked(int fd) {
    if (fd >= 0 && geteuid() != 0 && is_of_guestd(fd)) {
        close(fd);
        errno = EACCES;
        return -1;
    }
    return fd;
}

static int open_plain(int folder, const char *path, int flags, mode_t mode) {
    return checked(openat(folder, path, flags, mode));
}

int path_open(int folder, const char *path, int flags, mode_t mode) {
    static bool missing; // old kernels, gVisor, or a seccomp profile that does not know it
    flags |= O_CLOEXEC | (flags & O_PATH ? 0 : O_NOCTTY); // openat2 refuses what means nothing
    if (missing) {
        return open_plain(folder, path, flags, mode);
    }
    const struct open_how how = {
        .flags = (uint64_t) (unsigned) flags,
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_NO_MAGICLINKS,
    };
    int fd = (int) syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) {
        // EPERM is what a profile answers for a call it does not know; a true EPERM is met again below.
        missing = errno == ENOSYS;
        return open_plain(folder, path, flags, mode);
    }
    return checked(fd);
}

int path_open_regular(const char *path, int flags, mode_t mode, struct stat *status) {
    int fd = path_open(AT_FDCWD, path, flags | O_NONBLOCK, mode);
    if (fd < 0) {
        errno = errno == ENXIO ? EINVAL : errno; // a FIFO without reader, a socket
        return -1;
    }
    if (fstat(fd, status) < 0 || !S_ISREG(status->st_mode)) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

int path_stat(int folder, const char *path, bool follow, struct stat *status) {
    return fstatat(folder, path, status, follow ? 0 : AT_SYMLINK_NOFOLLOW);
}

int stat_type(const struct stat *status) {
    return S_ISREG(status->st_mode) ? 1 : S_ISDIR(status->st_mode) ? 2 : S_ISLNK(status->st_mode) ? 3 : 4;
}

static uint64_t nanoseconds(const struct timespec *time) {
    return (uint64_t) time->tv_sec * 1000000000 + (uint64_t) time->tv_nsec;
}

void put_stat(struct field_writer *out, const struct stat *status) {
    field_put_int(out, F_TYPE, (uint64_t) stat_type(status));
    field_put_int(out, F_SIZE, (uint64_t) status->st_size);
    field_put_int(out, F_MODE, status->st_mode & 07777);
    field_put_int(out, F_UID, status->st_uid);
    field_put_int(out, F_GID, status->st_gid);
    field_put_int(out, F_MTIME_NS, nanoseconds(&status->st_mtim));
    field_put_int(out, F_ATIME_NS, nanoseconds(&status->st_atim));
    field_put_int(out, F_CTIME_NS, nanoseconds(&status->st_ctim));
    field_put_int(out, F_NLINK, status->st_nlink);
    field_put_int(out, F_INODE, status->st_ino);
}

int path_open_parent(const char *path, const char **name, char scratch[PATH_BYTES]) {
    size_t length = strlen(path);
    memcpy(scratch, path, length + 1);
    while (length > 1 && scratch[length - 1] == '/') {
        scratch[--length] = 0;
    }
    char *slash = strrchr(scratch, '/');
    *name = slash + 1;
    if (**name == 0 || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0) {
        errno = EINVAL;
        return -1;
    }
    *slash = 0;
    return path_open(AT_FDCWD, slash == scratch ? "/" : scratch, O_PATH | O_DIRECTORY, 0);
}

// Opens `name` in `folder`, making it when it is missing.
static int step_into(int folder, const char *name, mode_t mode) {
    int next = path_open(folder, name, O_PATH | O_DIRECTORY, 0);
    if (next < 0 && errno == ENOENT) {
        if (mkdirat(folder, name, mode) < 0 && errno != EEXIST) {
            return -1;
        }
        next = path_open(folder, name, O_PATH | O_DIRECTORY, 0);
    }
    return next;
}

int path_make(const char *path, bool only_parents, mode_t mode) {
    char scratch[PATH_BYTES];
    memcpy(scratch, path, strlen(path) + 1);
    int folder = path_open(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0);
    char *rest = scratch;
    while (folder >= 0) {
        rest += strspn(rest, "/");
        char *end = strchrnul(rest, '/');
        bool last = end[strspn(end, "/")] == 0;
        if (*rest == 0 || (last && only_parents)) {
            break;
        }
        char *after = *end == 0 ? end : end + 1;
        *end = 0;
        int next = step_into(folder, rest, last ? mode : 0755);
        int error = errno;
        close(folder);
        errno = error;
        folder = next;
        rest = after;
    }
    if (folder < 0) {
        return -1;
    }
    close(folder);
    return 0;
}

bool request_path_user(const struct request *request, char path[PATH_BYTES], struct credentials *user) {
    return request_path(request, F_PATH, path) && request_user(request, user, NULL);
}

bool enter_or_answer(struct channel *channel, const struct credentials *user) {
    if (!user_enter(user)) {
        channel_errno(channel, errno, "change of user");
        return false;
    }
    return true;
}

int path_open_folder(struct channel *channel, const char *path, const struct credentials *user) {
    if (!enter_or_answer(channel, user)) {
        return -1;
    }
    int folder = path_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    user_leave();
    if (folder < 0) {
        if (errno == ENOTDIR) {
            channel_error(channel, E_INVALID, ENOTDIR, "%.800s: not a folder", path);
        } else {
            channel_errno(channel, errno, path);
        }
    }
    return folder;
}
