// WATCH: events of a folder, or of a tree, from inotify.
#define _GNU_SOURCE
#include "guest_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    BUCKETS = 64,
    FOLDERS_MAX = 8192,
    READS_A_TURN = 16,
    RETRY_MS = 50,
    EVENT_BYTES = 8192,
    MASK = IN_CREATE | IN_MODIFY | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF
        | IN_ONLYDIR | IN_EXCL_UNLINK,
};

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
    struct folder *buckets[BUCKETS];
    struct folder *first_waiting, *last_waiting;
    struct folder *scanned; // the one whose entries are being read
    int scanned_fd;
    char path[PATH_BYTES]; // of the root
};

static void free_folders(struct folder *folder) {
    while (folder != NULL) {
        struct folder *next = folder->next;
        free(folder);
        folder = next;
    }
}

static void watching_close(struct watching *watching) {
    job_stop(&watching->scan);
    timer_stop(&watching->retry);
    source_close(&watching->source);
    if (watching->scanned_fd >= 0) {
        close(watching->scanned_fd);
    }
    free_folders(watching->first_waiting);
    for (int i = 0; i < BUCKETS; i++) {
        free_folders(watching->buckets[i]);
    }
    watching->channel = NULL;
    free_later(watching);
}

static void on_drop(struct channel *channel) {
    watching_close(channel->owner);
}

static const struct channel_ops watching_ops = {.drop = on_drop};

static void tell(struct watching *watching, int kind, const char *folder, const char *name, bool is_folder) {
    struct field_writer *out = reply_begin(watching->channel, FRAME_EVENT);
    char path[2 * PATH_BYTES];
    size_t length = strlen(folder), name_length = strlen(name);
    if (length >= PATH_BYTES || name_length >= PATH_BYTES) {
        return;
    }
    memcpy(path, folder, length);
    if (length > 0 && name_length > 0) {
        path[length++] = '/';
    }
    memcpy(path + length, name, name_length);
    field_put_int(out, F_KIND, (uint64_t) kind);
    field_put_bytes(out, F_PATH, path, length + name_length);
    if (is_folder) {
        field_put_int(out, F_TYPE, 2);
    }
    reply_send();
}

// ---- the table of folders ----

static struct folder **find(struct watching *watching, int descriptor) {
    struct folder **at = &watching->buckets[(unsigned) descriptor % BUCKETS];
    while (*at != NULL && (*at)->descriptor != descriptor) {
        at = &(*at)->next;
    }
    return at;
}

static void forget(struct watching *watching, int descriptor) {
    struct folder **at = find(watching, descriptor);
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

// A folder was moved away: what is below it has other names now, or is no longer in the tree.
static void forget_below(struct watching *watching, const char *folder, const char *name) {
    char path[PATH_BYTES + 256];
    size_t length = strlen(folder);
    memcpy(path, folder, length);
    if (length > 0) {
        path[length++] = '/';
    }
    memcpy(path + length, name, strlen(name) + 1);
    for (int i = 0; i < BUCKETS; i++) {
        for (struct folder *at = watching->buckets[i], *next; at != NULL; at = next) {
            next = at->next;
            if (is_below(at->path, path)) {
                inotify_rm_watch(watching->source.fd, at->descriptor);
                forget(watching, at->descriptor);
            }
        }
    }
}

// Puts a folder on the list of those to be watched and read. False when there are too many or no memory.
static bool await(struct watching *watching, const char *parent, const char *name, bool tell_entries) {
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
    struct folder **at = find(watching, descriptor);
    if (*at != NULL) { // moved within the tree: the same watch under a new name
        struct folder *old = *at;
        *at = old->next;
        free(old);
        watching->count--;
        at = find(watching, descriptor);
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
            tell(watching, KIND_CREATE, watching->scanned->path, entry->d_name, folder);
        }
        if (folder && !await(watching, watching->scanned->path, entry->d_name, watching->scanned->tell)) {
            *lost = true;
        }
    }
    return length > 0;
}

