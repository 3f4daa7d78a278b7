// LIST_DIR: the entries of a tree as a stream of fields.
#define _GNU_SOURCE
#include "guest_walk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STAGE_BYTES = 32768,
    ENTRY_BYTES = 10240, // the largest entry: two paths and a dozen numbers
    ENTRIES_A_SLICE = 256,
    DEPTH_MAX = 64,
    LIMIT_MAX = 1000000,
};

struct listing {
    void *grave;
    struct walk walk;
    struct credentials user;
    uint64_t depth, limit, count;
    bool truncated, done;
    size_t staged, taken;
    uint8_t stage[STAGE_BYTES];
};

static void listing_close(struct listing *listing) {
    walk_close(&listing->walk);
    free_later(listing);
}

static void on_drop(struct channel *channel) {
    listing_close(channel->owner);
}

static void put_entry(struct listing *listing, struct field_writer *out) {
    char target[PATH_BYTES];
    struct stat status;
    const struct walk *walk = &listing->walk;
    if (path_stat(walk_folder(walk), walk->name, false, &status) < 0) {
        // Gone since the folder was read, which is as good as never seen; or not to be looked at.
        listing->truncated |= errno != ENOENT;
        return;
    }
    uint8_t *entry = field_begin(out, F_ENTRY);
    field_put_text(out, F_PATH, walk->path);
    put_stat(out, &status);
    if (S_ISLNK(status.st_mode)) {
        ssize_t length = readlinkat(walk_folder(walk), walk->name, target, sizeof target);
        if (length >= 0) {
            field_put_bytes(out, F_TARGET, target, (size_t) length);
        }
    }
    listing->count += field_end(out, entry);
    if (S_ISDIR(status.st_mode) && (uint64_t) listing->walk.depth < listing->depth && !walk_enter(&listing->walk)) {
        listing->truncated = true;
    }
}

// Stages some more entries. 0, or the errno that ends the listing.
static int fill(struct listing *listing) {
    struct field_writer out;
    field_writer_init(&out, listing->stage, sizeof listing->stage);
    for (int i = 0; i < ENTRIES_A_SLICE && !listing->done && out.end - out.at >= ENTRY_BYTES; i++) {
        enum walk_step step = walk_next(&listing->walk);
        if (step == WALK_LEAVE) {
            listing->done = !walk_leave(&listing->walk);
        } else if (step == WALK_FAILED) {
            if (errno != ENAMETOOLONG) {
                return errno;
            }
            listing->truncated = true;
        } else if (listing->count == listing->limit) {
            listing->truncated = listing->done = true;
        } else {
            put_entry(listing, &out);
        }
    }
    listing->staged = field_size(&out);
    listing->taken = 0;
    return 0;
}

static bool on_produce(struct channel *channel, struct slot *slot) {
    struct listing *listing = channel->owner;
    if (listing->staged == listing->taken && !listing->done) {
        if (channel->out_window == 0) {
            return false;
        }
        int error = user_enter(&listing->user) ? fill(listing) : errno;
        user_leave();
        if (error != 0) {
            channel_errno(channel, error, "list");
            listing_close(listing);
            return false;
        }
    }
    size_t length = listing->staged - listing->taken;
    if (length == 0 && !listing->done) {
        channel_ready(channel); // a slice without result: the next turn goes on
        return false;
    }
    if (length == 0) {
        struct field_writer *out = reply_begin(channel, FRAME_END);
        field_put_int(out, F_COUNT, listing->count);
        field_put_int(out, F_TRUNCATED, listing->truncated);
        reply_send();
        listing_close(listing);
        return false;
    }
    length = length < slot->room ? length : slot->room;
    length = length < channel->out_window ? length : channel->out_window;
    if (length == 0) {
        return false;
    }
    memcpy(slot->buffer, listing->stage + listing->taken, length);
    listing->taken += length;
    channel->out_window -= (uint32_t) length;
    channel->out_sent += (uint32_t) length;
    slot->length = length;
    return true;
}

static const struct channel_ops listing_ops = {
    .credit = channel_credit_simple, .produce = on_produce, .drop = on_drop,
};

void op_list_dir(const struct request *request) {
    char path[PATH_BYTES];
    struct credentials user;
    uint64_t depth = 1, limit = LIMIT_MAX;
    if (!request_path_user(request, path, &user) || !request_int(request, F_DEPTH, &depth, DEPTH_MAX)
        || !request_int(request, F_LIMIT, &limit, LIMIT_MAX)) {
        return;
    }
    if (depth == 0) {
        channel_error(request->channel, E_INVALID, 0, "invalid DEPTH");
        return;
    }
    int root = path_open_folder(request->channel, path, &user);
    if (root < 0) {
        return;
    }
    struct listing *listing = malloc(sizeof *listing);
    if (listing == NULL || !walk_begin(&listing->walk, root)) {
        if (listing == NULL) {
            close(root);
        }
        free(listing);
        channel_error(request->channel, E_NO_SPACE, 0, "no memory");
        return;
    }
    listing->user = user;
    listing->depth = depth;
    listing->limit = limit;
    listing->count = 0;
    listing->truncated = listing->done = false;
    listing->staged = listing->taken = 0;
    channel_accept(request->channel, &listing_ops, listing, 0, WINDOW_FILE);
    reply_begin(request->channel, FRAME_RESPONSE);
    reply_send();
    channel_ready(request->channel);
}
