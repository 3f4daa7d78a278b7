// What channels, the way in and the way out share with nobody else.
#ifndef SKERRY_GUEST_CHANNEL_H
#define SKERRY_GUEST_CHANNEL_H

#include "guest.h"

enum { PAGE = 4096 };

// guest_channel.c
struct channel **channel_slot(uint32_t id); // points at NULL when there is none with that number
struct channel *channel_open(uint32_t id);  // NULL without memory
unsigned channels_open(void);
void channels_drop(void);
// The channel whose turn it is to send DATA; NULL when none has any.
struct channel *channel_next_ready(void);
void channel_unready(struct channel *channel);
void channel_close(struct channel *channel);

// guest_input.c
bool input_init(void);
bool input_is_empty(void);
// After a burst the pages go back. False when there was none.
bool input_trim(void);

// guest_output.c
bool output_init(void);
// A control frame is written straight into the queue: begin, fields (or bytes at `at`), send.
struct field_writer *control_begin(uint32_t id, uint8_t type);
void control_send(uint8_t flags);
void control_error(uint32_t id, int code, int error, const char *message);

#endif
