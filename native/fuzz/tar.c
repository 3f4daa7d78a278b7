// The reader of archives, fed in pieces whose size the first byte chooses.
#include "guest_tar.h"

#include <stdlib.h>
#include <string.h>

struct seen {
    bool open;
    uint64_t left;
};

static void require(bool holds) {
    if (!holds) {
        abort();
    }
}

static int on_begin(void *owner, const struct tar_entry *entry) {
    struct seen *seen = owner;
    require(!seen->open && memchr(entry->name, 0, PATH_BYTES) != NULL && memchr(entry->link, 0, PATH_BYTES) != NULL);
    seen->open = entry->type == TAR_FILE;
    seen->left = entry->size;
    return 0;
}

static int on_data(void *owner, const uint8_t *bytes, size_t length) {
    struct seen *seen = owner;
    volatile uint8_t last = bytes[length - 1];
    (void) last;
    require(seen->open && length > 0 && length <= seen->left);
    seen->left -= length;
    return 0;
}

static int on_end(void *owner) {
    struct seen *seen = owner;
    require(seen->open && seen->left == 0);
    seen->open = false;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    static const struct tar_handler handler = {on_begin, on_data, on_end};
    struct tar_reader reader;
    struct seen seen = {false, 0};
    size_t piece = length > 0 ? (size_t) bytes[0] * 8 + 1 : 1;
    size_t at = length > 0;
    int result = 0;
    tar_reader_init(&reader, &handler, &seen);
    while (at < length && result == 0) {
        size_t count = length - at < piece ? length - at : piece;
        result = tar_feed(&reader, bytes + at, count);
        at += count;
    }
    require(result == 0 || result == ENOMEM || (result == EBADMSG && reader.complaint != NULL));
    (void) tar_finished(&reader);
    tar_reader_close(&reader);
    return 0;
}
