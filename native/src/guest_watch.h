// What WATCH consists of: the folders that are watched (guest_watch_folders.c) and their events (guest_watch.c).
#ifndef SKERRY_GUEST_WATCH_H
#define SKERRY_GUEST_WATCH_H

#include "guest_files.h"

enum { WATCH_BUCKETS = 64 };

enum watch_kind { KIND_CREATE = 1, KIND_WRITE, KIND_REMOVE, KIND_RENAME, KIND_CHMOD, KIND_OVERFLOW };

// A folder that is watched, or that waits for it.
struct folder {
    struct folder *next; // in its bucket, or among those that wait
    int descriptor;      // of inotify
    bool tell;           // made after the watch began: what is found in it is told as created
    char path[];         // relative, "" = the root
};

struct watching {
    void *grave;
    struct source source;
    struct timer retry;
    struct job scan;
    struct channel *channel;
    struct credentials user;
    int root_descriptor;
    dev_t device;
    ino_t inode; // of the root
    bool recursive, accepted;
    unsigned count;
    struct folder *buckets[WATCH_BUCKETS];
    struct folder *first_waiting, *last_waiting;
    struct folder *scanned; // the one whose entries are being read
    int scanned_fd;
    char path[PATH_BYTES]; // of the root
};

void watch_tell(struct watching *watching, int kind, const char *folder, const char *name, bool is_folder);

struct folder **watch_find(struct watching *watching, int descriptor);
void watch_forget(struct watching *watching, int descriptor);
// A folder was moved away: what is below it has other names now, or is no longer in the tree.
void watch_forget_below(struct watching *watching, const char *folder, const char *name);
// Puts a folder on the list of those to be watched and read. False when there are too many or no memory.
bool watch_await(struct watching *watching, const char *parent, const char *name, bool tell_entries);
// Watches the next folder that waits, or reads some of its entries: errno or 0. `lost` becomes true when a subfolder
// cannot be watched.
int watch_scan(struct watching *watching, bool *lost);
void watch_free_folders(struct watching *watching);

#endif
