// Users of the sandbox, and working with their rights.
#ifndef SKERRY_GUEST_USER_H
#define SKERRY_GUEST_USER_H

#include "guest.h"

enum { GROUPS_MAX = 256, HOME_BYTES = 1024 };

struct credentials {
    uid_t uid;
    gid_t gid;
    int group_count;
    gid_t groups[GROUPS_MAX];
};

// Finds `user` (a name, "uid" or "uid:gid") in /etc/passwd and /etc/group. `home` may be NULL; it becomes "" when
// unknown.
bool user_resolve(const char *user, struct credentials *out, char home[HOME_BYTES]);
// USER of a request, default root; answers ERROR and returns false when there is no such user.
bool request_user(const struct request *request, struct credentials *out, char home[HOME_BYTES]);

// Effective ids and groups only: real and saved ids stay 0, so the user can neither signal nor trace guestd meanwhile.
// False (errno set) when the ids cannot be taken on; nothing is changed then.
bool user_enter(const struct credentials *user);
void user_leave(void);

void users_init(void);
// Groups that guestd itself has; a child that wants none can skip the call when there are none.
int own_group_count(void);

#endif
