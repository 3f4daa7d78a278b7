#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"
#include "shim.h"

#define BUFFER_BYTES (256 << 10)
#define PENDING_MAX 4 /* connections that have not said ATTACH yet */

_Static_assert(BUFFER_BYTES >= 2 * FRAME_MAX, "a whole frame and the start of the next fit");

/* Bytes between head and tail wait to be written. Memory is given back when a burst is over. */
struct buffer {
    uint8_t *bytes;
    size_t head, tail;
    bool used;
};

struct pending {
    int fd;
    size_t got;
    uint8_t bytes[128];
};

struct relay {
    struct shim *shim;
    int epoll;
    int controller; /* -1: nobody attached */
    uint64_t epoch;
    struct pending pending[PENDING_MAX];

    struct buffer out;     /* guest to controller */
    size_t frame_end;      /* offset in `out` at which the frame being sent ends */
    uint64_t skip;         /* bytes of a frame whose first part went to an earlier controller */
    uint8_t own[4096];     /* frames of the shim's own */
    size_t own_head, own_tail;
    bool guest_eof, guest_broken;

    struct buffer in;      /* controller to guest */
    size_t whole;          /* offset in `in` up to which complete frames of the guest lie */
    uint32_t watching_out, watching_in, watching_controller;
};

static bool buffer_open(struct buffer *buffer) {
    buffer->bytes = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return buffer->bytes != MAP_FAILED;
}

static void watch(struct relay *relay, int fd, uint32_t *now, uint32_t wanted) {
    if (*now == wanted) {
        return;
    }
    struct epoll_event event = {.events = wanted, .data.fd = fd};
    epoll_ctl(relay->epoll, EPOLL_CTL_MOD, fd, &event);
    *now = wanted;
}

/* What each descriptor shall wait for follows from the buffers alone. */
static void rewatch(struct relay *relay) {
    struct shim *shim = relay->shim;
    if (!relay->guest_eof) {
        watch(relay, shim->from_guest, &relay->watching_out, relay->out.tail < BUFFER_BYTES ? EPOLLIN : 0);
    }
    if (shim->to_guest >= 0) {
        watch(relay, shim->to_guest, &relay->watching_in, relay->whole > relay->in.head ? EPOLLOUT : 0);
    }
    if (relay->controller >= 0) {
        uint32_t wanted = EPOLLRDHUP;
        wanted |= relay->in.tail < BUFFER_BYTES ? EPOLLIN : 0;
        wanted |= relay->out.tail > relay->out.head || relay->own_tail > 0 ? EPOLLOUT : 0;
        watch(relay, relay->controller, &relay->watching_controller, wanted);
    }
}

struct relay *relay_open(struct shim *shim, int epoll) {
    struct relay *relay = calloc(1, sizeof *relay);
    if (relay == NULL || !buffer_open(&relay->out) || !buffer_open(&relay->in)) {
        return NULL;
    }
    relay->shim = shim;
    relay->epoll = epoll;
    relay->controller = -1;
    relay->guest_eof = shim->from_guest < 0;
    for (int i = 0; i < PENDING_MAX; i++) {
        relay->pending[i].fd = -1;
    }
    int fds[] = {shim->listener, shim->from_guest, shim->to_guest};
    uint32_t events[] = {EPOLLIN, EPOLLIN, 0};
    for (int i = 0; i < 3; i++) {
        struct epoll_event event = {.events = events[i], .data.fd = fds[i]};
        if (fds[i] >= 0) {
            epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event);
        }
    }
    relay->watching_out = EPOLLIN;
    return relay;
}

static void drop_controller(struct relay *relay) {
    if (relay->controller < 0) {
        return;
    }
    close(relay->controller);
    relay->controller = -1;
    relay->own_head = relay->own_tail = 0;
    /* Half a frame that it had received is skipped, so that the next controller starts on a boundary; */
    if (relay->frame_end > relay->out.head) {
        relay->skip = relay->frame_end - relay->out.head;
    }
    /* half a frame that it left is dropped; whole ones still go to the guest. */
    relay->in.tail = relay->whole;
}

