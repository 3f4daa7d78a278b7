// TAR_OUT: packs a tree, made while it is sent.
#define _GNU_SOURCE
#include "guest_tar.h"
#include "guest_walk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENTRIES_A_SLICE = 64, END_BYTES = 2 * TAR_BLOCK };

struct packing {
    void *grave;
    struct walk walk;
    struct credentials user;
    int file;      // being sent; else -1
    uint64_t left; // of its content
    size_t zeros;  // padding, or the end of the archive
    uint64_t limit, size, count;
    bool walked;
    size_t staged, taken;
    uint8_t head[TAR_HEAD_MAX];
};

static void packing_close(struct packing *packing) {
    walk_close(&packing->walk);
    if (packing->file >= 0) {
        close(packing->file);
    }
    free_later(packing);
}

static void on_drop(struct channel *channel) {
    packing_close(channel->owner);
}

// errno or 0. What vanished meanwhile or is no file, folder or link is left out.
static int stage_file(struct packing *packing, int folder, const char *name, const char *path) {
    struct stat status;
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0) {
        return errno == ENOENT || errno == ELOOP || errno == ENXIO ? 0 : errno;
    }
    if (fstat(file, &status) < 0 || !S_ISREG(status.st_mode)) {
        close(file);
        return 0;
    }
    packing->staged = tar_write_header(packing->head, path, "", &status);
    packing->file = file;
    packing->left = (uint64_t) status.st_size;
    packing->zeros = (size_t) (-packing->left & (TAR_BLOCK - 1));
    return 0;
}

static int stage_entry(struct packing *packing) {
    struct walk *walk = &packing->walk;
    struct stat status;
    char text[PATH_BYTES + 1];
    int folder = walk_folder(walk);
    if (path_stat(folder, walk->name, false, &status) < 0) {
        return errno == ENOENT ? 0 : errno;
    }
    if (S_ISREG(status.st_mode)) {
        return stage_file(packing, folder, walk->name, walk->path);
    }
    if (S_ISLNK(status.st_mode)) {
        ssize_t length = readlinkat(folder, walk->name, text, PATH_BYTES - 1);
        if (length >= 0) {
            text[length] = 0;
            packing->staged = tar_write_header(packing->head, walk->path, text, &status);
        }
    } else if (S_ISDIR(status.st_mode)) {
        size_t length = strlen(walk->path);
        memcpy(text, walk->path, length);
        memcpy(text + length, "/", 2);
        packing->staged = tar_write_header(packing->head, text, "", &status);
        if (!walk_enter(walk) && errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
            return errno;
        }
    }
    return 0;
}

// Goes on to the next entry that has something to send.
static int advance(struct packing *packing) {
    packing->staged = packing->taken = 0;
    for (int i = 0; i < ENTRIES_A_SLICE && packing->staged == 0 && !packing->walked; i++) {
        enum walk_step step = walk_next(&packing->walk);
        int error = 0;
        if (step == WALK_FAILED) {
            return errno;
        }
        if (step == WALK_ENTRY) {
            error = stage_entry(packing);
        } else if (!walk_leave(&packing->walk)) {
            packing->walked = true;
            packing->zeros = END_BYTES;
        }
        if (error != 0) {
            return error;
        }
        packing->count += packing->staged > 0;
    }
    return 0;
}

static bool between_entries(const struct packing *packing) {
    return packing->taken == packing->staged && packing->left == 0 && packing->zeros == 0;
}

// The content of the file; zeros in place of what was cut off since its size was written.
static size_t copy_content(struct packing *packing, uint8_t *out, size_t room) {
    size_t want = packing->left < room ? (size_t) packing->left : room;
    ssize_t count = read(packing->file, out, want);
    if (count <= 0) {
        memset(out, 0, want);
        count = (ssize_t) want;
    }
    packing->left -= (uint64_t) count;
    if (packing->left == 0) {
        close(packing->file);
        packing->file = -1;
    }
    return (size_t) count;
}

static size_t copy_some(struct packing *packing, uint8_t *out, size_t room) {
    size_t count;
    if (packing->taken < packing->staged) {
        count = packing->staged - packing->taken < room ? packing->staged - packing->taken : room;
        memcpy(out, packing->head + packing->taken, count);
        packing->taken += count;
    } else if (packing->left > 0) {
        count = copy_content(packing, out, room);
    } else {
        count = packing->zeros < room ? packing->zeros : room;
        memset(out, 0, count);
        packing->zeros -= count;
        if (packing->file >= 0) { // an empty file
            close(packing->file);
            packing->file = -1;
        }
    }
    return count;
}

