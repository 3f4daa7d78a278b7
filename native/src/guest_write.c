// WRITE: in place, or to a temporary name that takes the place of the file at the end.
#define _GNU_SOURCE
#include "guest_files.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { RENAME_NO_REPLACE = 1, FLAGS_ALL = 63 };

struct writing {
    void *grave;
    int fd;
    int folder; // of an atomic write; else -1
    bool positioned, exclusive;
    uint64_t offset, written;
    struct credentials user;
    char temporary[32];
    char name[256];
};

struct write_plan {
    char path[PATH_BYTES];
    struct credentials user;
    uint64_t flags, mode, offset;
    bool has_offset, has_mode;
};

static void writing_close(struct writing *writing) {
    close(writing->fd);
    if (writing->folder >= 0) {
        close(writing->folder);
    }
    free_later(writing);
}

// Takes the temporary name away. The user's rights made it, so they also remove it.
static void writing_abandon(struct writing *writing) {
    if (writing->folder >= 0 && user_enter(&writing->user)) {
        unlinkat(writing->folder, writing->temporary, 0);
        user_leave();
    }
    writing_close(writing);
}

static void on_drop(struct channel *channel) {
    writing_abandon(channel->owner);
}

static void writing_fail(struct channel *channel, int error, const char *what) {
    writing_abandon(channel->owner);
    channel_errno(channel, error, what);
}

static void on_data(struct channel *channel, const uint8_t *bytes, size_t length) {
    struct writing *writing = channel->owner;
    for (size_t done = 0; done < length;) {
        ssize_t count = writing->positioned
            ? pwrite(writing->fd, bytes + done, length - done, (off_t) writing->offset)
            : write(writing->fd, bytes + done, length - done);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            writing_fail(channel, count < 0 ? errno : EIO, "write");
            return;
        }
        done += (size_t) count;
        writing->offset += (uint64_t) count;
        writing->written += (uint64_t) count;
    }
    channel_consumed(channel, length);
}

static int put_in_place(struct writing *writing) {
    int folder = writing->folder;
    if (writing->exclusive) {
        int result = (int) syscall(SYS_renameat2, folder, writing->temporary, folder, writing->name, RENAME_NO_REPLACE);
        if (result == 0 || (errno != ENOSYS && errno != EINVAL)) {
            return result;
        }
        // A hard link does not replace either.
        if (linkat(folder, writing->temporary, folder, writing->name, 0) < 0) {
            return -1;
        }
        return unlinkat(folder, writing->temporary, 0);
    }
    return renameat(folder, writing->temporary, folder, writing->name);
}

static void on_eof(struct channel *channel) {
    struct writing *writing = channel->owner;
    if (writing->folder >= 0) {
        if (!user_enter(&writing->user)) {
            writing_fail(channel, errno, "change of user");
            return;
        }
        int result = put_in_place(writing);
        user_leave();
        if (result < 0) {
            writing_fail(channel, errno, "rename");
            return;
        }
    }
    field_put_int(reply_begin(channel, FRAME_END), F_SIZE, writing->written);
    reply_send();
    writing_close(writing);
}

static const struct channel_ops writing_ops = {.data = on_data, .eof = on_eof, .drop = on_drop};

// ---- opening, with the rights of the user ----

static bool random_name(char out[32]) {
    uint8_t bytes[8];
    if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) != (ssize_t) sizeof bytes) {
        return false;
    }
    snprintf(out, 32, ".skerry-%016llx", (unsigned long long) load_u64(bytes));
    return true;
}

// A new file keeps what the replaced one had, as far as the user may give it.
static void adopt(int fd, int folder, const char *name, const struct write_plan *plan) {
    struct stat status;
    mode_t mode = plan->has_mode ? (mode_t) plan->mode : 0644;
    if (path_stat(folder, name, false, &status) == 0 && S_ISREG(status.st_mode)) {
        (void) !fchown(fd, status.st_uid, status.st_gid);
        if (!plan->has_mode) {
            mode = status.st_mode & 01777;
        }
    }
    fchmod(fd, mode);
}

