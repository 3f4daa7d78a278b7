/* How a controller comes: a connection counts once it has said ATTACH with an epoch that nobody had. One that says
 * DEADLINE with the epoch of the controller is answered and closed. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim_relay.h"

void relay_accept(struct relay *relay) {
    int fd = accept4(relay->shim->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        return;
    }
    struct ucred peer;
    socklen_t size = sizeof peer;
    int slot = 0;
    while (slot < PENDING_MAX && relay->pending[slot].fd >= 0) {
        slot++;
    }
    if (slot == PENDING_MAX || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != 0) {
        close(fd);
        return;
    }
    relay->pending[slot] = (struct pending){.fd = fd};
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = fd};
    epoll_ctl(relay->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void send_frame(int fd, uint8_t type, struct field_writer *fields) {
    uint8_t frame[FRAME_HEADER + 1400];
    size_t size = field_size(fields);
    frame_encode(frame, (uint32_t)size, CHANNEL_SHIM, type, 0);
    memcpy(frame + FRAME_HEADER, fields->start, size);
    (void)!send(fd, frame, FRAME_HEADER + size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void attach(struct relay *relay, struct pending *pending, uint64_t version, uint64_t epoch) {
    uint8_t memory[256];
    struct field_writer fields;
    field_writer_init(&fields, memory, sizeof memory);
    if (version != PROTOCOL_VERSION || epoch <= relay->epoch) {
        field_put_int(&fields, F_CODE, version != PROTOCOL_VERSION ? E_UNSUPPORTED : E_CONFLICT);
        field_put_int(&fields, F_EPOCH, relay->epoch);
        field_put_text(&fields, F_MESSAGE, version != PROTOCOL_VERSION
            ? "the shim speaks version 1" : "a controller with this epoch or a higher one was here");
        send_frame(pending->fd, FRAME_ERROR, &fields);
        close(pending->fd);
        pending->fd = -1;
        return;
    }
    relay_drop_controller(relay);
    relay->controller = pending->fd;
    relay->epoch = epoch;
    pending->fd = -1;
    relay->watching_controller = EPOLLIN | EPOLLRDHUP;
    int size = BUFFER_BYTES;
    setsockopt(relay->controller, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    field_put_int(&fields, F_VERSION, PROTOCOL_VERSION);
    field_put_int(&fields, F_EPOCH, epoch);
    field_put_int(&fields, F_PID, (uint64_t)relay->shim->guest);
    send_frame(relay->controller, FRAME_SHIM_ATTACHED, &fields);
    relay_send_out(relay);
}

/* Beside the stream, which may be full of what a guest that stands still does not take. */
static void set_deadline(struct relay *relay, struct pending *pending, uint64_t epoch, const uint8_t *payload,
                         size_t size) {
    uint8_t memory[128];
    struct field_writer fields;
    field_writer_init(&fields, memory, sizeof memory);
    if (epoch == 0 || epoch != relay->epoch) {
        field_put_int(&fields, F_CODE, E_CONFLICT);
        field_put_int(&fields, F_EPOCH, relay->epoch);
        field_put_text(&fields, F_MESSAGE, "another controller has the sandbox");
        send_frame(pending->fd, FRAME_ERROR, &fields);
    } else {
        relay_deadline(relay, payload, size, &fields);
        send_frame(pending->fd, FRAME_SHIM_DEADLINE, &fields);
    }
    close(pending->fd);
    pending->fd = -1;
}

void relay_read_pending(struct relay *relay, struct pending *pending) {
    /* Reads no further than the ATTACH frame, so what follows it stays in the socket. */
    struct frame_header header = {0};
    size_t wanted = FRAME_HEADER;
    if (pending->got >= FRAME_HEADER) {
        frame_decode(pending->bytes, &header);
        wanted += header.length;
    }
    ssize_t got = recv(pending->fd, pending->bytes + pending->got, wanted - pending->got, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    pending->got += got > 0 ? (size_t)got : 0;
    bool good = got > 0;
    if (good && pending->got == FRAME_HEADER) {
        good = frame_decode(pending->bytes, &header) && header.channel == CHANNEL_SHIM &&
               (header.type == FRAME_SHIM_ATTACH || header.type == FRAME_SHIM_DEADLINE) && header.length > 0 &&
               header.length <= sizeof pending->bytes - FRAME_HEADER;
    } else if (good && pending->got > FRAME_HEADER && pending->got == wanted) {
        struct field_reader reader;
        struct field field;
        uint64_t version = 0, epoch = 0, value;
        field_reader_init(&reader, pending->bytes + FRAME_HEADER, header.length);
        while (field_next(&reader, &field)) {
            if (field_int(&field, &value)) {
                version = field.tag == F_VERSION ? value : version;
                epoch = field.tag == F_EPOCH ? value : epoch;
            }
        }
        if (header.type == FRAME_SHIM_DEADLINE) {
            set_deadline(relay, pending, epoch, pending->bytes + FRAME_HEADER, header.length);
        } else {
            attach(relay, pending, version, epoch);
        }
        return;
    }
    if (!good) {
        close(pending->fd);
        pending->fd = -1;
    }
}