// Fills up to `room` bytes. errno or 0.
static int fill(struct packing *packing, uint8_t *out, size_t room, size_t *length) {
    int slices = 0;
    *length = 0;
    while (*length < room) {
        if (between_entries(packing)) {
            if (packing->walked || slices++ == ENTRIES_A_SLICE) {
                break;
            }
            if (packing->file >= 0) {
                close(packing->file);
                packing->file = -1;
            }
            int error = advance(packing);
            if (error != 0) {
                return error;
            }
            continue;
        }
        *length += copy_some(packing, out + *length, room - *length);
    }
    return 0;
}

static bool on_produce(struct channel *channel, struct slot *slot) {
    struct packing *packing = channel->owner;
    size_t room = channel->out_window < slot->room ? channel->out_window : slot->room;
    if (room == 0) {
        return false;
    }
    int error = user_enter(&packing->user) ? fill(packing, slot->buffer, room, &slot->length) : errno;
    user_leave();
    if (error != 0) {
        channel_errno(channel, error, packing->walk.path[0] != 0 ? packing->walk.path : "pack");
        packing_close(packing);
        return false;
    }
    packing->size += slot->length;
    if (packing->size > packing->limit) {
        channel_error(channel, E_LIMIT, 0, "the archive is longer than LIMIT");
        packing_close(packing);
        return false;
    }
    if (slot->length > 0) {
        channel->out_window -= (uint32_t) slot->length;
        channel->out_sent += (uint32_t) slot->length;
        return true;
    }
    if (!packing->walked) {
        channel_ready(channel); // a slice without result: the next turn goes on
        return false;
    }
    struct field_writer *out = reply_begin(channel, FRAME_END);
    field_put_int(out, F_COUNT, packing->count);
    field_put_int(out, F_SIZE, packing->size);
    reply_send();
    packing_close(packing);
    return false;
}

static const struct channel_ops packing_ops = {
    .credit = channel_credit_simple, .produce = on_produce, .drop = on_drop,
};

// Opens what is to be packed: a folder to walk, or one file, staged at once. -1 after an answer.
static int open_root(const struct request *request, const char *path, struct packing *packing) {
    char scratch[PATH_BYTES];
    const char *name;
    if (!enter_or_answer(request->channel, &packing->user)) {
        return -1;
    }
    int root = path_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
    int error = errno;
    if (root < 0 && error == ENOTDIR) {
        int parent = path_open_parent(path, &name, scratch);
        error = parent < 0 ? errno : stage_file(packing, parent, name, name);
        if (parent >= 0) {
            close(parent);
        }
        if (error == 0 && packing->staged == 0) {
            error = EINVAL; // a device, a socket, a link
        }
        packing->count = 1;
    }
    user_leave();
    if (root < 0 && error != 0) {
        channel_errno(request->channel, error, path);
        return -1;
    }
    return root;
}

void op_tar_out(const struct request *request) {
    char path[PATH_BYTES];
    uint64_t limit = UINT64_MAX;
    struct packing *packing = calloc(1, sizeof *packing);
    if (packing == NULL) {
        channel_error(request->channel, E_NO_SPACE, 0, "no memory");
        return;
    }
    packing->file = -1;
    if (!request_path_user(request, path, &packing->user) || !request_int(request, F_LIMIT, &limit, UINT64_MAX)) {
        free(packing);
        return;
    }
    packing->limit = limit;
    int root = open_root(request, path, packing);
    if (root < 0 && packing->staged == 0) {
        free(packing);
        return;
    }
    if (root < 0) {
        packing->walked = true;
        packing->zeros += END_BYTES;
    } else if (!walk_begin(&packing->walk, root)) {
        free(packing);
        channel_error(request->channel, E_NO_SPACE, 0, "no memory");
        return;
    }
    channel_accept(request->channel, &packing_ops, packing, 0, WINDOW_FILE);
    reply_begin(request->channel, FRAME_RESPONSE);
    reply_send();
    channel_ready(request->channel);
}
