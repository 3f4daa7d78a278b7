// Takes tar archives apart, in pieces of any size.
#include "guest_tar_layout.h"

#include <stdlib.h>
#include <string.h>

uint64_t tar_checksum(const uint8_t *block) {
    uint64_t sum = 0;
    for (int i = 0; i < TAR_BLOCK; i++) {
        sum += i >= SUM_AT && i < SUM_AT + SUM_LENGTH ? ' ' : block[i];
    }
    return sum;
}

void tar_reader_init(struct tar_reader *reader, const struct tar_handler *handler, void *owner) {
    memset(reader, 0, offsetof(struct tar_reader, entry));
    memset(&reader->entry, 0, sizeof reader->entry);
    reader->handler = handler;
    reader->owner = owner;
    reader->complaint = NULL;
}

void tar_reader_close(struct tar_reader *reader) {
    free(reader->extra);
    reader->extra = NULL;
}

static int refuse(struct tar_reader *reader, const char *complaint) {
    reader->complaint = complaint;
    return EBADMSG;
}

// Octal, or binary after a byte with the highest bit. False when it is neither, or over 63 bits.
static bool number_of(const uint8_t *at, size_t length, uint64_t *out) {
    uint64_t value = 0;
    if (at[0] & 0x80) {
        value = at[0] & 0x7F;
        for (size_t i = 1; i < length; i++) {
            if (value >> 55 != 0) {
                return false;
            }
            value = value << 8 | at[i];
        }
        *out = value;
        return true;
    }
    size_t i = 0;
    while (i < length && at[i] == ' ') {
        i++;
    }
    for (; i < length && at[i] >= '0' && at[i] <= '7'; i++) {
        value = value << 3 | (uint64_t) (at[i] - '0');
    }
    *out = value;
    return i == length || at[i] == 0 || at[i] == ' ';
}

static bool copy_text(char *out, const void *text, size_t length) {
    if (length >= PATH_BYTES || memchr(text, 0, length) != NULL) {
        return false;
    }
    memcpy(out, text, length);
    out[length] = 0;
    return true;
}

static void take_names(struct tar_reader *reader) {
    const char *block = (const char *) reader->block;
    struct tar_entry *entry = &reader->entry;
    if (!reader->name_given) {
        size_t prefix = memcmp(block + MAGIC_AT, "ustar", 6) == 0 ? strnlen(block + PREFIX_AT, PREFIX_LENGTH) : 0;
        size_t length = strnlen(block + NAME_AT, NAME_LENGTH);
        memcpy(entry->name, block + PREFIX_AT, prefix);
        if (prefix > 0) {
            entry->name[prefix++] = '/';
        }
        memcpy(entry->name + prefix, block + NAME_AT, length);
        entry->name[prefix + length] = 0;
    }
    if (!reader->link_given) {
        copy_text(entry->link, block + LINK_AT, strnlen(block + LINK_AT, NAME_LENGTH));
    }
}

static void set_content(struct tar_reader *reader, enum tar_state state, uint64_t size) {
    reader->state = state;
    reader->left = size;
    reader->padding = (size_t) (-size & (TAR_BLOCK - 1));
}

static int begin_entry(struct tar_reader *reader, uint64_t size) {
    struct tar_entry *entry = &reader->entry;
    uint64_t mode, mtime;
    if (!number_of(reader->block + MODE_AT, ID_LENGTH, &mode)
        || !number_of(reader->block + MTIME_AT, NUMBER_LENGTH, &mtime)) {
        return refuse(reader, "a header with a broken number");
    }
    take_names(reader);
    entry->mode = (mode_t) (mode & 07777);
    if (!reader->mtime_given) {
        entry->mtime = mtime > INT64_MAX ? 0 : (int64_t) mtime;
        entry->mtime_ns = 0;
    }
    size_t length = strlen(entry->name);
    if (entry->type == 0 || entry->type == '7') {
        entry->type = TAR_FILE;
    }
    if (entry->type == TAR_FILE && length > 0 && entry->name[length - 1] == '/') {
        entry->type = TAR_FOLDER; // as tar wrote it before there was a type for it
    }
    entry->size = entry->type != TAR_FILE ? 0 : reader->size_given ? entry->size : size;
    reader->name_given = reader->link_given = reader->size_given = reader->mtime_given = false;
    int result = reader->handler->begin(reader->owner, entry);
    if (result != 0) {
        return result;
    }
    if (entry->type != TAR_FILE) {
        return 0;
    }
    set_content(reader, TAR_CONTENT, entry->size);
    return 0;
}

static bool is_zero(const uint8_t *block) {
    for (int i = 0; i < TAR_BLOCK; i++) {
        if (block[i] != 0) {
            return false;
        }
    }
    return true;
}

static int take_header(struct tar_reader *reader) {
    uint64_t sum, size;
    if (is_zero(reader->block)) {
        reader->state = TAR_ENDED;
        return 0;
    }
    if (!number_of(reader->block + SUM_AT, SUM_LENGTH, &sum) || sum != tar_checksum(reader->block)) {
        return refuse(reader, "a header with a wrong tar_checksum");
    }
    if (!number_of(reader->block + SIZE_AT, NUMBER_LENGTH, &size) || size > INT64_MAX / 2) {
        return refuse(reader, "a header with a broken size");
    }
    char type = (char) reader->block[TYPE_AT];
    if (type == 'x' || type == 'L' || type == 'K') {
        if (size > TAR_EXTRA_MAX) {
            return refuse(reader, "an extended header that is too long");
        }
        free(reader->extra);
        reader->extra = malloc(size + 1);
        if (reader->extra == NULL) {
            return ENOMEM;
        }
        reader->extra_type = type;
        reader->extra_length = 0;
        set_content(reader, TAR_EXTRA, size);
        return 0;
    }
    if (type == 'g') {
        set_content(reader, TAR_SKIP, size);
        return 0;
    }
    reader->entry.type = type;
    return begin_entry(reader, size);
}

