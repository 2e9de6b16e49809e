/* The firmware with an engine of its own: the same as devices/firmware/main.c but for two lines. */
#include "dense_engine.h"
#include "port.h"

int main() {
    tg_port port;
    tg_session session;
    tg_port_start(&port);
    DenseEngine engine(port.arena, port.arena_bytes);
    tg_runtime runtime = engine.runtime();
    port.memory.engine = "dense";
    tg_session_start(&session, &port.memory, port.board, &runtime);
    for (;;) {
        uint32_t count = port.board->receive(port.board->context, port.received, port.received_bytes);
        tg_session_feed(&session, port.received, count);
    }
}
