// File operations that are done at once: STAT, MKDIR, MOVE, CHMOD, CHOWN, XATTR, SYMLINK.
#define _GNU_SOURCE
#include "guest_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { RENAME_NO_REPLACE = 1, XATTR_VALUE_MAX = 60000 };

static void answer(struct channel *channel, int result, int error, const char *path) {
    if (result < 0) {
        channel_errno(channel, error, path);
    } else {
        channel_end(channel);
    }
}

void op_stat(const struct request *request) {
    char path[PATH_BYTES], target[PATH_BYTES];
    struct credentials user;
    uint64_t flags = 0;
    struct stat status;
    ssize_t target_length = -1;
    if (!request_path_user(request, path, &user) || !request_int(request, F_FLAGS, &flags, FLAG_FOLLOW)
        || !enter_or_answer(request->channel, &user)) {
        return;
    }
    int result = path_stat(AT_FDCWD, path, (flags & FLAG_FOLLOW) != 0, &status);
    if (result == 0 && S_ISLNK(status.st_mode)) {
        target_length = readlink(path, target, sizeof target);
    }
    user_leave();
    if (result < 0) {
        channel_errno(request->channel, errno, path);
        return;
    }
    struct field_writer *out = reply_begin(request->channel, FRAME_END);
    put_stat(out, &status);
    if (target_length >= 0) {
        field_put_bytes(out, F_TARGET, target, (size_t) target_length);
    }
    reply_send();
}

void op_mkdir(const struct request *request) {
    char path[PATH_BYTES];
    struct credentials user;
    uint64_t flags = 0, mode = 0755;
    if (!request_path_user(request, path, &user) || !request_int(request, F_FLAGS, &flags, FLAG_PARENTS)
        || !request_int(request, F_MODE, &mode, 07777) || !enter_or_answer(request->channel, &user)) {
        return;
    }
    mode_t mask = umask(0);
    int result = flags & FLAG_PARENTS ? path_make(path, false, (mode_t) mode) : mkdir(path, (mode_t) mode);
    int error = errno;
    umask(mask);
    user_leave();
    answer(request->channel, result, error, path);
}

void op_make_fifo(const struct request *request) {
    char path[PATH_BYTES];
    struct credentials user;
    uint64_t mode = 0600;
    if (!request_path_user(request, path, &user) || !request_int(request, F_MODE, &mode, 0777)
        || !enter_or_answer(request->channel, &user)) {
        return;
    }
    int result = mkfifo(path, (mode_t) mode);
    int error = errno;
    user_leave();
    answer(request->channel, result, error, path);
}

static int rename_without_replacing(const char *from, const char *to) {
    int result = (int) syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NO_REPLACE);
    if (result < 0 && (errno == ENOSYS || errno == EINVAL)) {
        struct stat status;
        // Not atomic, where the kernel or the file system cannot do it better.
        if (path_stat(AT_FDCWD, to, false, &status) == 0) {
            errno = EEXIST;
            return -1;
        }
        return rename(from, to);
    }
    return result;
}

void op_move(const struct request *request) {
    char path[PATH_BYTES], target[PATH_BYTES];
    struct credentials user;
    uint64_t flags = 0;
    if (!request_path_user(request, path, &user) || !request_path(request, F_TARGET, target)
        || !request_int(request, F_FLAGS, &flags, FLAG_EXCLUSIVE) || !enter_or_answer(request->channel, &user)) {
        return;
    }
    int result = flags & FLAG_EXCLUSIVE ? rename_without_replacing(path, target) : rename(path, target);
    int error = errno;
    user_leave();
    answer(request->channel, result, error, path);
}

void op_chmod(const struct request *request) {
    char path[PATH_BYTES];
    struct credentials user;
    uint64_t mode = 010000;
    if (!request_path_user(request, path, &user) || !request_int(request, F_MODE, &mode, 07777)) {
        return;
    }
    if (mode > 07777) {
        channel_error(request->channel, E_INVALID, 0, "MODE is missing");
        return;
    }
    if (!enter_or_answer(request->channel, &user)) {
        return;
    }
    int result = chmod(path, (mode_t) mode);
    int error = errno;
    user_leave();
    answer(request->channel, result, error, path);
}

