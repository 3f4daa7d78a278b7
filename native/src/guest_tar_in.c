// TAR_IN: unpacks an archive below a folder, with the rights of the user. Every part of a name is opened without
// following a link, from the folder down, so neither the archive nor a tenant at work there can lead it elsewhere.
#define _GNU_SOURCE
#include "guest_files.h"
#include "guest_tar.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct unpacking {
    void *grave;
    struct channel *channel;
    struct tar_reader reader;
    struct credentials user;
    int root;
    int folder; // of the last entry, kept for the next one; -1 = none
    int file;   // being written; else -1
    uint64_t count, size, count_limit, size_limit;
    const char *complaint;
    char folder_name[PATH_BYTES];
};

static void unpacking_close(struct unpacking *unpacking) {
    close(unpacking->root);
    if (unpacking->folder >= 0) {
        close(unpacking->folder);
    }
    if (unpacking->file >= 0) {
        close(unpacking->file);
    }
    tar_reader_close(&unpacking->reader);
    free_later(unpacking);
}

static void on_drop(struct channel *channel) {
    unpacking_close(channel->owner);
}

static int refuse(struct unpacking *unpacking, const char *complaint) {
    unpacking->complaint = complaint;
    return EBADMSG;
}

// ---- names ----

// Writes `name` anew without empty and "." parts. False when it is absolute or has a ".." in it.
static bool clean_name(const char *name, char out[PATH_BYTES]) {
    size_t at = 0;
    if (name[0] == '/') {
        return false;
    }
    while (*name != 0) {
        size_t length = strcspn(name, "/");
        if (length == 2 && name[0] == '.' && name[1] == '.') {
            return false;
        }
        if (length > 0 && !(length == 1 && name[0] == '.')) {
            if (at > 0) {
                out[at++] = '/';
            }
            memcpy(out + at, name, length);
            at += length;
        }
        name += length;
        name += *name == '/';
    }
    out[at] = 0;
    return true;
}

static int open_step(struct unpacking *unpacking, int folder, const char *part, bool make, int *next) {
    const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    *next = openat(folder, part, flags);
    if (*next < 0 && errno == ENOENT && make) {
        if (mkdirat(folder, part, 0755) < 0 && errno != EEXIST) {
            return errno;
        }
        *next = openat(folder, part, flags);
    }
    if (*next >= 0) {
        return 0;
    }
    return errno == ENOTDIR || errno == ELOOP ? refuse(unpacking, "a name leads through a link or a file") : errno;
}

// Opens the folder `name` (clean, "" is the root) in *out. errno or 0.
static int open_below(struct unpacking *unpacking, char *name, bool make, int *out) {
    int folder = unpacking->root;
    while (*name != 0) {
        char *end = strchrnul(name, '/');
        bool last = *end == 0;
        *end = 0;
        int next;
        int error = open_step(unpacking, folder, name, make, &next);
        if (folder != unpacking->root) {
            close(folder);
        }
        if (error != 0) {
            return error;
        }
        folder = next;
        name = last ? end : end + 1;
    }
    *out = folder == unpacking->root ? fcntl(folder, F_DUPFD_CLOEXEC, 3) : folder;
    return *out < 0 ? errno : 0;
}

// Splits a clean name and opens its folder, the one of the entry before if it is the same.
static int open_folder_of(struct unpacking *unpacking, char *clean, const char **last) {
    char *slash = strrchr(clean, '/');
    const char *folder_name = slash == NULL ? "" : clean;
    *last = slash == NULL ? clean : slash + 1;
    if (slash != NULL) {
        *slash = 0;
    }
    if (unpacking->folder >= 0 && strcmp(unpacking->folder_name, folder_name) == 0) {
        return 0;
    }
    if (unpacking->folder >= 0) {
        close(unpacking->folder);
        unpacking->folder = -1;
    }
    char scratch[PATH_BYTES];
    memcpy(scratch, folder_name, strlen(folder_name) + 1);
    memcpy(unpacking->folder_name, folder_name, strlen(folder_name) + 1);
    return open_below(unpacking, scratch, true, &unpacking->folder);
}

// ---- entries ----

static int make_folder(struct unpacking *unpacking, const struct tar_entry *entry, const char *name) {
    // Always open to its owner: what belongs in it is still to come.
    mode_t mode = (entry->mode & 01777) | 0700;
    int folder;
    if (mkdirat(unpacking->folder, name, mode) < 0 && errno != EEXIST) {
        return errno;
    }
    int error = open_step(unpacking, unpacking->folder, name, false, &folder);
    if (error != 0) {
        return error;
    }
    close(folder);
    // O_PATH descriptors cannot be changed; one for reading can.
    folder = openat(unpacking->folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder >= 0) {
        fchmod(folder, mode);
        close(folder);
    }
    return 0;
}

static int make_file(struct unpacking *unpacking, const char *name) {
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    unpacking->file = openat(unpacking->folder, name, flags, 0600);
    return unpacking->file < 0 ? errno : 0;
}

static int make_hard_link(struct unpacking *unpacking, const struct tar_entry *entry, const char *name) {
    char clean[PATH_BYTES];
    int from;
    if (!clean_name(entry->link, clean) || clean[0] == 0) {
        return refuse(unpacking, "a hard link to outside of the archive");
    }
    char *slash = strrchr(clean, '/');
    const char *target = slash == NULL ? clean : slash + 1;
    char none[1] = "";
    if (slash != NULL) {
        *slash = 0;
    }
    int error = open_below(unpacking, slash == NULL ? none : clean, false, &from);
    if (error != 0) {
        return error;
    }
    error = linkat(from, target, unpacking->folder, name, 0) < 0 ? errno : 0;
    close(from);
    return error;
}

