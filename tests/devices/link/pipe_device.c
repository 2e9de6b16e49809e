/* The session on the host, over standard input and output: pipe_device. Ends with its input; RESET ends it too. */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "fake_runtime.h"
#include "session.h"

enum { BODY_BYTES = 16384 + TG_OVERHEAD_BYTES, MODEL_ROOM = 1 << 20 };

static uint32_t receive(void *context, uint8_t *to, uint32_t room) {
    (void)context;
    ssize_t got = read(0, to, room);
    return got > 0 ? (uint32_t)got : 0;
}

static void send_all(void *context, const uint8_t *bytes, uint32_t length) {
    (void)context;
    while (length > 0) {
        ssize_t put = write(1, bytes, length);
        if (put <= 0)
            exit(1);
        bytes += put;
        length -= (uint32_t)put;
    }
}

static uint64_t ticks(void *context) {
    (void)context;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void usage(void *context, tg_usage *usage) {
    (void)context;
    *usage = (tg_usage){.stack_bytes = 8192, .stack_used = 100, .flash_bytes = 1000, .ram_bytes = 2000};
}

static void reset(void *context) {
    (void)context;
    exit(0);
}

int main(void) {
    static const tg_board board = {.name = "pipe",
                                   .core = "host",
                                   .firmware = "test",
                                   .core_hz = 1000000000,
                                   .counter_hz = 1000000000,
                                   .counter = TG_COUNTER_BOARD_TIMER,
                                   .credits = 4,
                                   .window_bytes = 32768,
                                   .receive = receive,
                                   .send = send_all,
                                   .ticks = ticks,
                                   .usage = usage,
                                   .reset = reset};
    /* From the heap, so that the sanitizer sees both ends of each. */
    tg_memory memory = {.request = malloc(BODY_BYTES),
                        .request_bytes = BODY_BYTES,
                        .reply = malloc(4096 + TG_OVERHEAD_BYTES),
                        .reply_bytes = 4096 + TG_OVERHEAD_BYTES,
                        .model = malloc(MODEL_ROOM),
                        .model_room = MODEL_ROOM,
                        .engine = "checksum"};
    uint8_t bytes[1500];
    fake_engine engine = {0};
    tg_runtime runtime = fake_runtime(&engine);
    tg_session session;
    tg_session_start(&session, &memory, &board, &runtime);
    for (uint32_t got; (got = board.receive(board.context, bytes, sizeof bytes)) > 0;)
        tg_session_feed(&session, bytes, got);
    free(memory.request);
    free(memory.reply);
    free(memory.model);
    return 0;
}
