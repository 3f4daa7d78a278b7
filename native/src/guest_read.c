// READ: a regular file, straight into the frames.
#define _GNU_SOURCE
#include "guest_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct reading {
    void *grave;
    int fd;
    uint64_t offset, left, sent;
};

static void reading_close(struct reading *reading) {
    close(reading->fd);
    free_later(reading);
}

static void on_drop(struct channel *channel) {
    reading_close(channel->owner);
}

static bool on_produce(struct channel *channel, struct slot *slot) {
    struct reading *reading = channel->owner;
    size_t want = channel->out_window < slot->room ? channel->out_window : slot->room;
    if (reading->left > 0 && want == 0) {
        return false;
    }
    want = want < reading->left ? want : (size_t) reading->left;
    // No rights are needed here: they were checked when the file was opened.
    ssize_t count = want == 0 ? 0 : pread(reading->fd, slot->buffer, want, (off_t) reading->offset);
    if (count > 0) {
        reading->offset += (uint64_t) count;
        reading->left -= (uint64_t) count;
        reading->sent += (uint64_t) count;
        channel->out_window -= (uint32_t) count;
        channel->out_sent += (uint32_t) count;
        slot->length = (size_t) count;
        return true;
    }
    if (count < 0) {
        channel_errno(channel, errno, "read");
    } else {
        channel_eof(channel, 1);
        field_put_int(reply_begin(channel, FRAME_END), F_SIZE, reading->sent);
        reply_send();
    }
    reading_close(reading);
    return false;
}

static const struct channel_ops reading_ops = {
    .credit = channel_credit_simple, .produce = on_produce, .drop = on_drop,
};

void op_read(const struct request *request) {
    char path[PATH_BYTES];
    struct credentials user;
    struct stat status;
    uint64_t offset = 0, limit = UINT64_MAX;
    if (!request_path_user(request, path, &user) || !request_int(request, F_OFFSET, &offset, INT64_MAX)
        || !request_int(request, F_LIMIT, &limit, UINT64_MAX) || !enter_or_answer(request->channel, &user)) {
        return;
    }
    int fd = path_open_regular(path, O_RDONLY, 0, &status);
    user_leave();
    if (fd < 0) {
        channel_errno(request->channel, errno, path);
        return;
    }
    struct reading *reading = malloc(sizeof *reading);
    if (reading == NULL) {
        close(fd);
        channel_error(request->channel, E_NO_SPACE, 0, "no memory");
        return;
    }
    *reading = (struct reading) {.fd = fd, .offset = offset, .left = limit};
    channel_accept(request->channel, &reading_ops, reading, 0, WINDOW_FILE);
    put_stat(reply_begin(request->channel, FRAME_RESPONSE), &status);
    reply_send();
    channel_ready(request->channel);
}
