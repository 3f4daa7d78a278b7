/* The state of the relay, and what its parts do for each other. */
#ifndef SKERRY_SHIM_RELAY_H
#define SKERRY_SHIM_RELAY_H

#include "frame.h"
#include "shim.h"

#define BUFFER_BYTES (256 << 10)
#define PENDING_MAX 4 /* connections that have not said ATTACH yet */

/* Bytes between head and tail wait to be written. Memory is given back when a burst is over. */
struct buffer {
    uint8_t *bytes;
    size_t head, tail;
    bool used;
};

struct pending {
    int fd;
    size_t got;
    uint8_t bytes[128];
};

struct relay {
    struct shim *shim;
    int epoll;
    int controller; /* -1: nobody attached */
    uint64_t epoch;
    struct pending pending[PENDING_MAX];

    struct buffer out;     /* guest to controller */
    size_t frame_end;      /* offset in `out` at which the frame being sent ends */
    uint64_t skip;         /* bytes of a frame whose first part went to an earlier controller */
    uint8_t own[4096];     /* frames of the shim's own */
    size_t own_head, own_tail;
    bool guest_eof, guest_broken;

    struct buffer in;      /* controller to guest */
    size_t whole;          /* offset in `in` up to which complete frames of the guest lie */
    uint32_t watching_out, watching_in, watching_controller;
};

/* shim_relay.c */
/* Sets deadline and CPU limit as the fields of a DEADLINE frame say; the answer goes into `answer`. */
void relay_deadline(struct relay *relay, const uint8_t *payload, size_t size, struct field_writer *answer);
void relay_drop_controller(struct relay *relay);

/* shim_attach.c */
void relay_accept(struct relay *relay);
void relay_read_pending(struct relay *relay, struct pending *pending);

/* shim_outward.c */
/* A frame of the shim's own for the controller; sent at the next frame boundary. When there is no room it is left out:
 * the exit record says the same, and a deadline that was not confirmed is set again. */
void relay_queue(struct relay *relay, uint8_t type, struct field_writer *fields);
void relay_send_out(struct relay *relay);
void relay_read_guest(struct relay *relay);

#endif
