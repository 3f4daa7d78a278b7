// What the parts of guestd share: the event loop, channels, requests and replies.
#ifndef SKERRY_GUEST_H
#define SKERRY_GUEST_H

#include "frame.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/types.h>
#include <sys/uio.h>

enum {
    WINDOW_PROCESS = 262144,
    WINDOW_FILE = 1048576,
    CHANNELS_MAX = 1024,
    PATH_BYTES = 4096, // a path of at most 4,095 bytes and its NUL
    TEXT_MAX = 131071,
};

// Process 1 of a sandbox. Does not return before the host has closed descriptor 0.
int guestd_main(int argc, char **argv);

// ---- event loop (guest_loop.c) ----

// Something that epoll watches. Edge-triggered everywhere: who is told to be ready reads or writes until EAGAIN.
struct source {
    int fd;
    void (*on_ready)(struct source *source, uint32_t events);
};

struct timer {
    struct timer *next, *previous;
    uint64_t at_ms; // 0 = not set
    void (*on_time)(struct timer *timer);
};

// Work done a slice at a time, once per turn of the loop, so that a long job does not hold up the others.
struct job {
    struct job *next, *previous;
    bool active;
    uint64_t round; // of the loop, in which it was done last
    void (*slice)(struct job *job);
};

bool loop_init(void);
bool source_add(struct source *source, int fd, uint32_t events);
// Closes the descriptor as well. Safe within the turn in which events for it are still waiting.
void source_close(struct source *source);
void timer_set(struct timer *timer, uint64_t at_ms);
void timer_stop(struct timer *timer);
void job_start(struct job *job);
void job_stop(struct job *job);
// Frees at the end of the turn: pointers held by the events and jobs of this turn stay valid until then.
void free_later(void *memory);
uint64_t now_ms(void); // as of the start of the turn
uint64_t clock_us(void);
uint64_t uptime_ms(void); // since the start of guestd, on the boot clock
void loop_turn(void); // waits for events once and does what they ask for
void loop_run(void);
void fatal(const char *message) __attribute__((noreturn));

#define container_of(pointer, type, member) ((type *) ((char *) (pointer) -offsetof(type, member)))

// ---- channels (guest_channel.c; the way in: guest_input.c, the way out: guest_output.c) ----

// One DATA frame in the making. `produce` either fills `buffer` or points `part` at memory of its own, which must stay
// as it is until it returns to the caller's next turn; `length` is the sum.
struct slot {
    uint8_t stream;
    uint8_t *buffer;
    size_t room;
    struct iovec part[2];
    int parts;
    size_t length;
};

struct channel;

// What a direction does not have is NULL: then the host breaks a rule when it uses it. `drop` is always there.
struct channel_ops {
    void (*data)(struct channel *channel, const uint8_t *bytes, size_t length); // stream 0
    void (*eof)(struct channel *channel);                                       // of stream 0, with `data`
    // False: that many bytes were never sent.
    bool (*credit)(struct channel *channel, unsigned stream, uint32_t bytes);
    bool (*produce)(struct channel *channel, struct slot *slot); // false: nothing to send for now
    void (*drop)(struct channel *channel);                       // let go of the owner's state; say nothing
};

struct channel {
    uint32_t id;
    const struct channel_ops *ops; // NULL while the request is not complete
    void *owner;
    struct channel *hash_next;
    struct channel *ready_next, *ready_previous;
    bool ready;
    bool closed;
    bool got_eof;
    uint32_t in_window;  // bytes the host may still send on stream 0
    uint32_t in_owed;    // consumed, not credited yet
    uint32_t in_half;    // credit goes out when that much is owed
    uint32_t out_window; // for owners with one output stream that need no replay
    uint32_t out_sent;   // sent, not credited yet
    uint8_t *request;    // parts of a request with MORE; NULL when it is refused already
    uint32_t request_length;
    uint32_t request_room;
    uint8_t refused; // error code the request will be answered with when it is complete
};

void channel_accept(struct channel *channel, const struct channel_ops *ops, void *owner, uint32_t in_window,
    uint32_t out_window);
void channel_ready(struct channel *channel);
void channel_consumed(struct channel *channel, size_t bytes);
void channel_end(struct channel *channel); // END without fields
void channel_cancelled(struct channel *channel);
void channel_error(struct channel *channel, int code, int error, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void channel_errno(struct channel *channel, int error, const char *what);
void channel_eof(struct channel *channel, uint8_t stream);
// For `credit` of owners that use out_window.
bool channel_credit_simple(struct channel *channel, unsigned stream, uint32_t bytes);
int error_code_of(int error);

// A control frame is written straight into the queue: begin, fields, send. END and ERROR close the channel.
struct field_writer *reply_begin(struct channel *channel, uint8_t type);
void reply_send(void);

// True while so much waits for the host that whoever can should make no further control frames.
bool output_is_backed_up(void);

void channels_init(void);
void input_turn(void);
void output_turn(void);
bool input_wants_turn(void);
bool output_wants_turn(void);
bool output_waits(void); // DATA that could go now
bool output_flush(uint64_t until_ms); // blocks; for the last words only
void frames_received(const uint8_t *bytes, size_t length, size_t *used);

// ---- operations (guest_ops.c) ----

struct request {
    struct channel *channel;
    const uint8_t *fields;
    size_t length;
};

void request_dispatch(const struct request *request);
// The last field of that tag; false when there is none.
bool request_field(const struct request *request, uint8_t tag, struct field *field);
// These answer ERROR INVALID and return false when the field is there but broken. Absent: `value` stays.
bool request_int(const struct request *request, uint8_t tag, uint64_t *value, uint64_t max);
bool request_text(const struct request *request, uint8_t tag, char *out, size_t size);
// An absolute path, required.
bool request_path(const struct request *request, uint8_t tag, char out[PATH_BYTES]);
const char *tag_name(uint8_t tag);

#endif
