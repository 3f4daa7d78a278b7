#include "frame.h"

#include <string.h>

// Byte by byte, so that neither the order nor the alignment of the machine matters; compilers make one move of it.
uint32_t load_u32(const uint8_t *in) {
    return (uint32_t) in[0] | (uint32_t) in[1] << 8 | (uint32_t) in[2] << 16 | (uint32_t) in[3] << 24;
}

uint64_t load_u64(const uint8_t *in) {
    return (uint64_t) load_u32(in) | (uint64_t) load_u32(in + 4) << 32;
}

void store_u32(uint8_t *out, uint32_t value) {
    out[0] = (uint8_t) value;
    out[1] = (uint8_t) (value >> 8);
    out[2] = (uint8_t) (value >> 16);
    out[3] = (uint8_t) (value >> 24);
}

void store_u64(uint8_t *out, uint64_t value) {
    store_u32(out, (uint32_t) value);
    store_u32(out + 4, (uint32_t) (value >> 32));
}

bool frame_decode(const uint8_t in[FRAME_HEADER], struct frame_header *out) {
    out->length = load_u32(in);
    out->channel = load_u32(in + 4);
    out->type = in[8];
    out->flags = in[9];
    return out->length <= FRAME_PAYLOAD_MAX && in[10] == 0 && in[11] == 0;
}

void frame_encode(uint8_t out[FRAME_HEADER], uint32_t length, uint32_t channel, uint8_t type, uint8_t flags) {
    store_u32(out, length);
    store_u32(out + 4, channel);
    out[8] = type;
    out[9] = flags;
    out[10] = 0;
    out[11] = 0;
}

enum { FIELD_HEADER = 4, FIELD_LENGTH_MAX = 0xFFFFFF };

void field_reader_init(struct field_reader *reader, const uint8_t *fields, size_t length) {
    reader->at = fields;
    reader->end = length == 0 ? fields : fields + length; // of no fields there is no address to add to
    reader->broken = false;
}

bool field_next(struct field_reader *reader, struct field *field) {
    size_t left = (size_t) (reader->end - reader->at);
    if (left == 0 || reader->broken) {
        return false;
    }
    if (left < FIELD_HEADER) {
        reader->broken = true;
        return false;
    }
    const uint8_t *at = reader->at;
    uint32_t length = (uint32_t) at[1] | (uint32_t) at[2] << 8 | (uint32_t) at[3] << 16;
    if (length > left - FIELD_HEADER) {
        reader->broken = true;
        return false;
    }
    field->tag = at[0];
    field->length = length;
    field->value = at + FIELD_HEADER;
    reader->at = field->value + length;
    return true;
}

bool field_int(const struct field *field, uint64_t *value) {
    if (field->length != 8) {
        return false;
    }
    *value = load_u64(field->value);
    return true;
}

bool field_is_text(const struct field *field, size_t max) {
    return field->length <= max && memchr(field->value, 0, field->length) == NULL;
}

bool field_text(const struct field *field, char *out, size_t size) {
    if (size == 0 || !field_is_text(field, size - 1)) {
        return false;
    }
    memcpy(out, field->value, field->length);
    out[field->length] = 0;
    return true;
}

void field_writer_init(struct field_writer *writer, uint8_t *memory, size_t size) {
    writer->start = memory;
    writer->at = memory;
    writer->end = memory + size;
    writer->overflow = false;
}

static void put_header(uint8_t *at, uint8_t tag, size_t length) {
    at[0] = tag;
    at[1] = (uint8_t) length;
    at[2] = (uint8_t) (length >> 8);
    at[3] = (uint8_t) (length >> 16);
}

void field_put_bytes(struct field_writer *writer, uint8_t tag, const void *value, size_t length) {
    size_t room = (size_t) (writer->end - writer->at);
    if (length > FIELD_LENGTH_MAX || room < FIELD_HEADER || room - FIELD_HEADER < length) {
        writer->overflow = true;
        return;
    }
    put_header(writer->at, tag, length);
    if (length > 0) {
        memcpy(writer->at + FIELD_HEADER, value, length);
    }
    writer->at += FIELD_HEADER + length;
}

void field_put_int(struct field_writer *writer, uint8_t tag, uint64_t value) {
    uint8_t bytes[8];
    store_u64(bytes, value);
    field_put_bytes(writer, tag, bytes, sizeof bytes);
}

void field_put_text(struct field_writer *writer, uint8_t tag, const char *text) {
    field_put_bytes(writer, tag, text, strlen(text));
}

uint8_t *field_begin(struct field_writer *writer, uint8_t tag) {
    uint8_t *begun = writer->at;
    field_put_bytes(writer, tag, NULL, 0);
    return begun;
}

bool field_end(struct field_writer *writer, uint8_t *begun) {
    if (writer->overflow) {
        writer->at = begun;
        writer->overflow = false;
        return false;
    }
    put_header(begun, begun[0], (size_t) (writer->at - begun) - FIELD_HEADER);
    return true;
}

size_t field_size(const struct field_writer *writer) {
    return (size_t) (writer->at - writer->start);
}
