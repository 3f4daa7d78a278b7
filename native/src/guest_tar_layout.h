// Where the fields of a tar header lie.
#ifndef SKERRY_GUEST_TAR_LAYOUT_H
#define SKERRY_GUEST_TAR_LAYOUT_H

#include "guest_tar.h"

// Offsets and lengths within a header block.
enum tar_layout {
    NAME_AT = 0, NAME_LENGTH = 100, MODE_AT = 100, UID_AT = 108, GID_AT = 116, ID_LENGTH = 8, SIZE_AT = 124,
    MTIME_AT = 136, NUMBER_LENGTH = 12, SUM_AT = 148, SUM_LENGTH = 8, TYPE_AT = 156, LINK_AT = 157, MAGIC_AT = 257,
    PREFIX_AT = 345, PREFIX_LENGTH = 155,
};

// Of a header block, with its own field counted as spaces.
uint64_t tar_checksum(const uint8_t *block);

#endif
