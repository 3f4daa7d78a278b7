// The byte format of the sandbox stream: frame header and fields (docs/protocol.md, sections 1, 2, 6 and 7).
#ifndef SKERRY_FRAME_H
#define SKERRY_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAME_HEADER = 12,
    FRAME_PAYLOAD_MAX = 65524,
    FRAME_MAX = FRAME_HEADER + FRAME_PAYLOAD_MAX,
    FRAME_FLAG_MORE = 0x01,
    PROTOCOL_VERSION = 1,
    REQUEST_MAX = 1 << 20,
};

#define CHANNEL_CONTROL 0u
#define CHANNEL_HOST_MAX 0x7FFFFFFFu
#define CHANNEL_SHIM 0xFFFFFFFFu

enum frame_type {
    FRAME_HELLO = 1,
    FRAME_REQUEST = 2,
    FRAME_RESPONSE = 3,
    FRAME_DATA = 4,
    FRAME_EOF = 5,
    FRAME_CREDIT = 6,
    FRAME_EVENT = 7,
    FRAME_END = 8,
    FRAME_ERROR = 9,
    FRAME_CANCEL = 10,
    FRAME_PING = 11,
    FRAME_PONG = 12,
    FRAME_SHIM_ATTACH = 32,
    FRAME_SHIM_ATTACHED = 33,
    FRAME_SHIM_DEADLINE = 34,
    FRAME_SHIM_KILL = 35,
    FRAME_SHIM_EXITED = 36,
};

enum field_tag {
    F_OP = 1, F_CODE, F_MESSAGE, F_ERRNO, F_VERSION, F_EPOCH, F_CANCELLED, F_ARG, F_ENV, F_CWD, F_USER, F_TAG,
    F_PROCESS, F_PID, F_STDIN, F_PTY, F_ROWS, F_COLS, F_RLIMIT, F_TIMEOUT_MS, F_NNP, F_CAPS, F_OUTPUT, F_SIGNAL,
    F_SCOPE, F_EXIT_CODE, F_EXIT_SIGNAL, F_CAUSE, F_USER_US, F_SYSTEM_US, F_WALL_US, F_PATH, F_SIZE, F_MODE,
    F_UID, F_GID, F_MTIME_NS, F_TYPE, F_TARGET, F_OFFSET, F_LIMIT, F_DEPTH, F_FLAGS, F_NAME, F_VALUE, F_ENTRY,
    F_KIND, F_PORT, F_ADDRESS, F_ATIME_NS, F_CTIME_NS, F_NLINK, F_COUNT, F_TRUNCATED, F_INODE, F_MEM_TOTAL,
    F_MEM_AVAILABLE, F_DISK_TOTAL, F_DISK_AVAILABLE, F_PROCESSES, F_UPTIME_MS, F_LOAD1_MILLI, F_STREAM, F_LOST,
    F_RUNNING, F_TREE, F_STDIN_OFFSET, F_PEAK_RSS,
};
_Static_assert(F_PEAK_RSS == 68 && F_PATH == 32 && F_PORT == 48, "tags follow the table of the contract");

enum error_code {
    E_INVALID = 1, E_NOT_FOUND, E_DENIED, E_EXISTS, E_NO_SPACE, E_LIMIT, E_UNSUPPORTED, E_CONFLICT, E_IO, E_REFUSED,
};

struct frame_header {
    uint32_t length;
    uint32_t channel;
    uint8_t type;
    uint8_t flags;
};

// False when the length or the reserved bytes break the contract; the stream cannot be followed after that.
bool frame_decode(const uint8_t in[FRAME_HEADER], struct frame_header *out);
void frame_encode(uint8_t out[FRAME_HEADER], uint32_t length, uint32_t channel, uint8_t type, uint8_t flags);

uint64_t load_u64(const uint8_t *in);
uint32_t load_u32(const uint8_t *in);
void store_u64(uint8_t *out, uint64_t value);
void store_u32(uint8_t *out, uint32_t value);

struct field {
    uint8_t tag;
    uint32_t length;
    const uint8_t *value;
};

struct field_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool broken; // a truncated field was met
};

void field_reader_init(struct field_reader *reader, const uint8_t *fields, size_t length);
// False at the end of the fields and at a truncated one; look at `broken` afterwards.
bool field_next(struct field_reader *reader, struct field *field);
// False unless the value has the 8 bytes of an integer.
bool field_int(const struct field *field, uint64_t *value);
// False when the text is longer than `max` or has a NUL in it.
bool field_is_text(const struct field *field, size_t max);
// Copies a text with its closing NUL; false when it is no text or does not fit into `size`.
bool field_text(const struct field *field, char *out, size_t size);

// Writes into memory of the caller. What does not fit sets `overflow` and leaves the fields before it whole.
struct field_writer {
    uint8_t *start;
    uint8_t *at;
    uint8_t *end;
    bool overflow;
};

void field_writer_init(struct field_writer *writer, uint8_t *memory, size_t size);
void field_put_int(struct field_writer *writer, uint8_t tag, uint64_t value);
void field_put_bytes(struct field_writer *writer, uint8_t tag, const void *value, size_t length);
void field_put_text(struct field_writer *writer, uint8_t tag, const char *text);
// A field whose value is fields: begin, put what belongs to it, end. On overflow the whole field is taken back.
uint8_t *field_begin(struct field_writer *writer, uint8_t tag);
bool field_end(struct field_writer *writer, uint8_t *begun);
size_t field_size(const struct field_writer *writer);

#endif
