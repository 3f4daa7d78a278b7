// The way in: frames from the host, followed and put together to requests.
#define _GNU_SOURCE
#include "guest_channel.h"
#include "guest_process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

// Static: a page that is not touched costs nothing.
static uint8_t input[2 * FRAME_MAX] __attribute__((aligned(PAGE)));
static size_t input_length;
static bool input_readable, input_hung_up, input_whole_frame_waits;
static size_t input_peak;

static struct source input_source = {.fd = -1};
static bool greeted;

// The host broke a rule but the frames can still be followed: this connection is over, the next HELLO begins another.
static void violation(const char *message) {
    channels_drop();
    control_error(CHANNEL_CONTROL, E_INVALID, 0, message);
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
    channels_drop();
    processes_forget_channels();
    if (version != PROTOCOL_VERSION) {
        control_error(CHANNEL_CONTROL, E_UNSUPPORTED, 0, "this guestd speaks version 1");
        greeted = false;
        return;
    }
    greeted = true;
    struct field_writer *out = control_begin(CHANNEL_CONTROL, FRAME_HELLO);
    field_put_int(out, F_VERSION, PROTOCOL_VERSION);
    field_put_int(out, F_EPOCH, epoch);
    field_put_int(out, F_UPTIME_MS, uptime_ms());
    control_send(0);
}

static void on_control(const struct frame_header *header, const uint8_t *payload) {
    if (header->type == FRAME_HELLO) {
        on_hello(payload, header->length);
    } else if (!greeted) {
        return;
    } else if (header->type == FRAME_PING && header->length == 8) {
        struct field_writer *out = control_begin(CHANNEL_CONTROL, FRAME_PONG);
        memcpy(out->at, payload, 8);
        out->at += 8;
        control_send(0);
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
        if (channels_open() >= 2 * CHANNELS_MAX) {
            violation("too many channels");
            return;
        }
        channel = channel_open(header->channel);
        if (channel == NULL) {
            control_error(header->channel, E_NO_SPACE, 0, "no memory for a channel");
            return;
        }
        if (channels_open() > CHANNELS_MAX) {
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
    struct channel *channel = *channel_slot(header->channel);
    if (header->type == FRAME_REQUEST) {
        on_request(channel, header, payload);
    } else if (channel != NULL) {
        on_open_channel(channel, header, payload);
    } else if (header->type == FRAME_CREDIT && header->length == 4) {
        process_acknowledge_late(header->channel, header->flags, load_u32(payload));
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

bool input_is_empty(void) {
    return input_length == 0;
}

bool input_trim(void) {
    if (input_peak <= 4 * PAGE) {
        return false;
    }
    madvise(input + 4 * PAGE, sizeof input - 4 * PAGE, MADV_DONTNEED);
    input_peak = 0;
    return true;
}

bool input_init(void) {
    input_source.on_ready = on_input;
    fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
    return source_add(&input_source, 0, EPOLLIN | EPOLLRDHUP);
}
