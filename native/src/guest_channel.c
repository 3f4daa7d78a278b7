// Channels: frames in, requests put together, flow control, and the order in which frames leave.
#define _GNU_SOURCE
#include "guest.h"
#include "guest_process.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    HASH_SIZE = 256,
    PAGE = 4096,
    CONTROL_BACKLOG = 262144,
    // The backlog bound, one largest reply past it, and the ENDs of all channels fit with much to spare.
    CONTROL_ROOM = 4 << 20,
    DATA_FRAMES_A_TURN = 4,
    PIPE_BYTES = 262144,
};

// Static, so that nothing on the way of a control frame can run out of memory. A page that is not touched costs nothing.
static uint8_t input[2 * FRAME_MAX] __attribute__((aligned(PAGE)));
static size_t input_length;
static bool input_readable, input_hung_up, input_whole_frame_waits;
static size_t input_peak;

static uint8_t control[CONTROL_ROOM] __attribute__((aligned(PAGE)));
static size_t control_at, control_length, control_peak;

static uint8_t frame[FRAME_MAX] __attribute__((aligned(PAGE)));
static size_t rest_at, rest_length; // what is left of the DATA frame on its way
static bool output_writable;

static struct source input_source = {.fd = -1}, output_source = {.fd = -1};
static struct channel *table[HASH_SIZE];
static unsigned channel_count;
static struct channel ready_list = {.ready_next = &ready_list, .ready_previous = &ready_list};
static bool greeted;

static struct field_writer writer;
static struct channel *writer_channel;
static uint32_t writer_id;
static uint8_t writer_type;

// ---- table ----

static struct channel **slot_of(uint32_t id) {
    struct channel **at = &table[id % HASH_SIZE];
    while (*at != NULL && (*at)->id != id) {
        at = &(*at)->hash_next;
    }
    return at;
}

static struct channel *channel_open(uint32_t id) {
    struct channel *channel = calloc(1, sizeof *channel);
    if (channel != NULL) {
        channel->id = id;
        *slot_of(id) = channel;
        channel_count++;
    }
    return channel;
}

static void unready(struct channel *channel) {
    if (channel->ready) {
        channel->ready = false;
        channel->ready_next->ready_previous = channel->ready_previous;
        channel->ready_previous->ready_next = channel->ready_next;
    }
}

