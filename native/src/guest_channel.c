// Channels: their table, replies, flow control, and whose turn it is to send.
#define _GNU_SOURCE
#include "guest_channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HASH_SIZE = 256 };

static struct channel *table[HASH_SIZE];
static unsigned channel_count;
static struct channel ready_list = {.ready_next = &ready_list, .ready_previous = &ready_list};

static struct channel *replied; // by the reply in the making
static uint8_t replied_type;

// ---- table ----

struct channel **channel_slot(uint32_t id) {
    struct channel **at = &table[id % HASH_SIZE];
    while (*at != NULL && (*at)->id != id) {
        at = &(*at)->hash_next;
    }
    return at;
}

struct channel *channel_open(uint32_t id) {
    struct channel *channel = calloc(1, sizeof *channel);
    if (channel != NULL) {
        channel->id = id;
        *channel_slot(id) = channel;
        channel_count++;
    }
    return channel;
}

unsigned channels_open(void) {
    return channel_count;
}

void channel_unready(struct channel *channel) {
    if (channel->ready) {
        channel->ready = false;
        channel->ready_next->ready_previous = channel->ready_previous;
        channel->ready_previous->ready_next = channel->ready_next;
    }
}

void channel_close(struct channel *channel) {
    struct channel **at = channel_slot(channel->id);
    *at = channel->hash_next;
    channel_unready(channel);
    free(channel->request);
    channel->request = NULL;
    channel->closed = true;
    channel_count--;
    free_later(channel);
}

void channel_ready(struct channel *channel) {
    if (!channel->ready && !channel->closed) {
        channel->ready = true;
        channel->ready_next = &ready_list;
        channel->ready_previous = ready_list.ready_previous;
        ready_list.ready_previous->ready_next = channel;
        ready_list.ready_previous = channel;
    }
}

struct channel *channel_next_ready(void) {
    return ready_list.ready_next == &ready_list ? NULL : ready_list.ready_next;
}

void channels_drop(void) {
    for (unsigned i = 0; i < HASH_SIZE; i++) {
        while (table[i] != NULL) {
            struct channel *channel = table[i];
            if (channel->ops != NULL) {
                channel->ops->drop(channel);
            }
            channel_close(channel);
        }
    }
}

// ---- replies ----

struct field_writer *reply_begin(struct channel *channel, uint8_t type) {
    replied = channel;
    replied_type = type;
    return control_begin(channel->id, type);
}

void reply_send(void) {
    control_send(0);
    if (replied_type == FRAME_END || replied_type == FRAME_ERROR) {
        channel_close(replied);
    }
}

void channel_end(struct channel *channel) {
    reply_begin(channel, FRAME_END);
    reply_send();
}

void channel_cancelled(struct channel *channel) {
    field_put_int(reply_begin(channel, FRAME_END), F_CANCELLED, 1);
    reply_send();
}

void channel_eof(struct channel *channel, uint8_t stream) {
    control_begin(channel->id, FRAME_EOF);
    control_send(stream);
}

void channel_error(struct channel *channel, int code, int error, const char *format, ...) {
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    control_error(channel->id, code, error, message);
    channel_close(channel);
}

int error_code_of(int error) {
    switch (error) {
    case ENOENT: case ENOTDIR: case ESRCH: case ENODATA: return E_NOT_FOUND;
    case EACCES: case EPERM: case EROFS: case ETXTBSY: return E_DENIED;
    case EEXIST: case ENOTEMPTY: return E_EXISTS;
    case ENOSPC: case EDQUOT: case ENOMEM: return E_NO_SPACE;
    case EAGAIN: case EMFILE: case ENFILE: case EMLINK: return E_LIMIT;
    case EINVAL: case EISDIR: case ENAMETOOLONG: case ELOOP: case ENOEXEC: case E2BIG: return E_INVALID;
    case EOPNOTSUPP: case ENOSYS: return E_UNSUPPORTED;
    case ECONNREFUSED: return E_REFUSED;
    default: return E_IO;
    }
}

void channel_errno(struct channel *channel, int error, const char *what) {
    channel_error(channel, error_code_of(error), error, "%.800s: %s", what, strerror(error));
}

// ---- flow control ----

void channel_accept(struct channel *channel, const struct channel_ops *ops, void *owner, uint32_t in_window,
    uint32_t out_window) {
    channel->ops = ops;
    channel->owner = owner;
    channel->in_window = in_window;
    channel->in_half = in_window / 2;
    channel->out_window = out_window;
}

void channel_consumed(struct channel *channel, size_t bytes) {
    channel->in_owed += (uint32_t) bytes;
    if (channel->in_owed < channel->in_half || channel->closed) {
        return;
    }
    struct field_writer *out = control_begin(channel->id, FRAME_CREDIT);
    store_u32(out->at, channel->in_owed);
    out->at += 4;
    control_send(0);
    channel->in_window += channel->in_owed;
    channel->in_owed = 0;
}

bool channel_credit_simple(struct channel *channel, unsigned stream, uint32_t bytes) {
    if (stream != 1 || bytes > channel->out_sent) {
        return false;
    }
    channel->out_sent -= bytes;
    channel->out_window += bytes;
    channel_ready(channel);
    return true;
}

void channels_init(void) {
    if (!input_init() || !output_init()) {
        fatal("descriptors 0 and 1 must be pipes or sockets");
    }
}
