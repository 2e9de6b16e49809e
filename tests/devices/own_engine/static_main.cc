/* The firmware with an engine whose name a static constructor sets. */
#include "dense_engine.h"
#include "port.h"

namespace {

struct Named {
    explicit Named(const volatile char *from) : name(const_cast<const char *>(from)) {
    }
    const char *name;
};

const volatile char text[] = "constructed";
Named engine_name(text);

} // namespace

int main() {
    tg_port port;
    tg_session session;
    tg_port_start(&port);
    DenseEngine engine(port.arena, port.arena_bytes);
    tg_runtime runtime = engine.runtime();
    port.memory.engine = engine_name.name;
    tg_session_start(&session, &port.memory, port.board, &runtime);
    for (;;) {
        uint32_t count = port.board->receive(port.board->context, port.received, port.received_bytes);
        tg_session_feed(&session, port.received, count);
    }
}