static int scan_some(struct watching *watching, bool *lost) {
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

static void read_events(struct watching *watching);

static void fail(struct watching *watching, int error) {
    // ENOSPC is how inotify says that the user has too many watches.
    bool limit = error == ENOSPC || error == EMFILE;
    channel_error(watching->channel, limit ? E_LIMIT : error_code_of(error), error, "watch: %s",
        limit ? "too many watches" : strerror(error));
    watching_close(watching);
}

static void on_scan(struct job *job) {
    struct watching *watching = container_of(job, struct watching, scan);
    bool lost = false;
    if (output_is_backed_up()) {
        job_stop(job);
        timer_set(&watching->retry, now_ms() + RETRY_MS);
        return;
    }
    int error = user_enter(&watching->user) ? scan_some(watching, &lost) : errno;
    user_leave();
    if ((error != 0 || lost) && !watching->accepted) {
        fail(watching, error != 0 ? error : EMFILE);
        return;
    }
    if (error != 0 || lost) {
        tell(watching, KIND_OVERFLOW, "", "", false);
    }
    if (watching->scanned == NULL && watching->first_waiting == NULL) {
        job_stop(job);
        if (!watching->accepted) {
            watching->accepted = true;
            reply_begin(watching->channel, FRAME_RESPONSE);
            reply_send();
            read_events(watching);
        }
    }
}

// ---- events ----

static void take_event(struct watching *watching, const struct inotify_event *event) {
    const struct folder *folder = *find(watching, event->wd);
    const char *name = event->len > 0 ? event->name : "";
    bool is_folder = (event->mask & IN_ISDIR) != 0;
    if (event->mask & IN_Q_OVERFLOW) {
        tell(watching, KIND_OVERFLOW, "", "", false);
    }
    if (folder == NULL) {
        return;
    }
    if (event->mask & IN_IGNORED) {
        forget(watching, event->wd);
        return;
    }
    if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF)) {
        return; // its parent tells
    }
    int kind = event->mask & (IN_CREATE | IN_MOVED_TO) ? KIND_CREATE : event->mask & IN_MODIFY ? KIND_WRITE
        : event->mask & IN_DELETE ? KIND_REMOVE : event->mask & IN_MOVED_FROM ? KIND_RENAME
        : event->mask & IN_ATTRIB ? KIND_CHMOD : 0;
    if (kind == 0 || (kind == KIND_CHMOD && name[0] == 0 && folder->path[0] != 0)) {
        return; // a folder's own attributes are told by its parent
    }
    tell(watching, kind, folder->path, name, is_folder);
    if (watching->recursive && is_folder && kind == KIND_CREATE && !await(watching, folder->path, name, true)) {
        tell(watching, KIND_OVERFLOW, "", "", false);
    }
    if (watching->recursive && is_folder && kind == KIND_RENAME) {
        forget_below(watching, folder->path, name);
    }
}

static bool root_is_gone(const struct watching *watching, const struct inotify_event *event) {
    return event->wd == watching->root_descriptor
        && (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED)) != 0;
}

static void read_events(struct watching *watching) {
    char events[EVENT_BYTES] __attribute__((aligned(8)));
    for (int i = 0; i < READS_A_TURN && !output_is_backed_up(); i++) {
        ssize_t length = read(watching->source.fd, events, sizeof events);
        if (length <= 0) {
            return;
        }
        for (ssize_t at = 0; at < length;) {
            const struct inotify_event *event = (const struct inotify_event *) (events + at);
            at += (ssize_t) (sizeof *event + event->len);
            if (root_is_gone(watching, event)) {
                channel_end(watching->channel);
                watching_close(watching);
                return;
            }
            take_event(watching, event);
        }
    }
    timer_set(&watching->retry, now_ms() + (output_is_backed_up() ? RETRY_MS : 0));
}

static void on_events(struct source *source, uint32_t events) {
    struct watching *watching = container_of(source, struct watching, source);
    (void) events;
    if (watching->accepted && watching->channel != NULL) {
        read_events(watching);
    }
}

static void on_retry(struct timer *timer) {
    struct watching *watching = container_of(timer, struct watching, retry);
    if (watching->scanned != NULL || watching->first_waiting != NULL) {
        job_start(&watching->scan);
    }
    if (watching->accepted) {
        read_events(watching);
    }
}

void op_watch(const struct request *request) {
    char path[PATH_BYTES];
    struct credentials user;
    uint64_t flags = 0;
    if (!request_path_user(request, path, &user) || !request_int(request, F_FLAGS, &flags, FLAG_RECURSIVE)) {
        return;
    }
    struct stat status;
    int root = path_open_folder(request->channel, path, &user);
    if (root < 0) {
        return;
    }
    int result = fstat(root, &status);
    close(root);
    struct watching *watching = calloc(1, sizeof *watching);
    int notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (result < 0 || watching == NULL || notify < 0 || !source_add(&watching->source, notify, EPOLLIN)) {
        int error = watching == NULL ? ENOMEM : errno;
        if (notify >= 0) {
            close(notify);
        }
        free(watching);
        channel_errno(request->channel, error, "watch");
        return;
    }
    watching->source.on_ready = on_events;
    watching->channel = request->channel;
    watching->user = user;
    watching->device = status.st_dev;
    watching->inode = status.st_ino;
    memcpy(watching->path, path, strlen(path) + 1);
    watching->root_descriptor = watching->scanned_fd = -1;
    watching->recursive = (flags & FLAG_RECURSIVE) != 0;
    watching->retry.on_time = on_retry;
    watching->scan.slice = on_scan;
    channel_accept(request->channel, &watching_ops, watching, 0, 0);
    if (!await(watching, "", "", false)) {
        fail(watching, ENOMEM);
    }
}