static void send_frame(struct relay *relay, int fd, uint8_t type, struct field_writer *fields) {
    uint8_t frame[FRAME_HEADER + 1400];
    size_t size = field_size(fields);
    frame_encode(frame, (uint32_t)size, CHANNEL_SHIM, type, 0);
    memcpy(frame + FRAME_HEADER, fields->start, size);
    (void)relay;
    (void)!send(fd, frame, FRAME_HEADER + size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* A frame of the shim's own for the controller; sent at the next frame boundary. When there is no room it is left out: the exit record
 * says the same, and a deadline that was not confirmed is set again. */
static void queue_frame(struct relay *relay, uint8_t type, struct field_writer *fields) {
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
        drop_controller(relay);
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

static void send_out(struct relay *relay) {
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

static void read_guest(struct relay *relay) {
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
        send_out(relay);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        epoll_ctl(relay->epoll, EPOLL_CTL_DEL, relay->shim->from_guest, NULL);
        relay->guest_eof = true;
    }
}

static void shim_frame(struct relay *relay, const struct frame_header *header, const uint8_t *payload) {
    struct field_reader reader;
    struct field field;
    uint64_t deadline = 0, kind = 0, limit = 0, value;
    field_reader_init(&reader, payload, header->length);
    while (field_next(&reader, &field)) {
        if (!field_int(&field, &value)) {
            continue;
        }
        deadline = field.tag == F_UPTIME_MS ? value : deadline;
        kind = field.tag == F_KIND ? value : kind;
        limit = field.tag == F_LIMIT ? value : limit;
    }
    if (header->type == FRAME_SHIM_KILL) {
        limits_kill(relay->shim, END_KILLED);
    } else if (header->type == FRAME_SHIM_DEADLINE) {
        limits_set_deadline(relay->shim, deadline, kind == 2);
        limits_set_cpu(relay->shim, limit);
        uint8_t memory[64];
        struct field_writer fields;
        field_writer_init(&fields, memory, sizeof memory);
        field_put_int(&fields, F_UPTIME_MS, deadline);
        field_put_int(&fields, F_KIND, kind);
        field_put_int(&fields, F_LIMIT, limit);
        queue_frame(relay, FRAME_SHIM_DEADLINE, &fields);
    }
}

/* Takes whole frames that are addressed to the shim out of the stream. False: the controller broke the framing. */
static bool sort_in(struct relay *relay) {
    struct buffer *in = &relay->in;
    while (relay->whole + FRAME_HEADER <= in->tail) {
        struct frame_header header;
        uint8_t *at = in->bytes + relay->whole;
        if (!frame_decode(at, &header)) {
            return false;
        }
        size_t size = FRAME_HEADER + header.length;
        if (relay->whole + size > in->tail) {
            break;
        }
        if (header.channel != CHANNEL_SHIM) {
            relay->whole += size;
            continue;
        }
        shim_frame(relay, &header, at + FRAME_HEADER);
        memmove(at, at + size, in->tail - relay->whole - size);
        in->tail -= size;
    }
    return true;
}

static void write_guest(struct relay *relay) {
    struct buffer *in = &relay->in;
    while (relay->whole > in->head && relay->shim->to_guest >= 0) {
        ssize_t put = write(relay->shim->to_guest, in->bytes + in->head, relay->whole - in->head);
        if (put < 0) {
            if (errno == EAGAIN || errno == EINTR) {
                return;
            }
            in->head = relay->whole; /* the guest is gone; its end is noticed by its exit */
            break;
        }
        in->head += (size_t)put;
    }
    if (in->head == relay->whole) {
        memmove(in->bytes, in->bytes + in->head, in->tail - in->head);
        in->tail -= in->head;
        relay->whole = in->head = 0;
    }
}

static void read_controller(struct relay *relay) {
    struct buffer *in = &relay->in;
    if (in->tail == BUFFER_BYTES) {
        return;
    }
    ssize_t got = recv(relay->controller, in->bytes + in->tail, BUFFER_BYTES - in->tail, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (got <= 0) {
        drop_controller(relay);
        return;
    }
    in->tail += (size_t)got;
    in->used = true;
    if (!sort_in(relay)) {
        drop_controller(relay);
    }
    write_guest(relay);
    send_out(relay);
}

static void accept_pending(struct relay *relay) {
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

static void attach(struct relay *relay, struct pending *pending, uint64_t version, uint64_t epoch) {
    uint8_t memory[256];
    struct field_writer fields;
    field_writer_init(&fields, memory, sizeof memory);
    if (version != PROTOCOL_VERSION || epoch <= relay->epoch) {
        field_put_int(&fields, F_CODE, version != PROTOCOL_VERSION ? E_UNSUPPORTED : E_CONFLICT);
        field_put_int(&fields, F_EPOCH, relay->epoch);
        field_put_text(&fields, F_MESSAGE, version != PROTOCOL_VERSION ? "the shim speaks version 1" : "a controller with this epoch or a higher one was here");
        send_frame(relay, pending->fd, FRAME_ERROR, &fields);
        close(pending->fd);
        pending->fd = -1;
        return;
    }
    drop_controller(relay);
    relay->controller = pending->fd;
    relay->epoch = epoch;
    pending->fd = -1;
    relay->watching_controller = EPOLLIN | EPOLLRDHUP;
    int size = BUFFER_BYTES;
    setsockopt(relay->controller, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    field_put_int(&fields, F_VERSION, PROTOCOL_VERSION);
    field_put_int(&fields, F_EPOCH, epoch);
    field_put_int(&fields, F_PID, (uint64_t)relay->shim->guest);
    send_frame(relay, relay->controller, FRAME_SHIM_ATTACHED, &fields);
    send_out(relay);
}

static void read_pending(struct relay *relay, struct pending *pending) {
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
               header.type == FRAME_SHIM_ATTACH && header.length > 0 && header.length <= sizeof pending->bytes - FRAME_HEADER;
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
        attach(relay, pending, version, epoch);
        return;
    }
    if (!good) {
        close(pending->fd);
        pending->fd = -1;
    }
}

void relay_ready(struct relay *relay, int fd, uint32_t events) {
    if (fd == relay->shim->listener) {
        accept_pending(relay);
    } else if (fd == relay->shim->from_guest) {
        read_guest(relay);
    } else if (fd == relay->shim->to_guest) {
        if (events & EPOLLERR) { /* the guest closed its end */
            epoll_ctl(relay->epoll, EPOLL_CTL_DEL, fd, NULL);
            close(fd);
            relay->shim->to_guest = -1;
        }
        write_guest(relay);
    } else if (fd == relay->controller) {
        if (events & EPOLLIN) {
            read_controller(relay);
        } else if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) {
            drop_controller(relay);
        }
        if (relay->controller >= 0 && events & EPOLLOUT) {
            send_out(relay);
        }
    } else {
        for (int i = 0; i < PENDING_MAX; i++) {
            if (relay->pending[i].fd == fd) {
                read_pending(relay, &relay->pending[i]);
            }
        }
    }
    rewatch(relay);
}

static void queue_exited(struct relay *relay, int cause) {
    uint8_t memory[1300];
    struct field_writer fields;
    struct shim *shim = relay->shim;
    field_writer_init(&fields, memory, sizeof memory);
    field_put_int(&fields, F_CAUSE, (uint64_t)cause);
    if (cause != END_FROZEN && WIFEXITED(shim->guest_status)) {
        field_put_int(&fields, F_EXIT_CODE, (uint64_t)WEXITSTATUS(shim->guest_status));
    } else if (cause != END_FROZEN) {
        field_put_int(&fields, F_EXIT_SIGNAL, (uint64_t)WTERMSIG(shim->guest_status));
    }
    field_put_text(&fields, F_MESSAGE, shim->message);
    queue_frame(relay, FRAME_SHIM_EXITED, &fields);
}

void relay_frozen(struct relay *relay) {
    queue_exited(relay, END_FROZEN);
    send_out(relay);
    rewatch(relay);
}

bool relay_finish(struct relay *relay) {
    if (!relay->guest_eof) {
        /* What process 1 wrote before it ended is still in the pipe. */
        read_guest(relay);
        if (!relay->guest_eof && !relay->guest_broken && relay->out.tail == BUFFER_BYTES && relay->controller >= 0) {
            rewatch(relay);
            return false;
        }
    }
    if (!relay->shim->ended) {
        relay->shim->ended = true;
        if (relay->guest_broken || relay->frame_end > relay->out.tail) {
            /* It ended in the middle of a frame, behind which nothing can be read: the closed socket and the exit record tell. */
            relay->out.head = relay->out.tail = relay->frame_end = 0;
            relay->skip = 0;
            relay->guest_broken = false;
        }
        queue_exited(relay, relay->shim->cause == 0 ? END_GUEST : relay->shim->cause);
    }
    send_out(relay);
    rewatch(relay);
    return relay->controller < 0 || (relay->out.head == relay->out.tail && relay->own_tail == 0);
}

static void give_back(struct buffer *buffer) {
    if (buffer->used && buffer->head == buffer->tail) {
        madvise(buffer->bytes, BUFFER_BYTES, MADV_DONTNEED);
        buffer->used = false;
    }
}

void relay_idle(struct relay *relay) {
    give_back(&relay->out);
    give_back(&relay->in);
}

bool relay_is_idle(const struct relay *relay) {
    return !relay->out.used && !relay->in.used;
}
