#define _GNU_SOURCE
#include "guest_walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct walk_level *top(const struct walk *walk) {
    return walk->levels[walk->depth - 1];
}

static bool push(struct walk *walk, int fd, size_t path_length) {
    struct walk_level *level = malloc(sizeof *level);
    if (level == NULL) {
        close(fd);
        errno = ENOMEM;
        return false;
    }
    level->fd = fd;
    level->at = level->end = 0;
    level->path_length = path_length;
    level->changed = false;
    level->passes = 1;
    walk->levels[walk->depth++] = level;
    return true;
}

bool walk_begin(struct walk *walk, int root) {
    walk->depth = 0;
    walk->path[0] = 0;
    walk->name = walk->path;
    return push(walk, root, 0);
}

int walk_folder(const struct walk *walk) {
    return top(walk)->fd;
}

static bool is_dot(const char *name) {
    return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

enum walk_step walk_next(struct walk *walk) {
    struct walk_level *level = top(walk);
    for (;;) {
        if (level->at >= level->end) {
            long length = syscall(SYS_getdents64, level->fd, level->entries, sizeof level->entries);
            if (length == 0 || (length < 0 && errno == ENOENT)) { // the folder itself was removed
                return WALK_LEAVE;
            }
            if (length < 0) {
                return WALK_FAILED;
            }
            level->at = 0;
            level->end = (unsigned) length;
        }
        const struct dirent64 *entry = (const struct dirent64 *) (level->entries + level->at);
        level->at += entry->d_reclen;
        if (is_dot(entry->d_name)) {
            continue;
        }
        size_t base = level->path_length, length = strlen(entry->d_name);
        if (base + 1 + length >= sizeof walk->path) {
            errno = ENAMETOOLONG;
            return WALK_FAILED;
        }
        if (base > 0) {
            walk->path[base++] = '/';
        }
        memcpy(walk->path + base, entry->d_name, length + 1);
        walk->name = walk->path + base;
        walk->kind = entry->d_type;
        return WALK_ENTRY;
    }
}

bool walk_enter(struct walk *walk) {
    if (walk->depth == WALK_DEPTH_MAX) {
        errno = EMLINK;
        return false;
    }
    int fd = openat(walk_folder(walk), walk->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    return fd >= 0 && push(walk, fd, strlen(walk->path));
}

void walk_again(struct walk *walk) {
    struct walk_level *level = top(walk);
    lseek(level->fd, 0, SEEK_SET);
    level->at = level->end = 0;
    level->changed = false;
    level->passes++;
}

bool walk_leave(struct walk *walk) {
    struct walk_level *level = top(walk);
    walk->path[level->path_length] = 0;
    close(level->fd);
    free(level);
    walk->depth--;
    if (walk->depth == 0) {
        return false;
    }
    size_t base = top(walk)->path_length;
    walk->name = walk->path + (base == 0 ? 0 : base + 1);
    return true;
}

void walk_close(struct walk *walk) {
    while (walk->depth > 0) {
        walk_leave(walk);
    }
}
