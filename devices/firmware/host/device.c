/* device.c: the firmware's session and engine as a program, over standard input and output. RESET ends it, as does the
 * end of its input. It counts no ticks: its answers are the same in every run. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine.h"
#include "session.h"

enum { BODY_BYTES = 16384 + TG_OVERHEAD_BYTES, REPLY_BYTES = 4096 + TG_OVERHEAD_BYTES, ROOM_BYTES = 1 << 20 };

static uint32_t receive(void *context, uint8_t *to, uint32_t room) {
    (void)context;
    ssize_t got;
    do
        got = read(STDIN_FILENO, to, room);
    while (got < 0 && errno == EINTR);
    return got > 0 ? (uint32_t)got : 0;
}

static void send_all(void *context, const uint8_t *bytes, uint32_t length) {
    (void)context;
    while (length > 0) {
        ssize_t put = write(STDOUT_FILENO, bytes, length);
        if (put <= 0 && errno != EINTR)
            exit(1);
        if (put > 0) {
            bytes += put;
            length -= (uint32_t)put;
        }
    }
}

static uint64_t no_ticks(void *context) {
    (void)context;
    return 0;
}

static void no_usage(void *context, tg_usage *usage) {
    (void)context;
    *usage = (tg_usage){0};
}

static void end(void *context) {
    (void)context;
    exit(0);
}

int main(void) {
    static const tg_board board = {.name = "host",
                                   .core = "host",
                                   .firmware = "host",
                                   .credits = 8,
                                   .window_bytes = 32768,
                                   .receive = receive,
                                   .send = send_all,
                                   .ticks = no_ticks,
                                   .usage = no_usage,
                                   .reset = end};
    static _Alignas(16) uint8_t request[BODY_BYTES], reply[REPLY_BYTES], arena[ROOM_BYTES], model[ROOM_BYTES];
    static tg_session session;
    static tg_engine engine;
    const tg_memory memory = {.request = request,
                              .request_bytes = sizeof request,
                              .reply = reply,
                              .reply_bytes = sizeof reply,
                              .model = model,
                              .model_room = sizeof model,
                              .arena_room = sizeof arena,
                              .engine = "tinygate"};
    uint8_t bytes[4096];
    tg_engine_init(&engine, arena, sizeof arena);
    tg_runtime runtime = tg_engine_runtime(&engine);
    tg_session_start(&session, &memory, &board, &runtime);
    for (uint32_t got; (got = receive(NULL, bytes, sizeof bytes)) > 0;)
        tg_session_feed(&session, bytes, got);
    return 0;
}
