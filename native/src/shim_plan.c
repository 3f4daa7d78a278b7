#include <stdio.h>
#include <string.h>

#include "shim.h"

#define FILTER_INSTRUCTION 8 /* sizeof(struct sock_filter) */

struct reader {
    uint8_t *at, *end;
};

/* One field: u8 tag, u24 length, value. The byte after the value is the next field's tag, so texts are terminated only
 * after that tag was read: the caller keeps the tag of the next field in `next_tag`. */
static int next_field(struct reader *in, int *next_tag, uint8_t **value, size_t *length) {
    if (*next_tag < 0) {
        return 0;
    }
    int tag = *next_tag;
    if (in->end - in->at < 4) {
        return -1;
    }
    *length = in->at[1] | (size_t)in->at[2] << 8 | (size_t)in->at[3] << 16;
    if ((size_t)(in->end - in->at) - 4 < *length) {
        return -1;
    }
    *value = in->at + 4;
    in->at += 4 + *length;
    *next_tag = in->at < in->end ? in->at[0] : -1;
    (*value)[*length] = 0; /* there is always one spare byte behind the last value */
    return tag;
}

static bool int_field(const uint8_t *value, size_t length, uint64_t *out) {
    if (length != 8) {
        return false;
    }
    uint64_t number = 0;
    for (int i = 7; i >= 0; i--) {
        number = number << 8 | value[i];
    }
    *out = number;
    return true;
}

static bool text_field(uint8_t *value, size_t length, const char **out) {
    *out = (const char *)value;
    return memchr(value, 0, length) == NULL;
}

static bool add(const char **list, size_t *count, uint8_t *value, size_t length) {
    return *count < PLAN_LIST_MAX && text_field(value, length, &list[(*count)++]);
}

static bool parse_step(struct step *step, uint8_t *bytes, size_t size) {
    struct reader in = {bytes, bytes + size};
    int next = size > 0 ? bytes[0] : -1;
    uint8_t *value;
    size_t length;
    int tag;
    memset(step, 0, sizeof *step);
    while ((tag = next_field(&in, &next, &value, &length)) > 0) {
        bool good;
        switch (tag) {
            case STEP_KIND: good = int_field(value, length, &step->kind); break;
            case STEP_FLAGS: good = int_field(value, length, &step->flags); break;
            case STEP_MODE: good = int_field(value, length, &step->mode); break;
            case STEP_UID: good = int_field(value, length, &step->uid); break;
            case STEP_SOURCE: good = text_field(value, length, &step->source); break;
            case STEP_TARGET: good = text_field(value, length, &step->target); break;
            case STEP_TYPE: good = text_field(value, length, &step->type); break;
            case STEP_OPTIONS: good = text_field(value, length, &step->options); break;
            default: good = false;
        }
        if (!good) {
            return false;
        }
    }
    return tag == 0 && step->target != NULL;
}

static bool parse_field(struct plan *plan, int tag, uint8_t *value, size_t length) {
    uint64_t number = 0;
    switch (tag) {
        case PLAN_RUN_DIR: return text_field(value, length, &plan->run_dir);
        case PLAN_PID_FILE: return text_field(value, length, &plan->pid_file);
        case PLAN_CPU_FILE: return text_field(value, length, &plan->cpu_file);
        case PLAN_KILL_FILE: return text_field(value, length, &plan->kill_file);
        case PLAN_FREEZE_FILE: return text_field(value, length, &plan->freeze_file);
        case PLAN_USERNS: return text_field(value, length, &plan->userns);
        case PLAN_SHIM_PROCS: return add(plan->shim_procs, &plan->shim_procs_count, value, length);
        case PLAN_BOX_PROCS: return add(plan->box_procs, &plan->box_procs_count, value, length);
        case PLAN_KILL_PROCS: return add(plan->kill_procs, &plan->kill_procs_count, value, length);
        case PLAN_ARG: return add(plan->args, &plan->args_count, value, length);
        case PLAN_ENV: return add(plan->envs, &plan->envs_count, value, length);
        case PLAN_UID_BASE: return int_field(value, length, &plan->uid_base);
        case PLAN_UID_COUNT: return int_field(value, length, &plan->uid_count);
        case PLAN_DEADLINE_MS: return int_field(value, length, &plan->deadline_ms);
        case PLAN_CPU_LIMIT_US: return int_field(value, length, &plan->cpu_limit_us);
        case PLAN_START_MS: return int_field(value, length, &plan->start_ms);
        case PLAN_RLIMIT: {
            struct limit *limit = &plan->limits[plan->limits_count];
            return plan->limits_count < PLAN_LIST_MAX && length == 16 && int_field(value, 8, &limit->resource) &&
                   int_field(value + 8, 8, &limit->value) && ++plan->limits_count > 0;
        }
        case PLAN_DETACHED:
            plan->detached = int_field(value, length, &number) && number != 0;
            return true;
        case PLAN_DEADLINE_FREEZE:
            plan->deadline_freezes = int_field(value, length, &number) && number != 0;
            return true;
        case PLAN_ROOT: return text_field(value, length, &plan->root);
        case PLAN_HOSTNAME: return text_field(value, length, &plan->hostname);
        case PLAN_CAPABILITIES: return int_field(value, length, &plan->capabilities);
        case PLAN_NO_NEW_PRIVS:
            plan->no_new_privs = int_field(value, length, &number) && number != 0;
            return length == sizeof number;
        case PLAN_FILTER:
            plan->filter = value;
            plan->filter_size = length;
            return length > 0 && length % FILTER_INSTRUCTION == 0 && length / FILTER_INSTRUCTION <= UINT16_MAX;
        case PLAN_INSIDE:
            return plan->inside_count < PLAN_INSIDE_MAX &&
                   parse_step(&plan->inside[plan->inside_count++], value, length);
        case PLAN_STEP:
            return plan->steps_count < PLAN_LIST_MAX && parse_step(&plan->steps[plan->steps_count++], value, length);
        default: return false;
    }
}

bool plan_parse(struct plan *plan, uint8_t *bytes, size_t size, char why[MESSAGE_MAX]) {
    struct reader in = {bytes, bytes + size};
    int next = size > 0 ? bytes[0] : -1;
    uint8_t *value;
    size_t length;
    int tag;
    memset(plan, 0, sizeof *plan);
    plan->start_ms = 10000;
    while ((tag = next_field(&in, &next, &value, &length)) > 0) {
        if (!parse_field(plan, tag, value, length)) {
            snprintf(why, MESSAGE_MAX, "field %d of the plan is not well formed, unknown, or one too many", tag);
            return false;
        }
    }
    if (tag < 0) {
        snprintf(why, MESSAGE_MAX, "the plan is cut off");
        return false;
    }
    if (plan->run_dir == NULL || plan->args_count == 0 || (plan->detached && plan->pid_file == NULL)) {
        snprintf(why, MESSAGE_MAX, "the plan lacks its run folder, command or pid file");
        return false;
    }
    if (plan->root != NULL && (plan->uid_count == 0 || plan->filter == NULL || plan->hostname == NULL)) {
        snprintf(why, MESSAGE_MAX, "a plan with a root needs a range of uids, a filter and a host name");
        return false;
    }
    return true;
}
