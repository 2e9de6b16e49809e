/* board.h: what the session needs of the board it runs on. A port fills one of these. */
#ifndef TG_BOARD_H
#define TG_BOARD_H
#include <stdint.h>

typedef struct {
    uint32_t stack_bytes, stack_used; /* room, and high-water mark since start */
    uint32_t flash_bytes, ram_bytes;  /* code, constants and linked model; static data */
    uint32_t received_bytes_lost;     /* for want of room */
} tg_usage;

typedef struct {
    const char *name, *core, *firmware;
    uint32_t core_hz, counter_hz;
    uint8_t counter; /* tg_counter of wire.h */
    uint16_t credits;
    uint32_t window_bytes; /* wire bytes that are kept while the core computes */
    uint8_t unique_id[16];

    /* Waits for bytes, asleep where the core can, and returns how many of at most `room` it stored; 0 when the stream
     * has ended. */
    uint32_t (*receive)(void *context, uint8_t *to, uint32_t room);
    /* Takes all bytes, waiting for room where it must. */
    void (*send)(void *context, const uint8_t *bytes, uint32_t length);
    uint64_t (*ticks)(void *context);
    void (*usage)(void *context, tg_usage *usage);
    /* Lets sent bytes leave, then starts the chip anew. A host build may return. */
    void (*reset)(void *context);
    void *context;
} tg_board;
#endif
