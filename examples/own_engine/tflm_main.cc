/* The firmware with TensorFlow Lite Micro. */
#include "port.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tflm_runtime.h"

int main() {
    tg_port port;
    tg_session session;
    tg_port_start(&port);
    tflite::MicroMutableOpResolver<5> resolver;
    resolver.AddConv2D();
    resolver.AddDepthwiseConv2D();
    resolver.AddFullyConnected();
    resolver.AddMean();
    resolver.AddReshape();
    TflmEngine engine(resolver, port.arena, port.arena_bytes);
    tg_runtime runtime = engine.runtime();
    port.memory.engine = "tflm";
    tg_session_start(&session, &port.memory, port.board, &runtime);
    for (;;) {
        uint32_t count = port.board->receive(port.board->context, port.received, port.received_bytes);
        tg_session_feed(&session, port.received, count);
    }
}