static int check_entry(struct unpacking *unpacking, const struct tar_entry *entry) {
    if (unpacking->count >= unpacking->count_limit) {
        unpacking->complaint = "more entries than COUNT";
        return EMFILE;
    }
    if (entry->size > unpacking->size_limit - unpacking->size) {
        unpacking->complaint = "more bytes than LIMIT";
        return EMFILE;
    }
    switch (entry->type) {
    case TAR_FILE: case TAR_HARD_LINK: case TAR_SYMLINK: case TAR_FOLDER: return 0;
    default: return refuse(unpacking, "an entry that is no file, folder or link");
    }
}

static int on_begin(void *owner, const struct tar_entry *entry) {
    struct unpacking *unpacking = owner;
    char clean[PATH_BYTES];
    const char *name;
    int error = check_entry(unpacking, entry);
    if (error != 0) {
        return error;
    }
    if (!clean_name(entry->name, clean)) {
        return refuse(unpacking, "an absolute name or one with ..");
    }
    unpacking->count++;
    if (clean[0] == 0) {
        return entry->type == TAR_FOLDER ? 0 : refuse(unpacking, "an empty name");
    }
    error = open_folder_of(unpacking, clean, &name);
    if (error != 0) {
        return error;
    }
    if (entry->type == TAR_FOLDER) {
        return make_folder(unpacking, entry, name);
    }
    // What is there gives way, unless it is a folder.
    if (unlinkat(unpacking->folder, name, 0) < 0 && errno != ENOENT) {
        return errno == EISDIR ? EEXIST : errno;
    }
    switch (entry->type) {
    case TAR_FILE: return make_file(unpacking, name);
    case TAR_SYMLINK: return symlinkat(entry->link, unpacking->folder, name) < 0 ? errno : 0;
    default: return make_hard_link(unpacking, entry, name);
    }
}

static int on_file_data(void *owner, const uint8_t *bytes, size_t length) {
    struct unpacking *unpacking = owner;
    while (length > 0) {
        ssize_t count = write(unpacking->file, bytes, length);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count < 0 ? errno : EIO;
        }
        bytes += count;
        length -= (size_t) count;
        unpacking->size += (uint64_t) count;
    }
    return 0;
}

static int on_file_end(void *owner) {
    struct unpacking *unpacking = owner;
    const struct tar_entry *entry = &unpacking->reader.entry;
    const struct timespec times[2] = {{0, UTIME_NOW}, {entry->mtime, entry->mtime_ns}};
    // Set-user-id bits are not restored: whoever wants them says so with CHMOD.
    fchmod(unpacking->file, entry->mode & 01777);
    futimens(unpacking->file, times);
    int result = close(unpacking->file) < 0 ? errno : 0;
    unpacking->file = -1;
    return result;
}

static const struct tar_handler handler = {on_begin, on_file_data, on_file_end};

// ---- the channel ----

static void fail(struct unpacking *unpacking, int error) {
    struct channel *channel = unpacking->channel;
    const char *name = unpacking->reader.entry.name;
    const char *complaint = unpacking->reader.complaint != NULL ? unpacking->reader.complaint : unpacking->complaint;
    if (complaint != NULL) {
        channel_error(channel, error == EMFILE ? E_LIMIT : E_INVALID, 0, "the archive has %s (at %.600s)", complaint,
            name);
    } else {
        channel_errno(channel, error, name[0] != 0 ? name : "unpack");
    }
    unpacking_close(unpacking);
}

static void on_data(struct channel *channel, const uint8_t *bytes, size_t length) {
    struct unpacking *unpacking = channel->owner;
    int error = user_enter(&unpacking->user) ? tar_feed(&unpacking->reader, bytes, length) : errno;
    user_leave();
    if (error != 0) {
        fail(unpacking, error);
        return;
    }
    channel_consumed(channel, length);
}

static void on_eof(struct channel *channel) {
    struct unpacking *unpacking = channel->owner;
    if (!tar_finished(&unpacking->reader)) {
        unpacking->complaint = "no end";
        fail(unpacking, EBADMSG);
        return;
    }
    struct field_writer *out = reply_begin(channel, FRAME_END);
    field_put_int(out, F_COUNT, unpacking->count);
    field_put_int(out, F_SIZE, unpacking->size);
    reply_send();
    unpacking_close(unpacking);
}

static const struct channel_ops unpacking_ops = {.data = on_data, .eof = on_eof, .drop = on_drop};

void op_tar_in(const struct request *request) {
    char path[PATH_BYTES];
    struct credentials user;
    uint64_t size_limit = UINT64_MAX, count_limit = UINT64_MAX;
    if (!request_path_user(request, path, &user) || !request_int(request, F_LIMIT, &size_limit, UINT64_MAX)
        || !request_int(request, F_COUNT, &count_limit, UINT64_MAX)) {
        return;
    }
    int root = path_open_folder(request->channel, path, &user);
    if (root < 0) {
        return;
    }
    struct unpacking *unpacking = malloc(sizeof *unpacking);
    if (unpacking == NULL) {
        close(root);
        channel_error(request->channel, E_NO_SPACE, 0, "no memory");
        return;
    }
    tar_reader_init(&unpacking->reader, &handler, unpacking);
    unpacking->channel = request->channel;
    unpacking->user = user;
    unpacking->root = root;
    unpacking->folder = unpacking->file = -1;
    unpacking->count = unpacking->size = 0;
    unpacking->count_limit = count_limit;
    unpacking->size_limit = size_limit;
    unpacking->complaint = NULL;
    unpacking->folder_name[0] = 0;
    channel_accept(request->channel, &unpacking_ops, unpacking, WINDOW_FILE, 0);
    reply_begin(request->channel, FRAME_RESPONSE);
    reply_send();
}
