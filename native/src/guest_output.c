// The way out: the queue of control frames, and DATA of whichever channel has its turn.
#define _GNU_SOURCE
#include "guest_channel.h"
#include "guest_process.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    CONTROL_BACKLOG = 262144,
    // The backlog bound, one largest reply past it, and the ENDs of all channels fit with much to spare.
    CONTROL_ROOM = 4 << 20,
    DATA_FRAMES_A_TURN = 4,
    PIPE_BYTES = 262144,
};

// Static, so that nothing on the way of a control frame can run out of memory. A page that is not touched costs
// nothing.
static uint8_t control[CONTROL_ROOM] __attribute__((aligned(PAGE)));
static size_t control_at, control_length, control_peak;

static uint8_t frame[FRAME_MAX] __attribute__((aligned(PAGE)));
static size_t rest_at, rest_length; // what is left of the DATA frame on its way
static bool output_writable;

static struct source output_source = {.fd = -1};

static struct field_writer writer;
static uint32_t writer_id;
static uint8_t writer_type;

// ---- control frames ----

struct field_writer *control_begin(uint32_t id, uint8_t type) {
    size_t end = control_at + control_length;
    if (end + FRAME_MAX > CONTROL_ROOM) {
        memmove(control, control + control_at, control_length);
        control_at = 0;
        end = control_length;
        if (end + FRAME_MAX > CONTROL_ROOM) {
            fatal("the control queue is full");
        }
    }
    writer_id = id;
    writer_type = type;
    field_writer_init(&writer, control + end + FRAME_HEADER, FRAME_PAYLOAD_MAX);
    return &writer;
}

void control_send(uint8_t flags) {
    size_t length = field_size(&writer);
    frame_encode(writer.start - FRAME_HEADER, (uint32_t) length, writer_id, writer_type, flags);
    control_length += FRAME_HEADER + length;
    if (control_at + control_length > control_peak) {
        control_peak = control_at + control_length;
    }
}

void control_error(uint32_t id, int code, int error, const char *message) {
    struct field_writer *out = control_begin(id, FRAME_ERROR);
    field_put_int(out, F_CODE, (uint64_t) code);
    field_put_text(out, F_MESSAGE, message);
    if (error != 0) {
        field_put_int(out, F_ERRNO, (uint64_t) error);
    }
    control_send(0);
}

bool output_is_backed_up(void) {
    return control_length > CONTROL_BACKLOG;
}

// ---- the pipe ----

static void on_output(struct source *source, uint32_t events) {
    (void) source;
    (void) events;
    output_writable = true;
}

// The count written; 0 when the pipe is full.
static size_t put(const struct iovec *parts, int count) {
    ssize_t written = writev(1, parts, count);
    if (written >= 0) {
        return (size_t) written;
    }
    if (errno == EAGAIN) {
        output_writable = false;
    } else if (errno != EINTR) {
        processes_kill_all();
        _exit(0);
    }
    return 0;
}

static void put_rest(void) {
    const struct iovec part = {frame + rest_at, rest_length};
    size_t count = put(&part, 1);
    rest_at += count;
    rest_length -= count;
}

static void put_control(void) {
    const struct iovec part = {control + control_at, control_length};
    size_t count = put(&part, 1);
    control_at += count;
    control_length -= count;
    if (control_length == 0) {
        control_at = 0;
    }
}

// Gathers what writev left of the frame. The parts lie further back in the same memory or elsewhere: moving forward is
// safe.
static void keep_rest(const struct iovec *parts, int count, size_t written) {
    rest_at = 0;
    rest_length = 0;
    for (int i = 0; i < count; i++) {
        size_t skip = written < parts[i].iov_len ? written : parts[i].iov_len;
        written -= skip;
        size_t length = parts[i].iov_len - skip;
        if (length > 0) {
            memmove(frame + rest_length, (const uint8_t *) parts[i].iov_base + skip, length);
            rest_length += length;
        }
    }
}

static void put_data(void) {
    struct channel *channel = channel_next_ready();
    channel_unready(channel);
    struct slot slot = {.stream = 1, .buffer = frame + FRAME_HEADER, .room = FRAME_PAYLOAD_MAX};
    if (channel->ops->produce == NULL || !channel->ops->produce(channel, &slot)) {
        return;
    }
    channel_ready(channel);
    uint8_t header[FRAME_HEADER];
    frame_encode(header, (uint32_t) slot.length, channel->id, FRAME_DATA, slot.stream);
    struct iovec parts[3] = {{header, FRAME_HEADER}, {slot.buffer, slot.length}};
    int count = 2;
    if (slot.parts > 0) {
        memcpy(parts + 1, slot.part, sizeof slot.part);
        count = 1 + slot.parts;
    }
    size_t written = put(parts, count);
    if (written < FRAME_HEADER + slot.length) {
        keep_rest(parts, count, written);
    }
}

static void trim(void) {
    // After a burst the pages go back; what a control frame needs stays.
    if (channels_open() == 0 && input_is_empty() && control_length == 0 && rest_length == 0) {
        if (input_trim()) {
            madvise(frame + PAGE, sizeof frame - PAGE, MADV_DONTNEED);
        }
        if (control_peak > 16 * PAGE) {
            madvise(control + 16 * PAGE, sizeof control - 16 * PAGE, MADV_DONTNEED);
            control_peak = 0;
        }
    }
}

void output_turn(void) {
    int frames = 0;
    while (output_writable) {
        if (rest_length > 0) {
            put_rest();
        } else if (control_length > 0) {
            put_control();
        } else if (channel_next_ready() != NULL && frames < DATA_FRAMES_A_TURN) {
            frames++;
            put_data();
        } else {
            break;
        }
    }
    trim();
}

bool output_wants_turn(void) {
    return output_writable && (rest_length > 0 || control_length > 0 || channel_next_ready() != NULL);
}

bool output_waits(void) {
    return rest_length > 0 || channel_next_ready() != NULL;
}

bool output_flush(uint64_t until_ms) {
    while (rest_length > 0 || control_length > 0) {
        uint64_t now = clock_us() / 1000;
        struct pollfd wait = {.fd = 1, .events = POLLOUT};
        if (now >= until_ms || poll(&wait, 1, (int) (until_ms - now)) < 0) {
            return false;
        }
        output_writable = true;
        if (rest_length > 0) {
            put_rest();
        } else {
            put_control();
        }
    }
    return true;
}

bool output_init(void) {
    output_source.on_ready = on_output;
    fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);
    // A wider pipe saves wake-ups in bulk transfers; a small one works as well.
    fcntl(1, F_SETPIPE_SZ, PIPE_BYTES);
    return source_add(&output_source, 1, EPOLLOUT);
}
