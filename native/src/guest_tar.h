// The tar format: ustar headers with pax extensions, both ways. Nothing here touches a file.
#ifndef SKERRY_GUEST_TAR_H
#define SKERRY_GUEST_TAR_H

#include "guest.h"

#include <sys/stat.h>

enum { TAR_BLOCK = 512, TAR_EXTRA_MAX = 65536, TAR_HEAD_MAX = 12288 };

enum tar_type { TAR_FILE = '0', TAR_HARD_LINK = '1', TAR_SYMLINK = '2', TAR_FOLDER = '5' };

struct tar_entry {
    char name[PATH_BYTES];
    char link[PATH_BYTES];
    char type; // enum tar_type, or what else the archive says
    mode_t mode;
    uint64_t size; // 0 unless it is a file
    int64_t mtime;
    long mtime_ns;
};

// What a reader calls. A result other than 0 stops it; tar_feed returns the same.
struct tar_handler {
    int (*begin)(void *owner, const struct tar_entry *entry);
    int (*data)(void *owner, const uint8_t *bytes, size_t length);
    int (*end)(void *owner);
};

enum tar_state { TAR_HEADER, TAR_CONTENT, TAR_EXTRA, TAR_SKIP, TAR_ENDED };

struct tar_reader {
    const struct tar_handler *handler;
    void *owner;
    enum tar_state state;
    uint8_t block[TAR_BLOCK];
    size_t filled;    // of the block
    uint64_t left;    // of the content
    size_t padding;   // after the content, to the next block
    char extra_type;  // of the header that the content extends: 'x', 'L', 'K'
    char *extra;
    size_t extra_length;
    bool name_given, link_given, size_given, mtime_given; // by an extension of the entry to come
    struct tar_entry entry;
    const char *complaint; // why the archive was refused
};

void tar_reader_init(struct tar_reader *reader, const struct tar_handler *handler, void *owner);
// 0, EBADMSG with `complaint`, ENOMEM, or what the handler returned.
int tar_feed(struct tar_reader *reader, const uint8_t *bytes, size_t length);
// False when the archive stops in the middle.
bool tar_finished(const struct tar_reader *reader);
void tar_reader_close(struct tar_reader *reader);

// The header of an entry, with its extensions before it: the count of bytes, a multiple of the block.
size_t tar_write_header(uint8_t out[TAR_HEAD_MAX], const char *name, const char *link, const struct stat *status);

#endif