void op_chown(const struct request *request) {
    char path[PATH_BYTES];
    struct credentials user;
    uint64_t uid = (uid_t) -1, gid = (gid_t) -1, flags = 0;
    if (!request_path_user(request, path, &user) || !request_int(request, F_UID, &uid, (uid_t) -2)
        || !request_int(request, F_GID, &gid, (gid_t) -2) || !request_int(request, F_FLAGS, &flags, FLAG_FOLLOW)
        || !enter_or_answer(request->channel, &user)) {
        return;
    }
    int result = fchownat(AT_FDCWD, path, (uid_t) uid, (gid_t) gid, flags & FLAG_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW);
    int error = errno;
    user_leave();
    answer(request->channel, result, error, path);
}

void op_symlink(const struct request *request) {
    char path[PATH_BYTES], target[PATH_BYTES] = "";
    struct credentials user;
    if (!request_path_user(request, path, &user) || !request_text(request, F_TARGET, target, sizeof target)) {
        return;
    }
    if (target[0] == 0) {
        channel_error(request->channel, E_INVALID, 0, "TARGET is missing");
        return;
    }
    if (!enter_or_answer(request->channel, &user)) {
        return;
    }
    int result = symlink(target, path);
    int error = errno;
    user_leave();
    answer(request->channel, result, error, path);
}

// ---- extended attributes ----

static bool is_user_name(const char *name) {
    return strncmp(name, "user.", 5) == 0 && name[5] != 0;
}

// The names are one list with NULs between; only those that this operation may touch are told.
static void put_names(struct field_writer *out, const char *names, size_t length) {
    for (size_t at = 0; at < length;) {
        size_t size = strnlen(names + at, length - at);
        if (size < length - at && is_user_name(names + at)) {
            field_put_bytes(out, F_NAME, names + at, size);
        }
        at += size + 1;
    }
}

enum { XATTR_GET = 1, XATTR_SET, XATTR_LIST, XATTR_REMOVE };

static ssize_t run_xattr(uint64_t kind, const char *path, const char *name, const struct field *value, uint8_t *buffer,
    size_t room) {
    switch (kind) {
    case XATTR_GET: return getxattr(path, name, buffer, room);
    case XATTR_SET: return setxattr(path, name, value->value, value->length, 0);
    case XATTR_LIST: return listxattr(path, (char *) buffer, room);
    default: return removexattr(path, name);
    }
}

void op_xattr(const struct request *request) {
    char path[PATH_BYTES], name[256] = "";
    uint8_t buffer[FRAME_PAYLOAD_MAX - 64];
    struct credentials user;
    struct field value = {F_VALUE, 0, (const uint8_t *) ""};
    uint64_t kind = 0;
    if (!request_path_user(request, path, &user) || !request_int(request, F_KIND, &kind, XATTR_REMOVE)
        || !request_text(request, F_NAME, name, sizeof name)) {
        return;
    }
    request_field(request, F_VALUE, &value);
    if (kind == 0 || (kind != XATTR_LIST && !is_user_name(name)) || value.length > XATTR_VALUE_MAX) {
        channel_error(request->channel, E_INVALID, 0, "invalid %s", kind == 0 ? "KIND"
            : value.length > XATTR_VALUE_MAX ? "VALUE" : "NAME");
        return;
    }
    if (!enter_or_answer(request->channel, &user)) {
        return;
    }
    ssize_t result = run_xattr(kind, path, name, &value, buffer, sizeof buffer);
    user_leave();
    if (result < 0) {
        channel_errno(request->channel, errno, path);
        return;
    }
    struct field_writer *out = reply_begin(request->channel, FRAME_END);
    if (kind == XATTR_GET) {
        field_put_bytes(out, F_VALUE, buffer, (size_t) result);
    } else if (kind == XATTR_LIST) {
        put_names(out, (const char *) buffer, (size_t) result);
    }
    reply_send();
}
