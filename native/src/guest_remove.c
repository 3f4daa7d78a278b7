// REMOVE: a file, an empty folder, or a whole tree a slice at a time.
#define _GNU_SOURCE
#include "guest_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    STEPS_A_SLICE = 128,
    PASSES_MAX = 16, // over one folder, while somebody keeps filling it
};

struct removal {
    void *grave;
    struct job job;
    struct channel *channel;
    struct walk walk;
    struct credentials user;
    int parent; // the folder that holds the tree
    uint64_t count;
    char name[256];
};

static void removal_close(struct removal *removal) {
    job_stop(&removal->job);
    walk_close(&removal->walk);
    close(removal->parent);
    free_later(removal);
}

static void on_drop(struct channel *channel) {
    removal_close(channel->owner);
}

static const struct channel_ops removal_ops = {.drop = on_drop};

// An entry that is a folder is gone into; anything else is unlinked. errno or 0.
static int take_entry(struct removal *removal) {
    struct walk *walk = &removal->walk;
    int folder = walk_folder(walk);
    if (walk->kind != DT_DIR) {
        if (unlinkat(folder, walk->name, 0) == 0) {
            removal->count++;
            walk->levels[walk->depth - 1]->changed = true;
            return 0;
        }
        if (errno == ENOENT) {
            return 0;
        }
        if (errno != EISDIR) {
            return errno;
        }
    }
    if (walk_enter(walk) || errno == ENOENT) {
        return 0;
    }
    int error = errno;
    // Swapped for something else meanwhile, or closed to the user: it may still be removed as it is.
    if (unlinkat(folder, walk->name, error == EACCES ? AT_REMOVEDIR : 0) == 0) {
        removal->count++;
        walk->levels[walk->depth - 1]->changed = true;
        return 0;
    }
    return error;
}

// All of a folder was seen: look again when entries went, as removing can make a reading skip some; else remove it.
static int leave_folder(struct removal *removal, bool *done) {
    struct walk *walk = &removal->walk;
    const struct walk_level *level = walk->levels[walk->depth - 1];
    if (level->changed && level->passes < PASSES_MAX) {
        walk_again(walk);
        return 0;
    }
    *done = !walk_leave(walk);
    int folder = *done ? removal->parent : walk_folder(walk);
    const char *name = *done ? removal->name : walk->name;
    if (unlinkat(folder, name, AT_REMOVEDIR) < 0) {
        return errno == ENOENT ? 0 : errno;
    }
    removal->count++;
    if (!*done) {
        walk->levels[walk->depth - 1]->changed = true;
    }
    return 0;
}

static int run_slice(struct removal *removal, bool *done) {
    for (int i = 0; i < STEPS_A_SLICE && !*done; i++) {
        enum walk_step step = walk_next(&removal->walk);
        int error = step == WALK_FAILED ? errno : step == WALK_ENTRY ? take_entry(removal)
            : leave_folder(removal, done);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

static void on_slice(struct job *job) {
    struct removal *removal = container_of(job, struct removal, job);
    bool done = false;
    int error = user_enter(&removal->user) ? run_slice(removal, &done) : errno;
    user_leave();
    if (error != 0) {
        channel_errno(removal->channel, error, removal->walk.path[0] != 0 ? removal->walk.path : removal->name);
    } else if (done) {
        field_put_int(reply_begin(removal->channel, FRAME_END), F_COUNT, removal->count);
        reply_send();
    } else {
        return;
    }
    removal_close(removal);
}

static void start_tree(const struct request *request, const struct credentials *user, int parent, int root,
    const char *name) {
    struct removal *removal = malloc(sizeof *removal);
    if (removal == NULL || !walk_begin(&removal->walk, root)) {
        if (removal == NULL) {
            close(root);
        }
        free(removal);
        close(parent);
        channel_error(request->channel, E_NO_SPACE, 0, "no memory");
        return;
    }
    removal->job = (struct job) {.slice = on_slice};
    removal->channel = request->channel;
    removal->user = *user;
    removal->parent = parent;
    removal->count = 0;
    memcpy(removal->name, name, strlen(name) + 1);
    channel_accept(request->channel, &removal_ops, removal, 0, 0);
    job_start(&removal->job);
}

// 0 = removed; 1 = a tree to be walked, opened in *root; else -1 with errno.
static int remove_one(int parent, const char *name, bool recursive, int *root) {
    if (unlinkat(parent, name, 0) == 0) {
        return 0;
    }
    int first = errno;
    if (first != EISDIR && first != EPERM) {
        return -1;
    }
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0) {
        return 0;
    }
    errno = errno == ENOTDIR ? first : errno;
    if (!recursive || (errno != ENOTEMPTY && errno != EEXIST)) {
        return -1;
    }
    *root = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *root < 0 ? -1 : 1;
}

void op_remove(const struct request *request) {
    char path[PATH_BYTES], scratch[PATH_BYTES];
    const char *name = NULL;
    struct credentials user;
    uint64_t flags = 0;
    int root = -1, result = -1;
    if (!request_path_user(request, path, &user) || !request_int(request, F_FLAGS, &flags, FLAG_RECURSIVE)
        || !enter_or_answer(request->channel, &user)) {
        return;
    }
    int parent = path_open_parent(path, &name, scratch);
    if (parent >= 0) {
        errno = ENAMETOOLONG;
        result = strlen(name) > 255 ? -1 : remove_one(parent, name, (flags & FLAG_RECURSIVE) != 0, &root);
    }
    user_leave();
    if (result == 1) {
        start_tree(request, &user, parent, root, name);
        return;
    }
    int error = errno;
    if (parent >= 0) {
        close(parent);
    }
    if (result < 0) {
        channel_errno(request->channel, error, path);
        return;
    }
    field_put_int(reply_begin(request->channel, FRAME_END), F_COUNT, 1);
    reply_send();
}
