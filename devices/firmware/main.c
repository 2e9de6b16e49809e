/* The firmware: a board, our engine, and a session between them. */
#include "engine.h"
#include "port.h"

int main(void) {
    tg_port port;
    tg_engine engine;
    tg_session session;
    tg_port_start(&port);
    tg_engine_init(&engine, port.arena, port.arena_bytes);
    tg_runtime runtime = tg_engine_runtime(&engine);
    port.memory.engine = "tinygate";
    tg_session_start(&session, &port.memory, port.board, &runtime);
    for (;;) {
        uint32_t count = port.board->receive(port.board->context, port.received, port.received_bytes);
        tg_session_feed(&session, port.received, count);
    }
}
