// Requests: reading their fields, finding their operation.
#define _GNU_SOURCE
#include "guest.h"
#include "guest_files.h"
#include "guest_process.h"

#include <string.h>

bool request_field(const struct request *request, uint8_t tag, struct field *field) {
    struct field_reader reader;
    struct field at;
    bool found = false;
    field_reader_init(&reader, request->fields, request->length);
    while (field_next(&reader, &at)) {
        if (at.tag == tag) {
            *field = at;
            found = true;
        }
    }
    return found;
}

const char *tag_name(uint8_t tag) {
    static const char *const names[] = {
        [F_OP] = "OP", [F_ARG] = "ARG", [F_ENV] = "ENV", [F_CWD] = "CWD", [F_USER] = "USER", [F_TAG] = "TAG",
        [F_PROCESS] = "PROCESS", [F_STDIN] = "STDIN", [F_PTY] = "PTY", [F_ROWS] = "ROWS", [F_COLS] = "COLS",
        [F_RLIMIT] = "RLIMIT", [F_TIMEOUT_MS] = "TIMEOUT_MS", [F_NNP] = "NNP", [F_CAPS] = "CAPS",
        [F_OUTPUT] = "OUTPUT", [F_SIGNAL] = "SIGNAL", [F_SCOPE] = "SCOPE", [F_PATH] = "PATH", [F_MODE] = "MODE",
        [F_UID] = "UID", [F_GID] = "GID", [F_TARGET] = "TARGET", [F_OFFSET] = "OFFSET", [F_LIMIT] = "LIMIT",
        [F_DEPTH] = "DEPTH", [F_FLAGS] = "FLAGS", [F_NAME] = "NAME", [F_VALUE] = "VALUE", [F_KIND] = "KIND",
        [F_PORT] = "PORT", [F_ADDRESS] = "ADDRESS", [F_COUNT] = "COUNT", [F_TREE] = "TREE",
    };
    return tag < sizeof names / sizeof *names && names[tag] != NULL ? names[tag] : "field";
}

static bool invalid(const struct request *request, uint8_t tag) {
    channel_error(request->channel, E_INVALID, 0, "invalid %s", tag_name(tag));
    return false;
}

bool request_int(const struct request *request, uint8_t tag, uint64_t *value, uint64_t max) {
    struct field field;
    if (!request_field(request, tag, &field)) {
        return true;
    }
    uint64_t number;
    if (!field_int(&field, &number) || number > max) {
        return invalid(request, tag);
    }
    *value = number;
    return true;
}

bool request_text(const struct request *request, uint8_t tag, char *out, size_t size) {
    struct field field;
    if (!request_field(request, tag, &field)) {
        return true;
    }
    return field_text(&field, out, size) || invalid(request, tag);
}

bool request_path(const struct request *request, uint8_t tag, char out[PATH_BYTES]) {
    out[0] = 0;
    if (!request_text(request, tag, out, PATH_BYTES)) {
        return false;
    }
    return out[0] == '/' || invalid(request, tag);
}

static const struct {
    uint8_t op;
    void (*handle)(const struct request *request);
} operations[] = {
    {1, op_exec}, {2, op_attach}, {3, op_signal}, {4, op_list}, {5, op_resize}, {6, op_forget},
    {7, op_release},
    {16, op_stat}, {17, op_list_dir}, {18, op_read}, {19, op_write}, {20, op_mkdir}, {21, op_move}, {22, op_remove},
    {23, op_chmod}, {24, op_chown}, {25, op_xattr}, {26, op_symlink}, {27, op_tar_out}, {28, op_tar_in},
    {29, op_watch}, {30, op_make_fifo}, {40, op_listeners}, {41, op_dial}, {50, op_metrics}, {51, op_shutdown},
};

void request_dispatch(const struct request *request) {
    struct field_reader reader;
    struct field field;
    uint64_t op = 0;
    field_reader_init(&reader, request->fields, request->length);
    while (field_next(&reader, &field)) {
        if (field.tag == F_OP && !field_int(&field, &op)) {
            reader.broken = true;
        }
    }
    if (reader.broken) {
        channel_error(request->channel, E_INVALID, 0, "a field of the request is truncated");
        return;
    }
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (operations[i].op == op) {
            operations[i].handle(request);
            return;
        }
    }
    channel_error(request->channel, E_UNSUPPORTED, 0, "unknown operation %llu", (unsigned long long) op);
}
