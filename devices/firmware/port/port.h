/* port.h: a board made ready. Each port implements tg_port_start; the globals of the firmware live in port/ and nowhere
 * else. */
#ifndef TG_PORT_H
#define TG_PORT_H
#include "session.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TG_FIRMWARE_VERSION "0.1.0"

typedef struct {
    const tg_board *board;
    tg_memory memory; /* all but the engine's name */
    uint8_t *arena;
    uint32_t arena_bytes;
    uint8_t *received; /* room for what board->receive hands out at once */
    uint32_t received_bytes;
} tg_port;

/* Starts clocks, the link and the counter. Call once, first. */
void tg_port_start(tg_port *port);

#ifdef __cplusplus
}
#endif
#endif
