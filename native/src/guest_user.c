#define _GNU_SOURCE
#include "guest_user.h"

#include <fcntl.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINE_BYTES = 4096,
    DATABASE_BYTES = 4 << 20, // the tenant owns these files: read no more of one than this
};

static int own_groups;

void users_init(void) {
    setgroups(0, NULL); // may be refused in a user namespace; then the groups of the runtime stay
    own_groups = getgroups(0, NULL);
}

int own_group_count(void) {
    return own_groups;
}

struct line_reader {
    int fd;
    size_t at, end, total;
    char buffer[LINE_BYTES];
};

static bool lines_open(struct line_reader *reader, const char *path) {
    struct stat status;
    // Without O_NONBLOCK a FIFO planted there would stop guestd.
    reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    reader->at = reader->end = reader->total = 0;
    if (reader->fd >= 0 && (fstat(reader->fd, &status) < 0 || !S_ISREG(status.st_mode))) {
        close(reader->fd);
        reader->fd = -1;
    }
    return reader->fd >= 0;
}

// The next line, closed with NUL, valid until the next call. A line longer than the buffer is left out.
static char *lines_next(struct line_reader *reader) {
    bool skipping = false;
    for (;;) {
        char *start = reader->buffer + reader->at;
        char *newline = memchr(start, '\n', reader->end - reader->at);
        if (newline != NULL) {
            *newline = 0;
            reader->at = (size_t) (newline - reader->buffer) + 1;
            if (!skipping) {
                return start;
            }
            skipping = false;
            continue;
        }
        memmove(reader->buffer, start, reader->end - reader->at);
        reader->end -= reader->at;
        reader->at = 0;
        if (reader->end == LINE_BYTES - 1) {
            skipping = true;
            reader->end = 0;
        }
        ssize_t count = read(reader->fd, reader->buffer + reader->end, LINE_BYTES - 1 - reader->end);
        if (count <= 0 || (reader->total += (size_t) count) > DATABASE_BYTES) {
            bool last = count == 0 && reader->end > 0 && !skipping;
            reader->buffer[reader->end] = 0;
            reader->at = reader->end = 0;
            return last ? reader->buffer : NULL;
        }
        reader->end += (size_t) count;
    }
}

// Cuts `line` at its colons; false unless there are at least `count` parts.
static bool split(char *line, char **parts, int count) {
    for (int i = 0; i < count; i++) {
        parts[i] = line;
        char *colon = strchr(line, ':');
        if (colon == NULL) {
            return i == count - 1;
        }
        *colon = 0;
        line = colon + 1;
    }
    return true;
}

static bool parse_id(const char *text, uint32_t *id) {
    uint64_t value = 0;
    if (*text == 0) {
        return false;
    }
    for (; *text != 0; text++) {
        if (*text < '0' || *text > '9' || value > 0xFFFFFFFF) {
            return false;
        }
        value = value * 10 + (uint64_t) (*text - '0');
    }
    if (value >= 0xFFFFFFFF) { // all ones means "leave as it is" to the system calls
        return false;
    }
    *id = (uint32_t) value;
    return true;
}

struct account {
    char name[256];
    uint32_t uid, gid;
};

// By name, or by uid when `name` is NULL.
static bool find_account(const char *name, uint32_t uid, struct account *out, char *home) {
    struct line_reader reader;
    bool found = false;
    char *line;
    if (!lines_open(&reader, "/etc/passwd")) {
        return false;
    }
    while (!found && (line = lines_next(&reader)) != NULL) {
        char *parts[7];
        if (!split(line, parts, 7) || !parse_id(parts[2], &out->uid) || !parse_id(parts[3], &out->gid)) {
            continue;
        }
        found = name != NULL ? strcmp(parts[0], name) == 0 : out->uid == uid;
        if (found) {
            size_t length = strlen(parts[0]);
            memcpy(out->name, parts[0], length < sizeof out->name ? length + 1 : 0);
            if (home != NULL && strlen(parts[5]) < HOME_BYTES) {
                memcpy(home, parts[5], strlen(parts[5]) + 1);
            }
        }
    }
    close(reader.fd);
    return found;
}

