/* device.h: a session on a board that keeps what was sent, in memory of exactly the sizes that the session is told. */
#ifndef TG_FUZZ_DEVICE_H
#define TG_FUZZ_DEVICE_H
#include "either_engine.h"
#include "input.h"
#include "session.h"

enum { TG_HEARD_ROOM = 32768, TG_MOST_INFERENCES = 40 };

typedef struct {
    tg_session session;
    tg_either_engine either;
    tg_board board;
    tg_runtime runtime;
    tg_memory memory;
    uint8_t *arena, *linked;
    uint32_t cuts; /* sizes of the pieces in which bytes arrive, a byte each, repeated; 0: all at once */
    uint64_t now;  /* what the counter shows; it stands, so that a repeated inference answers the same bytes */
    bool deaf;     /* what is sent is not kept: any amount may be */
    bool resets;   /* RESET came: the session starts anew before the next bytes */
    uint8_t heard[TG_HEARD_ROOM];
    uint32_t heard_bytes;
} tg_device;

/* Sizes, cuts and the linked model come from the input. */
void tg_device_start(tg_device *device, tg_input *input);
void tg_device_end(tg_device *device);

/* Forgets what was heard, allows the engine TG_MOST_INFERENCES (a command may ask for a billion), and feeds the bytes,
 * each piece from an allocation of its own. */
void tg_device_feed(tg_device *device, const uint8_t *bytes, uint32_t length);
#endif
