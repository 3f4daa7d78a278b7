// Headers of tar entries that are sent.
#include "guest_tar_layout.h"

#include <stdio.h>
#include <string.h>

static void put_octal(uint8_t *block, size_t at, size_t length, uint64_t value) {
    block[at + length - 1] = 0;
    for (size_t i = length - 1; i > 0; i--) {
        block[at + i - 1] = (uint8_t) ('0' + (value & 7));
        value >>= 3;
    }
}

static void close_header(uint8_t *block, char type) {
    block[TYPE_AT] = (uint8_t) type;
    memcpy(block + MAGIC_AT, "ustar\00000", 8);
    put_octal(block, SUM_AT, 7, tar_checksum(block));
    block[SUM_AT + 7] = ' ';
}

static size_t put_record(char *out, const char *key, const char *value) {
    size_t body = strlen(key) + strlen(value) + 3, length = body + 1;
    // The length counts its own digits.
    for (size_t limit = 10; length >= limit; limit *= 10) {
        length++;
    }
    return (size_t) sprintf(out, "%zu %s=%s\n", length, key, value);
}

size_t tar_write_header(uint8_t out[TAR_HEAD_MAX], const char *name, const char *link, const struct stat *status) {
    char records[2 * PATH_BYTES + 256], number[24];
    size_t length = 0, name_length = strlen(name), link_length = strlen(link);
    uint64_t size = S_ISREG(status->st_mode) ? (uint64_t) status->st_size : 0;
    if (name_length > NAME_LENGTH) {
        length += put_record(records + length, "path", name);
    }
    if (link_length > NAME_LENGTH) {
        length += put_record(records + length, "linkpath", link);
    }
    if (size > 077777777777) {
        snprintf(number, sizeof number, "%llu", (unsigned long long) size);
        length += put_record(records + length, "size", number);
    }
    if (status->st_uid > 07777777 || status->st_gid > 07777777) {
        snprintf(number, sizeof number, "%u", status->st_uid);
        length += put_record(records + length, "uid", number);
        snprintf(number, sizeof number, "%u", status->st_gid);
        length += put_record(records + length, "gid", number);
    }
    uint8_t *block = out;
    if (length > 0) {
        size_t padded = (length + TAR_BLOCK - 1) & ~(size_t) (TAR_BLOCK - 1);
        memset(out, 0, TAR_BLOCK + padded);
        memcpy(out + NAME_AT, "pax", 3);
        put_octal(out, MODE_AT, ID_LENGTH, 0644);
        put_octal(out, UID_AT, ID_LENGTH, 0);
        put_octal(out, GID_AT, ID_LENGTH, 0);
        put_octal(out, SIZE_AT, NUMBER_LENGTH, length);
        put_octal(out, MTIME_AT, NUMBER_LENGTH, 0);
        close_header(out, 'x');
        memcpy(out + TAR_BLOCK, records, length);
        block = out + TAR_BLOCK + padded;
    }
    memset(block, 0, TAR_BLOCK);
    memcpy(block + NAME_AT, name, name_length < NAME_LENGTH ? name_length : NAME_LENGTH);
    memcpy(block + LINK_AT, link, link_length < NAME_LENGTH ? link_length : NAME_LENGTH);
    put_octal(block, MODE_AT, ID_LENGTH, status->st_mode & 07777);
    put_octal(block, UID_AT, ID_LENGTH, status->st_uid);
    put_octal(block, GID_AT, ID_LENGTH, status->st_gid);
    put_octal(block, SIZE_AT, NUMBER_LENGTH, size);
    put_octal(block, MTIME_AT, NUMBER_LENGTH, status->st_mtime > 0 ? (uint64_t) status->st_mtime : 0);
    close_header(block, S_ISDIR(status->st_mode) ? TAR_FOLDER : S_ISLNK(status->st_mode) ? TAR_SYMLINK : TAR_FILE);
    return (size_t) (block - out) + TAR_BLOCK;
}
