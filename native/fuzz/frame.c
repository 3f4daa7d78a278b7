// The bytes that a stranger can send: a frame's header, then fields within fields.
#include <stdlib.h>
#include <string.h>

#include "../src/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void fields(const uint8_t *bytes, size_t size, int depth) {
    struct field_reader reader;
    struct field field;
    uint64_t number;
    char text[256];
    uint8_t memory[4096];
    struct field_writer writer;
    field_writer_init(&writer, memory, sizeof memory);
    field_reader_init(&reader, bytes, size);
    while (field_next(&reader, &field)) {
        field_int(&field, &number);
        if (field_text(&field, text, sizeof text) && strlen(text) >= sizeof text) {
            abort();
        }
        field_put_bytes(&writer, field.tag, field.value, field.length);
        if (field.tag == F_ENTRY && depth < 8) {
            fields(field.value, field.length, depth + 1);
        }
    }
    // What was written reads back as it was put.
    if (!writer.overflow && !reader.broken && (field_size(&writer) != size || memcmp(memory, bytes, size) != 0)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct frame_header header;
    if (size >= FRAME_HEADER && frame_decode(bytes, &header)) {
        uint8_t again[FRAME_HEADER];
        frame_encode(again, header.length, header.channel, header.type, header.flags);
        if (header.length > FRAME_PAYLOAD_MAX || memcmp(again, bytes, FRAME_HEADER) != 0) {
            abort();
        }
        fields(bytes + FRAME_HEADER, size - FRAME_HEADER, 0);
    } else {
        fields(bytes, size, 0);
    }
    return 0;
}
