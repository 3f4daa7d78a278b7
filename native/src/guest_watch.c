// WATCH: events of a folder, or of a tree, from inotify.
#define _GNU_SOURCE
#include "guest_watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
    READS_A_TURN = 16,
    RETRY_MS = 50,
    EVENT_BYTES = 8192,
};

static void watching_close(struct watching *watching) {
    job_stop(&watching->scan);
    timer_stop(&watching->retry);
    source_close(&watching->source);
    if (watching->scanned_fd >= 0) {
        close(watching->scanned_fd);
    }
    watch_free_folders(watching);
    watching->channel = NULL;
    free_later(watching);
}

static void on_drop(struct channel *channel) {
    watching_close(channel->owner);
}

static const struct channel_ops watching_ops = {.drop = on_drop};

void watch_tell(struct watching *watching, int kind, const char *folder, const char *name, bool is_folder) {
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
    int error = user_enter(&watching->user) ? watch_scan(watching, &lost) : errno;
    user_leave();
    if ((error != 0 || lost) && !watching->accepted) {
        fail(watching, error != 0 ? error : EMFILE);
        return;
    }
    if (error != 0 || lost) {
        watch_tell(watching, KIND_OVERFLOW, "", "", false);
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
    const struct folder *folder = *watch_find(watching, event->wd);
    const char *name = event->len > 0 ? event->name : "";
    bool is_folder = (event->mask & IN_ISDIR) != 0;
    if (event->mask & IN_Q_OVERFLOW) {
        watch_tell(watching, KIND_OVERFLOW, "", "", false);
    }
    if (folder == NULL) {
        return;
    }
    if (event->mask & IN_IGNORED) {
        watch_forget(watching, event->wd);
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
    watch_tell(watching, kind, folder->path, name, is_folder);
    if (watching->recursive && is_folder && kind == KIND_CREATE && !watch_await(watching, folder->path, name, true)) {
        watch_tell(watching, KIND_OVERFLOW, "", "", false);
    }
    if (watching->recursive && is_folder && kind == KIND_RENAME) {
        watch_forget_below(watching, folder->path, name);
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
    if (!watch_await(watching, "", "", false)) {
        fail(watching, ENOMEM);
    }
}
