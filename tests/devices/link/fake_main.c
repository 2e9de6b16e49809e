/* The firmware with the checksum engine in place of ours. */
#include "fake_runtime.h"
#include "port.h"

int main(void) {
    tg_port port;
    fake_engine engine = {0};
    tg_session session;
    tg_port_start(&port);
    tg_runtime runtime = fake_runtime(&engine);
    port.memory.engine = "checksum";
    tg_session_start(&session, &port.memory, port.board, &runtime);
    for (;;) {
        uint32_t count = port.board->receive(port.board->context, port.received, port.received_bytes);
        tg_session_feed(&session, port.received, count);
    }
}
