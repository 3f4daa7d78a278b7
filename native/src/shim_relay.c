#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim_relay.h"

_Static_assert(BUFFER_BYTES >= 2 * FRAME_MAX, "a whole frame and the start of the next fit");

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

/* Not at all while there is no room: that the guest has ended would be told again and again. */
static void watch_output(struct relay *relay) {
    uint32_t wanted = relay->out.tail < BUFFER_BYTES ? EPOLLIN : 0;
    if (wanted != relay->watching_out) {
        struct epoll_event event = {.events = wanted, .data.fd = relay->shim->from_guest};
        epoll_ctl(relay->epoll, wanted != 0 ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, relay->shim->from_guest, &event);
        relay->watching_out = wanted;
    }
}

/* What each descriptor shall wait for follows from the buffers alone. */
static void rewatch(struct relay *relay) {
    struct shim *shim = relay->shim;
    if (!relay->guest_eof) {
        watch_output(relay);
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

void relay_drop_controller(struct relay *relay) {
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

void relay_deadline(struct relay *relay, const uint8_t *payload, size_t size, struct field_writer *answer) {
    struct field_reader reader;
    struct field field;
    uint64_t deadline = 0, kind = 0, limit = 0, value;
    field_reader_init(&reader, payload, size);
    while (field_next(&reader, &field)) {
        if (!field_int(&field, &value)) {
            continue;
        }
        deadline = field.tag == F_UPTIME_MS ? value : deadline;
        kind = field.tag == F_KIND ? value : kind;
        limit = field.tag == F_LIMIT ? value : limit;
    }
    limits_set_deadline(relay->shim, deadline, kind == 2);
    limits_set_cpu(relay->shim, limit);
    field_put_int(answer, F_UPTIME_MS, deadline);
    field_put_int(answer, F_KIND, kind);
    field_put_int(answer, F_LIMIT, limit);
}

static void shim_frame(struct relay *relay, const struct frame_header *header, const uint8_t *payload) {
    uint8_t memory[64];
    struct field_writer fields;
    if (header->type == FRAME_SHIM_KILL) {
        limits_kill(relay->shim, END_KILLED);
    } else if (header->type == FRAME_SHIM_DEADLINE) {
        field_writer_init(&fields, memory, sizeof memory);
        relay_deadline(relay, payload, header->length, &fields);
        relay_queue(relay, FRAME_SHIM_DEADLINE, &fields);
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
        relay_drop_controller(relay);
        return;
    }
    in->tail += (size_t)got;
    in->used = true;
    if (!sort_in(relay)) {
        relay_drop_controller(relay);
    }
    write_guest(relay);
    relay_send_out(relay);
}

void relay_ready(struct relay *relay, int fd, uint32_t events) {
    if (fd == relay->shim->listener) {
        relay_accept(relay);
    } else if (fd == relay->shim->from_guest) {
        relay_read_guest(relay);
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
            relay_drop_controller(relay);
        }
        if (relay->controller >= 0 && events & EPOLLOUT) {
            relay_send_out(relay);
        }
    } else {
        for (int i = 0; i < PENDING_MAX; i++) {
            if (relay->pending[i].fd == fd) {
                relay_read_pending(relay, &relay->pending[i]);
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
    relay_queue(relay, FRAME_SHIM_EXITED, &fields);
}

void relay_frozen(struct relay *relay) {
    queue_exited(relay, END_FROZEN);
    relay_send_out(relay);
    rewatch(relay);
}

bool relay_finish(struct relay *relay) {
    if (!relay->guest_eof) {
        /* What process 1 wrote before it ended is still in the pipe. */
        relay_read_guest(relay);
        if (!relay->guest_eof && !relay->guest_broken && relay->out.tail == BUFFER_BYTES && relay->controller >= 0) {
            rewatch(relay);
            return false;
        }
    }
    if (!relay->shim->ended) {
        relay->shim->ended = true;
        if (relay->guest_broken || relay->frame_end > relay->out.tail) {
            /* It ended in the middle of a frame, behind which nothing can be read: the closed socket and the exit
             * record tell. */
            relay->out.head = relay->out.tail = relay->frame_end = 0;
            relay->skip = 0;
            relay->guest_broken = false;
        }
        queue_exited(relay, relay->shim->cause == 0 ? END_GUEST : relay->shim->cause);
    }
    relay_send_out(relay);
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
