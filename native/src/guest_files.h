// File operations, all with the rights of the request's USER.
#ifndef SKERRY_GUEST_FILES_H
#define SKERRY_GUEST_FILES_H

#include "guest.h"
#include "guest_user.h"

#include <sys/stat.h>

// open of an absolute path, or of one relative to `folder`, that never goes through a magic link of /proc.
int path_open(int folder, const char *path, int flags, mode_t mode);
// For regular files only: never blocks on a FIFO or device; errno EINVAL when it is one.
int path_open_regular(const char *path, int flags, mode_t mode, struct stat *status);
// lstat or stat relative to `folder`. Not statx: gVisor of 2022 refuses flags that libraries pass along.
int path_stat(int folder, const char *path, bool follow, struct stat *status);
void put_stat(struct field_writer *out, const struct stat *status);
int stat_type(const struct stat *status); // the TYPE field

// The folder `path` for reading, with the rights of `user`; answers ERROR and returns -1 when that fails.
int path_open_folder(struct channel *channel, const char *path, const struct credentials *user);

// The folder that holds the last part of `path`, opened; `name` is that last part. -1 with errno.
int path_open_parent(const char *path, const char **name, char scratch[PATH_BYTES]);
// mkdir -p of all of `path`, or of what is before its last part.
int path_make(const char *path, bool only_parents, mode_t mode);

// Nearly every operation begins alike: PATH, USER.
bool request_path_user(const struct request *request, char path[PATH_BYTES], struct credentials *user);
// Enters USER; answers ERROR and returns false when that is refused.
bool enter_or_answer(struct channel *channel, const struct credentials *user);

enum { FLAG_FOLLOW = 1, FLAG_CREATE = 1, FLAG_TRUNCATE = 2, FLAG_EXCLUSIVE = 4, FLAG_PARENTS = 8, FLAG_APPEND = 16,
    FLAG_ATOMIC = 32, FLAG_RECURSIVE = 1 };

void op_stat(const struct request *request);
void op_list_dir(const struct request *request);
void op_read(const struct request *request);
void op_write(const struct request *request);
void op_mkdir(const struct request *request);
void op_make_fifo(const struct request *request);
void op_move(const struct request *request);
void op_remove(const struct request *request);
void op_chmod(const struct request *request);
void op_chown(const struct request *request);
void op_xattr(const struct request *request);
void op_symlink(const struct request *request);
void op_tar_out(const struct request *request);
void op_tar_in(const struct request *request);
void op_watch(const struct request *request);
void op_listeners(const struct request *request);
void op_dial(const struct request *request);
void op_metrics(const struct request *request);

#endif