static void channel_close(struct channel *channel) {
    struct channel **at = slot_of(channel->id);
    *at = channel->hash_next;
    unready(channel);
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

static void drop_all_channels(void) {
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

// ---- control frames out ----

static struct field_writer *begin_frame(uint32_t id, uint8_t type) {
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

struct field_writer *reply_begin(struct channel *channel, uint8_t type) {
    writer_channel = channel;
    return begin_frame(channel->id, type);
}

static void send_frame(uint8_t flags) {
    size_t length = field_size(&writer);
    frame_encode(writer.start - FRAME_HEADER, (uint32_t) length, writer_id, writer_type, flags);
    control_length += FRAME_HEADER + length;
    if (control_at + control_length > control_peak) {
        control_peak = control_at + control_length;
    }
}

void reply_send(void) {
    send_frame(0);
    if (writer_type == FRAME_END || writer_type == FRAME_ERROR) {
        channel_close(writer_channel);
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
    begin_frame(channel->id, FRAME_EOF);
    send_frame(stream);
}

static void send_error(uint32_t id, int code, int error, const char *message) {
    struct field_writer *out = begin_frame(id, FRAME_ERROR);
    field_put_int(out, F_CODE, (uint64_t) code);
    field_put_text(out, F_MESSAGE, message);
    if (error != 0) {
        field_put_int(out, F_ERRNO, (uint64_t) error);
    }
    send_frame(0);
}

void channel_error(struct channel *channel, int code, int error, const char *format, ...) {
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    send_error(channel->id, code, error, message);
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

bool output_is_backed_up(void) {
    return control_length > CONTROL_BACKLOG;
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
    begin_frame(channel->id, FRAME_CREDIT);
    store_u32(writer.at, channel->in_owed);
    writer.at += 4;
    send_frame(0);
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

// ---- frames in ----

// The host broke a rule but the frames can still be followed: this connection is over, the next HELLO begins another.
static void violation(const char *message) {
    drop_all_channels();
    send_error(CHANNEL_CONTROL, E_INVALID, 0, message);
    greeted = false;
}

static void on_hello(const uint8_t *payload, size_t length) {
    struct field_reader reader;
    struct field field;
    uint64_t version = 0, epoch = 0;
    field_reader_init(&reader, payload, length);
    while (field_next(&reader, &field)) {
        if ((field.tag == F_VERSION && !field_int(&field, &version))
            || (field.tag == F_EPOCH && !field_int(&field, &epoch))) {
            reader.broken = true;
        }
    }
    if (reader.broken) {
        violation("broken HELLO");
        return;
    }
    drop_all_channels();
    if (version != PROTOCOL_VERSION) {
        send_error(CHANNEL_CONTROL, E_UNSUPPORTED, 0, "this guestd speaks version 1");
        greeted = false;
        return;
    }
    greeted = true;
    struct field_writer *out = begin_frame(CHANNEL_CONTROL, FRAME_HELLO);
    field_put_int(out, F_VERSION, PROTOCOL_VERSION);
    field_put_int(out, F_EPOCH, epoch);
    field_put_int(out, F_UPTIME_MS, uptime_ms());
    send_frame(0);
}

static void on_control(const struct frame_header *header, const uint8_t *payload) {
    if (header->type == FRAME_HELLO) {
        on_hello(payload, header->length);
    } else if (!greeted) {
        return;
    } else if (header->type == FRAME_PING && header->length == 8) {
        begin_frame(CHANNEL_CONTROL, FRAME_PONG);
        memcpy(writer.at, payload, 8);
        writer.at += 8;
        send_frame(0);
    } else {
        violation("unexpected frame on channel 0");
    }
}

static void complete_request(struct channel *channel, const uint8_t *fields, size_t length) {
    if (channel->refused != 0) {
        channel_error(channel, channel->refused, 0, channel->refused == E_LIMIT ? "too many channels"
            : channel->refused == E_INVALID ? "the request is longer than 1 MiB" : "no memory for the request");
        return;
    }
    const struct request request = {channel, fields, length};
    request_dispatch(&request);
}

// Refused only in mind: the rest of the request must still be told from a new one.
static void refuse(struct channel *channel, uint8_t code) {
    free(channel->request);
    channel->request = NULL;
    channel->refused = code;
}

static void append_request(struct channel *channel, const uint8_t *bytes, uint32_t length) {
    if (channel->refused != 0) {
        return;
    }
    uint32_t total = channel->request_length + length;
    if (total > REQUEST_MAX) {
        refuse(channel, E_INVALID);
        return;
    }
    if (total > channel->request_room) {
        uint32_t room = total * 2 > REQUEST_MAX ? REQUEST_MAX : total * 2;
        uint8_t *memory = realloc(channel->request, room);
        if (memory == NULL) {
            refuse(channel, E_NO_SPACE);
            return;
        }
        channel->request = memory;
        channel->request_room = room;
    }
    if (length > 0) {
        memcpy(channel->request + channel->request_length, bytes, length);
    }
    channel->request_length = total;
}

static void on_request(struct channel *channel, const struct frame_header *header, const uint8_t *payload) {
    bool more = (header->flags & FRAME_FLAG_MORE) != 0;
    if (channel == NULL) {
        if (channel_count >= 2 * CHANNELS_MAX) {
            violation("too many channels");
            return;
        }
        channel = channel_open(header->channel);
        if (channel == NULL) {
            send_error(header->channel, E_NO_SPACE, 0, "no memory for a channel");
            return;
        }
        if (channel_count > CHANNELS_MAX) {
            channel->refused = E_LIMIT;
        }
        if (!more) {
            complete_request(channel, payload, header->length);
            return;
        }
    } else if (channel->ops != NULL) {
        violation("a channel number was used twice");
        return;
    }
    append_request(channel, payload, header->length);
    if (!more) {
        uint8_t *fields = channel->request;
        channel->request = NULL;
        complete_request(channel, fields, channel->request_length);
        free(fields);
    }
}

static void on_data(struct channel *channel, const struct frame_header *header, const uint8_t *payload) {
    if (header->flags != 0 || channel->got_eof || header->length > channel->in_window || channel->ops->data == NULL) {
        violation("DATA beyond the credit, after EOF or on a stream that is not the host's");
        return;
    }
    channel->in_window -= header->length;
    if (header->type == FRAME_EOF) {
        channel->got_eof = true;
        channel->ops->eof(channel);
    } else if (header->length > 0) {
        channel->ops->data(channel, payload, header->length);
    }
}

static void on_open_channel(struct channel *channel, const struct frame_header *header, const uint8_t *payload) {
    switch (header->type) {
    case FRAME_CANCEL:
        if (channel->ops != NULL) {
            channel->ops->drop(channel);
        }
        channel_cancelled(channel);
        return;
    case FRAME_DATA:
    case FRAME_EOF:
        if (channel->ops == NULL || (header->type == FRAME_EOF && header->length != 0)) {
            break;
        }
        on_data(channel, header, payload);
        return;
    case FRAME_CREDIT:
        if (channel->ops == NULL || header->length != 4
            || channel->ops->credit == NULL || !channel->ops->credit(channel, header->flags, load_u32(payload))) {
            break;
        }
        return;
    }
    violation("unexpected frame on a channel");
}

static void on_frame(const struct frame_header *header, const uint8_t *payload) {
    if (header->channel == CHANNEL_CONTROL) {
        on_control(header, payload);
        return;
    }
    if (!greeted) {
        return;
    }
    if (header->channel > CHANNEL_HOST_MAX) {
        violation("channel number out of range");
        return;
    }
    struct channel *channel = *slot_of(header->channel);
    if (header->type == FRAME_REQUEST) {
        on_request(channel, header, payload);
    } else if (channel != NULL) {
        on_open_channel(channel, header, payload);
    }
}

void frames_received(const uint8_t *bytes, size_t length, size_t *used) {
    size_t at = 0;
    struct frame_header header;
    while (length - at >= FRAME_HEADER && !output_is_backed_up()) {
        if (!frame_decode(bytes + at, &header)) {
            fatal("the frames of the host cannot be followed");
        }
        if (length - at - FRAME_HEADER < header.length) {
            break;
        }
        on_frame(&header, bytes + at + FRAME_HEADER);
        at += FRAME_HEADER + header.length;
    }
    *used = at;
}

static void on_input(struct source *source, uint32_t events) {
    (void) source;
    input_readable = true;
    input_hung_up |= (events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0;
}

static void read_input(void) {
    size_t room = sizeof input - input_length;
    ssize_t count = read(0, input + input_length, room);
    if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) {
        // The host is gone, and with process 1 the sandbox. Not being process 1 (tests), take the processes along.
        processes_kill_all();
        _exit(0);
    }
    if (count < 0) {
        input_readable = errno == EINTR;
        return;
    }
    input_length += (size_t) count;
    if (input_length > input_peak) {
        input_peak = input_length;
    }
    // A short read has emptied the pipe. After a hang-up no further edge comes, so then read on until end of file.
    if ((size_t) count < room && !input_hung_up) {
        input_readable = false;
    }
}

void input_turn(void) {
    if (output_is_backed_up()) {
        return;
    }
    if (input_readable && input_length < sizeof input) {
        read_input();
    }
    size_t used = 0;
    frames_received(input, input_length, &used);
    input_length -= used;
    if (input_length > 0 && used > 0) {
        memmove(input, input + used, input_length);
    }
    input_whole_frame_waits = output_is_backed_up() && input_length > 0;
}

bool input_wants_turn(void) {
    return (input_readable || input_whole_frame_waits) && !output_is_backed_up();
}

// ---- frames out ----

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

// Gathers what writev left of the frame. The parts lie further back in the same memory or elsewhere: moving forward is safe.
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
    struct channel *channel = ready_list.ready_next;
    unready(channel);
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
    if (channel_count == 0 && input_length == 0 && control_length == 0 && rest_length == 0) {
        if (input_peak > 4 * PAGE) {
            madvise(input + 4 * PAGE, sizeof input - 4 * PAGE, MADV_DONTNEED);
            madvise(frame + PAGE, sizeof frame - PAGE, MADV_DONTNEED);
            input_peak = 0;
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
        } else if (ready_list.ready_next != &ready_list && frames < DATA_FRAMES_A_TURN) {
            frames++;
            put_data();
        } else {
            break;
        }
    }
    trim();
}

bool output_wants_turn(void) {
    return output_writable && (rest_length > 0 || control_length > 0 || ready_list.ready_next != &ready_list);
}

bool output_waits(void) {
    return rest_length > 0 || ready_list.ready_next != &ready_list;
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

void channels_init(void) {
    input_source.on_ready = on_input;
    output_source.on_ready = on_output;
    for (int fd = 0; fd < 2; fd++) {
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    }
    // A wider pipe saves wake-ups in bulk transfers; a small one works as well.
    fcntl(1, F_SETPIPE_SZ, PIPE_BYTES);
    if (!source_add(&input_source, 0, EPOLLIN | EPOLLRDHUP) || !source_add(&output_source, 1, EPOLLOUT)) {
        fatal("descriptors 0 and 1 must be pipes or sockets");
    }
}
