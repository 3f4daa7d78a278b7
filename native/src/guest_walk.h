// Walking a tree by descriptors, a step at a time. No step looks at a path again, so a link that is swapped in
// meanwhile is met as a link, never followed.
#ifndef SKERRY_GUEST_WALK_H
#define SKERRY_GUEST_WALK_H

#include "guest_files.h"

enum { WALK_DEPTH_MAX = 256 };

enum walk_step {
    WALK_ENTRY,  // `path`, `name` and `kind` tell of an entry of the folder `walk_folder`
    WALK_LEAVE,  // all of a folder was seen; walk_again or walk_leave must follow
    WALK_FAILED, // errno
};

struct walk_level {
    int fd;
    unsigned at, end;   // within `entries`
    size_t path_length; // of this folder's own path
    bool changed;       // for the user of the walk: entries were removed in this pass
    unsigned passes;
    char entries[4096] __attribute__((aligned(8)));
};

struct walk {
    int depth; // levels open
    struct walk_level *levels[WALK_DEPTH_MAX];
    char path[PATH_BYTES]; // relative to the root, without a leading slash
    const char *name;
    unsigned char kind; // DT_…; DT_UNKNOWN happens
};

// Takes `root` over; false (errno) without memory.
bool walk_begin(struct walk *walk, int root);
enum walk_step walk_next(struct walk *walk);
// Goes into the entry that walk_next told of. errno ENOTDIR or ELOOP when it is no folder, EMLINK when it is too deep.
bool walk_enter(struct walk *walk);
// Reads the folder from its begin once more.
void walk_again(struct walk *walk);
// Goes back up; `path` and `name` are those of the folder left. False when it was the root.
bool walk_leave(struct walk *walk);
int walk_folder(const struct walk *walk);
void walk_close(struct walk *walk);

#endif