static bool is_member(char *members, const char *name) {
    char *rest = members;
    for (char *member = strsep(&rest, ","); member != NULL; member = strsep(&rest, ",")) {
        if (strcmp(member, name) == 0) {
            return true;
        }
    }
    return false;
}

static void find_groups(const char *name, struct credentials *out) {
    struct line_reader reader;
    char *line;
    if (!lines_open(&reader, "/etc/group")) {
        return;
    }
    while ((line = lines_next(&reader)) != NULL && out->group_count < GROUPS_MAX) {
        char *parts[4];
        uint32_t gid;
        if (split(line, parts, 4) && parse_id(parts[2], &gid) && is_member(parts[3], name)) {
            out->groups[out->group_count++] = gid;
        }
    }
    close(reader.fd);
}

bool user_resolve(const char *user, struct credentials *out, char home[HOME_BYTES]) {
    struct account account = {.name = ""};
    const char *colon = strchr(user, ':');
    char first[16];
    uint32_t uid = 0, gid = 0;
    out->group_count = 0;
    if (home != NULL) {
        home[0] = 0;
    }
    if (colon != NULL) {
        size_t length = (size_t) (colon - user);
        if (length >= sizeof first) {
            return false;
        }
        memcpy(first, user, length);
        first[length] = 0;
        if (!parse_id(first, &uid) || !parse_id(colon + 1, &gid)) {
            return false;
        }
        out->uid = uid;
        out->gid = gid;
        if (home != NULL) {
            find_account(NULL, uid, &account, home);
        }
        return true;
    }
    bool numeric = parse_id(user, &uid);
    if (find_account(user, 0, &account, home) || (numeric && find_account(NULL, uid, &account, home))) {
        out->uid = account.uid;
        out->gid = account.gid;
        find_groups(account.name, out);
        return true;
    }
    // An unlisted number has a group of its own number: group 0 would be more than it was given.
    out->uid = uid;
    out->gid = uid;
    return numeric;
}

bool request_user(const struct request *request, struct credentials *out, char home[HOME_BYTES]) {
    char user[256] = "";
    struct field field;
    bool given = request_field(request, F_USER, &field);
    if (!request_text(request, F_USER, user, sizeof user)) {
        return false;
    }
    if (!given) {
        out->uid = 0;
        out->gid = 0;
        out->group_count = 0;
        if (home != NULL) {
            struct account account;
            home[0] = 0;
            find_account(NULL, 0, &account, home);
        }
        return true;
    }
    if (!user_resolve(user, out, home)) {
        channel_error(request->channel, E_NOT_FOUND, 0, "no user %.200s", user);
        return false;
    }
    return true;
}

bool user_enter(const struct credentials *user) {
    if (user->uid == 0 && user->gid == 0 && user->group_count == 0) {
        return true;
    }
    if ((user->group_count != 0 || own_groups != 0) && setgroups((size_t) user->group_count, user->groups) < 0) {
        return false;
    }
    if (setresgid((gid_t) -1, user->gid, (gid_t) -1) < 0 || setresuid((uid_t) -1, user->uid, (uid_t) -1) < 0) {
        int error = errno;
        user_leave();
        errno = error;
        return false;
    }
    return true;
}

void user_leave(void) {
    int error = errno;
    if (geteuid() != 0 && setresuid((uid_t) -1, 0, (uid_t) -1) < 0) {
        fatal("cannot return to root");
    }
    if (getegid() != 0 && setresgid((gid_t) -1, 0, (gid_t) -1) < 0) {
        fatal("cannot return to root");
    }
    if (own_groups == 0 && getgroups(0, NULL) > 0) {
        setgroups(0, NULL);
    }
    errno = error;
}