static int open_atomic(const struct write_plan *plan, struct writing *writing) {
    char scratch[PATH_BYTES];
    const char *name;
    struct stat status;
    writing->folder = path_open_parent(plan->path, &name, scratch);
    if (writing->folder < 0) {
        return -1;
    }
    if (strlen(name) >= sizeof writing->name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(writing->name, name, strlen(name) + 1);
    bool exists = path_stat(writing->folder, name, false, &status) == 0;
    if (exists ? (plan->flags & FLAG_EXCLUSIVE) != 0 : (plan->flags & FLAG_CREATE) == 0) {
        errno = exists ? EEXIST : ENOENT;
        return -1;
    }
    if (exists && S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return -1;
    }
    writing->exclusive = (plan->flags & FLAG_EXCLUSIVE) != 0;
    if (!random_name(writing->temporary)) {
        return -1;
    }
    int fd = path_open(writing->folder, writing->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        adopt(fd, writing->folder, name, plan);
    }
    return fd;
}

static int open_in_place(const struct write_plan *plan, struct writing *writing) {
    struct stat status;
    int flags = O_WRONLY | ((plan->flags & FLAG_APPEND) ? O_APPEND : 0);
    bool create = (plan->flags & FLAG_CREATE) != 0;
    bool exclusive = (plan->flags & FLAG_EXCLUSIVE) != 0;
    bool created = false;
    int fd = -1;
    errno = ENOENT;
    if (!create || !exclusive) {
        fd = path_open_regular(plan->path, flags, 0, &status);
    }
    if (fd < 0 && errno == ENOENT && create) {
        fd = path_open_regular(plan->path, flags | O_CREAT | O_EXCL, 0600, &status);
        created = fd >= 0;
        if (fd < 0 && errno == EEXIST && !exclusive) {
            // Made meanwhile, or a link that leads to nothing: then what it names is made.
            fd = path_open_regular(plan->path, flags | O_CREAT, 0644, &status);
        }
    }
    if (fd < 0) {
        return -1;
    }
    if (created) {
        fchmod(fd, plan->has_mode ? (mode_t) plan->mode : 0644);
    }
    struct statfs system;
    // A write to /proc could reach the memory of guestd itself.
    if (fstatfs(fd, &system) == 0 && system.f_type == PROC_SUPER_MAGIC) {
        close(fd);
        errno = EACCES;
        return -1;
    }
    if ((plan->flags & FLAG_TRUNCATE) && ftruncate(fd, 0) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    writing->positioned = !(plan->flags & FLAG_APPEND);
    writing->offset = plan->offset;
    return fd;
}

static bool read_plan(const struct request *request, struct write_plan *plan) {
    struct field field;
    plan->flags = plan->offset = 0;
    plan->mode = 0644;
    plan->has_offset = request_field(request, F_OFFSET, &field);
    plan->has_mode = request_field(request, F_MODE, &field);
    if (!request_path_user(request, plan->path, &plan->user)
        || !request_int(request, F_FLAGS, &plan->flags, FLAGS_ALL)
        || !request_int(request, F_MODE, &plan->mode, 07777)
        || !request_int(request, F_OFFSET, &plan->offset, INT64_MAX)) {
        return false;
    }
    bool positioned = plan->offset > 0;
    if ((positioned && (plan->flags & (FLAG_APPEND | FLAG_ATOMIC)))
        || ((plan->flags & FLAG_APPEND) && (plan->flags & FLAG_ATOMIC))) {
        channel_error(request->channel, E_INVALID, 0, "invalid FLAGS: atomic, append and OFFSET exclude each other");
        return false;
    }
    return true;
}

void op_write(const struct request *request) {
    struct write_plan plan;
    if (!read_plan(request, &plan)) {
        return;
    }
    struct writing *writing = calloc(1, sizeof *writing);
    if (writing == NULL) {
        channel_error(request->channel, E_NO_SPACE, 0, "no memory");
        return;
    }
    writing->folder = -1;
    writing->user = plan.user;
    if (!enter_or_answer(request->channel, &plan.user)) {
        free(writing);
        return;
    }
    int result = plan.flags & FLAG_PARENTS ? path_make(plan.path, true, 0755) : 0;
    writing->fd = result < 0 ? -1 : plan.flags & FLAG_ATOMIC ? open_atomic(&plan, writing)
        : open_in_place(&plan, writing);
    user_leave();
    if (writing->fd < 0) {
        int error = errno;
        if (writing->folder >= 0) {
            close(writing->folder);
        }
        free(writing);
        channel_errno(request->channel, error, plan.path);
        return;
    }
    channel_accept(request->channel, &writing_ops, writing, WINDOW_FILE, 0);
    reply_begin(request->channel, FRAME_RESPONSE);
    reply_send();
}