static bool decimal(const char *text, uint64_t *value, const char **end) {
    *value = 0;
    *end = text;
    while (**end >= '0' && **end <= '9') {
        if (*value > INT64_MAX / 20) {
            return false;
        }
        *value = *value * 10 + (uint64_t) (*(*end)++ - '0');
    }
    return *end != text;
}

static bool take_time(struct tar_reader *reader, const char *value) {
    uint64_t seconds;
    const char *end;
    long nanoseconds = 0, unit = 100000000;
    if (*value == '-') {
        return true; // before 1970: left to the header
    }
    if (!decimal(value, &seconds, &end)) {
        return false;
    }
    if (*end == '.') {
        for (end++; *end >= '0' && *end <= '9'; end++, unit /= 10) {
            nanoseconds += (*end - '0') * unit;
        }
    }
    reader->entry.mtime = (int64_t) seconds;
    reader->entry.mtime_ns = nanoseconds;
    reader->mtime_given = true;
    return *end == 0;
}

static bool take_record(struct tar_reader *reader, const char *key, const char *value, size_t value_length) {
    const char *end;
    if (strcmp(key, "path") == 0) {
        return reader->name_given = copy_text(reader->entry.name, value, value_length);
    }
    if (strcmp(key, "linkpath") == 0) {
        return reader->link_given = copy_text(reader->entry.link, value, value_length);
    }
    if (strcmp(key, "size") == 0) {
        reader->size_given = true;
        return decimal(value, &reader->entry.size, &end) && *end == 0;
    }
    if (strcmp(key, "mtime") == 0) {
        return take_time(reader, value);
    }
    return strncmp(key, "GNU.sparse", 10) != 0;
}

// Records "length key=value\n", the length counting all of itself.
static int take_records(struct tar_reader *reader) {
    char *at = reader->extra, *stop = at + reader->extra_length;
    *stop = 0;
    while (at < stop) {
        uint64_t length;
        const char *key;
        if (!decimal(at, &length, &key) || *key != ' ' || length > (uint64_t) (stop - at)) {
            return refuse(reader, "a broken extended header");
        }
        char *end = at + length - 1;
        char *text = at + (key - at) + 1;
        if (end < text || *end != '\n') {
            return refuse(reader, "a broken extended header");
        }
        *end = 0;
        char *equals = memchr(text, '=', (size_t) (end - text));
        if (equals == NULL) {
            return refuse(reader, "a broken extended header");
        }
        *equals = 0;
        if (!take_record(reader, text, equals + 1, (size_t) (end - equals) - 1)) {
            return refuse(reader, "an extended header that is not supported");
        }
        at = end + 1;
    }
    return 0;
}

static int take_extra(struct tar_reader *reader) {
    int result = 0;
    if (reader->extra_type == 'x') {
        result = take_records(reader);
    } else {
        bool name = reader->extra_type == 'L';
        size_t length = strnlen(reader->extra, reader->extra_length);
        if (!copy_text(name ? reader->entry.name : reader->entry.link, reader->extra, length)) {
            result = refuse(reader, "a name that is too long");
        }
        *(name ? &reader->name_given : &reader->link_given) = true;
    }
    tar_reader_close(reader);
    return result;
}

static int content_done(struct tar_reader *reader) {
    enum tar_state state = reader->state;
    reader->state = TAR_HEADER;
    return state == TAR_CONTENT ? reader->handler->end(reader->owner) : state == TAR_EXTRA ? take_extra(reader) : 0;
}

static int take_content(struct tar_reader *reader, const uint8_t *bytes, size_t length) {
    if (reader->state == TAR_CONTENT) {
        return reader->handler->data(reader->owner, bytes, length);
    }
    if (reader->state == TAR_EXTRA) {
        memcpy(reader->extra + reader->extra_length, bytes, length);
        reader->extra_length += length;
    }
    return 0;
}

int tar_feed(struct tar_reader *reader, const uint8_t *bytes, size_t length) {
    while (reader->state != TAR_ENDED) {
        int result = 0;
        if (reader->state != TAR_HEADER && reader->left == 0) {
            result = content_done(reader);
            if (result != 0) {
                return result;
            }
            continue;
        }
        if (length == 0) {
            return 0;
        }
        size_t count;
        if (reader->state != TAR_HEADER) {
            count = length < reader->left ? length : (size_t) reader->left;
            reader->left -= count;
            result = take_content(reader, bytes, count);
        } else if (reader->padding > 0) {
            count = length < reader->padding ? length : reader->padding;
            reader->padding -= count;
        } else {
            count = length < TAR_BLOCK - reader->filled ? length : TAR_BLOCK - reader->filled;
            memcpy(reader->block + reader->filled, bytes, count);
            reader->filled += count;
            if (reader->filled == TAR_BLOCK) {
                reader->filled = 0;
                result = take_header(reader);
            }
        }
        if (result != 0) {
            return result;
        }
        bytes += count;
        length -= count;
    }
    return 0;
}

bool tar_finished(const struct tar_reader *reader) {
    return reader->state == TAR_ENDED
        || (reader->state == TAR_HEADER && reader->filled == 0 && reader->padding == 0);
}
