/* From the guest to the controller: frames are passed on as they come, and only cut at their boundaries. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim_relay.h"

void relay_queue(struct relay *relay, uint8_t type, struct field_writer *fields) {
    size_t size = FRAME_HEADER + field_size(fields);
    if (sizeof relay->own - relay->own_tail < size) {
        return;
    }
    frame_encode(relay->own + relay->own_tail, (uint32_t)field_size(fields), CHANNEL_SHIM, type, 0);
    memcpy(relay->own + relay->own_tail + FRAME_HEADER, fields->start, field_size(fields));
    relay->own_tail += size;
}

/* The header of a guest's frame. It may not speak for the shim. */
static bool guest_frame(const uint8_t *bytes, struct frame_header *header) {
    return frame_decode(bytes, header) && header->channel != CHANNEL_SHIM;
}

/* A guest that breaks the framing cannot be followed any further: its sandbox ends. */
static void guest_violation(struct relay *relay) {
    relay->guest_broken = true;
    snprintf(relay->shim->message, sizeof relay->shim->message, "the sandbox broke the stream's framing");
    limits_kill(relay->shim, END_GUEST);
}

/* Bytes that may be sent now: everything up to the last header that is not complete yet. */
static size_t sendable(struct relay *relay) {
    struct buffer *out = &relay->out;
    size_t at = relay->frame_end;
    while (at + FRAME_HEADER <= out->tail) {
        struct frame_header header;
        if (!guest_frame(out->bytes + at, &header)) {
            guest_violation(relay);
            return 0;
        }
        at += FRAME_HEADER + header.length;
    }
    size_t end = at < out->tail ? at : out->tail;
    return end > out->head ? end - out->head : 0;
}

/* frame_end stays the end of the frame in which head lies, or head itself when that is a boundary. */
static void out_consumed(struct relay *relay, size_t count) {
    struct buffer *out = &relay->out;
    out->head += count;
    while (relay->frame_end < out->head) {
        struct frame_header header;
        if (relay->frame_end + FRAME_HEADER > out->tail || !guest_frame(out->bytes + relay->frame_end, &header)) {
            guest_violation(relay);
            return;
        }
        relay->frame_end += FRAME_HEADER + header.length;
    }
    if (out->head == out->tail) {
        relay->frame_end -= out->head;
        out->head = out->tail = 0;
    }
}

static void compact_out(struct relay *relay) {
    struct buffer *out = &relay->out;
    if (out->head > 0 && out->tail > BUFFER_BYTES / 2) {
        memmove(out->bytes, out->bytes + out->head, out->tail - out->head);
        relay->frame_end -= relay->frame_end >= out->head ? out->head : relay->frame_end;
        out->tail -= out->head;
        out->head = 0;
    }
}

static void apply_skip(struct relay *relay) {
    size_t waiting = relay->out.tail - relay->out.head;
    size_t count = relay->skip < waiting ? (size_t)relay->skip : waiting;
    relay->skip -= count;
    out_consumed(relay, count);
}

/* Sends `count` bytes; true when all of them went and there may be more to do. */
static bool send_some(struct relay *relay, const uint8_t *bytes, size_t count, size_t *sent) {
    ssize_t put = send(relay->controller, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && errno != EAGAIN && errno != EINTR) {
        relay_drop_controller(relay);
    }
    *sent = put > 0 ? (size_t)put : 0;
    return *sent == count;
}

static bool send_own(struct relay *relay) {
    size_t sent;
    bool all = send_some(relay, relay->own + relay->own_head, relay->own_tail - relay->own_head, &sent);
    relay->own_head += sent;
    if (relay->own_head == relay->own_tail) {
        relay->own_head = relay->own_tail = 0;
    }
    return all;
}

static void send_all(struct relay *relay) {
    struct buffer *out = &relay->out;
    bool more = true;
    while (more && relay->controller >= 0 && !relay->guest_broken) {
        bool boundary = relay->frame_end == out->head && relay->skip == 0;
        if (relay->own_tail > 0 && boundary) {
            more = send_own(relay);
            continue;
        }
        if (relay->skip > 0 && out->tail > out->head) {
            apply_skip(relay);
            continue;
        }
        size_t count = sendable(relay);
        if (relay->own_tail > 0 && count > relay->frame_end - out->head) {
            count = relay->frame_end - out->head;
        }
        if (count == 0) {
            return;
        }
        size_t sent;
        more = send_some(relay, out->bytes + out->head, count, &sent);
        out_consumed(relay, sent);
    }
}

void relay_send_out(struct relay *relay) {
    send_all(relay);
    /* What is left may be the start of a header at the very end of the buffer, where the rest of it has no room. */
    compact_out(relay);
}

void relay_read_guest(struct relay *relay) {
    struct buffer *out = &relay->out;
    compact_out(relay);
    if (out->tail == BUFFER_BYTES) {
        return;
    }
    ssize_t got = read(relay->shim->from_guest, out->bytes + out->tail, BUFFER_BYTES - out->tail);
    if (got > 0) {
        out->tail += (size_t)got;
        out->used = true;
        if (relay->skip > 0) {
            apply_skip(relay);
        }
        relay_send_out(relay);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        epoll_ctl(relay->epoll, EPOLL_CTL_DEL, relay->shim->from_guest, NULL);
        relay->guest_eof = true;
    }
}
