// The folders of a WATCH: their table, and how one comes to be watched, with the rights of the user.
#define _GNU_SOURCE
#include "guest_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    FOLDERS_MAX = 8192,
    MASK = IN_CREATE | IN_MODIFY | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
        | IN_ONLYDIR | IN_EXCL_UNLINK,
};

static void free_folders(struct folder *folder) {
    while (folder != NULL) {
        struct folder *next = folder->next;
        free(folder);
        folder = next;
    }
}

void watch_free_folders(struct watching *watching) {
    free_folders(watching->first_waiting);
    for (int i = 0; i < WATCH_BUCKETS; i++) {
        free_folders(watching->buckets[i]);
    }
}

struct folder **watch_find(struct watching *watching, int descriptor) {
    struct folder **at = &watching->buckets[(unsigned) descriptor % WATCH_BUCKETS];
    while (*at != NULL && (*at)->descriptor != descriptor) {
        at = &(*at)->next;
    }
    return at;
}

void watch_forget(struct watching *watching, int descriptor) {
    struct folder **at = watch_find(watching, descriptor);
    struct folder *folder = *at;
    if (folder != NULL && folder != watching->scanned) {
        *at = folder->next;
        free(folder);
        watching->count--;
    }
}

static bool is_below(const char *path, const char *top) {
    size_t length = strlen(top);
    return strncmp(path, top, length) == 0 && (path[length] == 0 || path[length] == '/');
}

void watch_forget_below(struct watching *watching, const char *folder, const char *name) {
    char path[PATH_BYTES + 256];
    size_t length = strlen(folder);
    memcpy(path, folder, length);
    if (length > 0) {
        path[length++] = '/';
    }
    memcpy(path + length, name, strlen(name) + 1);
    for (int i = 0; i < WATCH_BUCKETS; i++) {
        for (struct folder *at = watching->buckets[i], *next; at != NULL; at = next) {
            next = at->next;
            if (is_below(at->path, path)) {
                inotify_rm_watch(watching->source.fd, at->descriptor);
                watch_forget(watching, at->descriptor);
            }
        }
    }
}

bool watch_await(struct watching *watching, const char *parent, const char *name, bool tell_entries) {
    size_t length = strlen(parent), name_length = strlen(name);
    if (watching->count >= FOLDERS_MAX || length + 1 + name_length >= PATH_BYTES) {
        return false;
    }
    struct folder *folder = malloc(sizeof *folder + length + name_length + 2);
    if (folder == NULL) {
        return false;
    }
    memcpy(folder->path, parent, length);
    if (length > 0) {
        folder->path[length++] = '/';
    }
    memcpy(folder->path + length, name, name_length + 1);
    folder->next = NULL;
    folder->tell = tell_entries;
    folder->descriptor = -1;
    *(watching->first_waiting == NULL ? &watching->first_waiting : &watching->last_waiting->next) = folder;
    watching->last_waiting = folder;
    watching->count++;
    job_start(&watching->scan);
    return true;
}

// ---- watching and reading a folder, with the rights of the user ----

// The root is opened anew each time: while a descriptor holds it, its removal is not reported.
static int open_root(const struct watching *watching) {
    struct stat status;
    int folder = path_open(AT_FDCWD, watching->path, O_RDONLY | O_DIRECTORY, 0);
    if (folder >= 0 && watching->inode != 0
        && (fstat(folder, &status) < 0 || status.st_dev != watching->device || status.st_ino != watching->inode)) {
        close(folder);
        errno = ENOENT;
        return -1;
    }
    return folder;
}

static int open_below(const struct watching *watching, const char *path) {
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    int folder = open_root(watching);
    while (folder >= 0 && *path != 0) {
        char part[256];
        size_t length = strcspn(path, "/");
        if (length >= sizeof part) {
            close(folder);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(part, path, length);
        part[length] = 0;
        int next = openat(folder, part, flags);
        int error = errno;
        close(folder);
        errno = error;
        folder = next;
        path += length;
        path += *path == '/';
    }
    return folder;
}

// Inotify takes a path only. Going into the folder and naming it "." watches the one that was opened, whatever its
// name leads to by now.
static int add_watch(int notify, int folder) {
    int descriptor = -1;
    if (fchdir(folder) == 0) {
        descriptor = inotify_add_watch(notify, ".", MASK);
        int error = errno;
        if (chdir("/") < 0) {
            fatal("cannot return to /");
        }
        errno = error;
    }
    return descriptor;
}

static void drop_scanned(struct watching *watching) {
    free(watching->scanned);
    watching->scanned = NULL;
    watching->count--;
}

// Takes the next folder that waits. errno or 0; a folder below the root that is gone or closed is left out.
static int begin_folder(struct watching *watching) {
    struct folder *folder = watching->first_waiting;
    watching->first_waiting = folder->next;
    watching->scanned = folder;
    int fd = open_below(watching, folder->path);
    int descriptor = fd < 0 ? -1 : add_watch(watching->source.fd, fd);
    if (descriptor < 0) {
        int error = errno;
        bool root = folder->path[0] == 0;
        if (fd >= 0) {
            close(fd);
        }
        drop_scanned(watching);
        return root || error == ENOSPC || error == ENOMEM || error == EMFILE ? error : 0;
    }
    struct folder **at = watch_find(watching, descriptor);
    if (*at != NULL) { // moved within the tree: the same watch under a new name
        struct folder *old = *at;
        *at = old->next;
        free(old);
        watching->count--;
        at = watch_find(watching, descriptor);
    }
    folder->descriptor = descriptor;
    folder->next = *at;
    *at = folder;
    if (folder->path[0] == 0) {
        watching->root_descriptor = descriptor;
    }
    watching->scanned_fd = fd;
    return 0;
}

static bool is_folder_entry(int folder, const struct dirent64 *entry) {
    struct stat status;
    if (entry->d_type != DT_UNKNOWN) {
        return entry->d_type == DT_DIR;
    }
    return path_stat(folder, entry->d_name, false, &status) == 0 && S_ISDIR(status.st_mode);
}

// Reads a buffer of entries. False at the end. `lost` becomes true when a subfolder cannot be watched.
static bool read_entries(struct watching *watching, bool *lost) {
    char entries[4096] __attribute__((aligned(8)));
    long length = syscall(SYS_getdents64, watching->scanned_fd, entries, sizeof entries);
    for (long at = 0; at < length;) {
        const struct dirent64 *entry = (const struct dirent64 *) (entries + at);
        at += entry->d_reclen;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        bool folder = is_folder_entry(watching->scanned_fd, entry);
        if (watching->scanned->tell) {
            watch_tell(watching, KIND_CREATE, watching->scanned->path, entry->d_name, folder);
        }
        if (folder && !watch_await(watching, watching->scanned->path, entry->d_name, watching->scanned->tell)) {
            *lost = true;
        }
    }
    return length > 0;
}

int watch_scan(struct watching *watching, bool *lost) {
    if (watching->scanned == NULL) {
        int error = begin_folder(watching);
        if (error != 0 || watching->scanned == NULL) {
            return error;
        }
    }
    if (!watching->recursive || !read_entries(watching, lost)) {
        close(watching->scanned_fd);
        watching->scanned_fd = -1;
        watching->scanned = NULL;
    }
    return 0;
}
