#include <stddef.h>
#include <string.h>

#include "cortex_m.h"
#include "port.h"
#include "semihosting.h"
#include "uart.h"
#include "wire.h"
#include BOARD_HEADER

#define BODY_ROUND(bytes) (((bytes) + TG_OVERHEAD_BYTES + 15u) & ~15u)
#define STORE __attribute__((section(".store"), aligned(16)))

enum { SEND_RING_BYTES = 4096, RING_SLACK_BYTES = 1024 };

_Static_assert((BOARD_RING_BYTES & (BOARD_RING_BYTES - 1)) == 0, "a ring's size is a power of two");
_Static_assert(BOARD_WINDOW_BYTES + RING_SLACK_BYTES <= BOARD_RING_BYTES, "the window fits the ring");

void tg_board_clocks_start(void);

extern const uint8_t tg_linked_model[], tg_linked_model_end[];

static _Alignas(16) uint8_t request[BODY_ROUND(BOARD_REQUEST_BYTES)];
static _Alignas(16) uint8_t reply[BODY_ROUND(BOARD_REPLY_BYTES)];
static uint8_t receive_ring[BOARD_RING_BYTES], send_ring[SEND_RING_BYTES];
static uint8_t received[BOARD_RECEIVE_BYTES];
static STORE uint8_t arena[BOARD_ARENA_BYTES];
#if BOARD_MODEL_BYTES > 0
static STORE uint8_t model[BOARD_MODEL_BYTES];
#else
static uint8_t *const model = NULL;
#endif
static tg_tick_source counter;

static uint64_t ticks(void *context) {
    (void)context;
    return tg_ticks_now(&counter);
}

static void usage(void *context, tg_usage *usage) {
    (void)context;
    tg_memory_usage(usage);
    usage->received_bytes_lost = tg_uart_lost();
}

/* On a board that no emulator stands in for, RAM at start is noise, and a semihosting call would stop the core. */
static bool semihosting_wanted(void) {
#ifdef BOARD_MAY_USE_SEMIHOSTING
    return tg_semihosting_wanted();
#else
    return false;
#endif
}

static void reset(void *context) {
    (void)context;
    if (!semihosting_wanted())
        tg_uart_drain();
    tg_chip_reset();
}

static tg_board board = {
    .name = BOARD_NAME,
    .core = BOARD_CORE,
    .firmware = TG_FIRMWARE_VERSION,
    .core_hz = BOARD_CORE_HZ,
    .credits = BOARD_CREDITS,
    .window_bytes = BOARD_WINDOW_BYTES,
    .receive = tg_uart_receive,
    .send = tg_uart_send,
    .ticks = ticks,
    .usage = usage,
    .reset = reset,
};

static void start_link(void) {
    if (semihosting_wanted()) {
        board.receive = tg_semihosting_receive;
        board.send = tg_semihosting_send;
        tg_semihosting_start();
    } else {
        tg_uart_start(receive_ring, sizeof receive_ring, send_ring, sizeof send_ring);
    }
}

static void read_unique_id(void) {
#ifdef BOARD_UNIQUE_ID
    for (uint32_t i = 0; i < BOARD_UNIQUE_ID_BYTES; i += 4) {
        uint32_t word = TG_REGISTER(BOARD_UNIQUE_ID + i);
        memcpy(board.unique_id + i, &word, sizeof word);
    }
#endif
}

static tg_memory session_memory(void) {
    return (tg_memory){
        .request = request,
        .request_bytes = BOARD_REQUEST_BYTES + TG_OVERHEAD_BYTES,
        .reply = reply,
        .reply_bytes = BOARD_REPLY_BYTES + TG_OVERHEAD_BYTES,
        .model = model,
        .model_room = BOARD_MODEL_BYTES,
        .linked_model = tg_linked_model,
        .linked_bytes = (uint32_t)(tg_linked_model_end - tg_linked_model),
        .arena_room = BOARD_ARENA_BYTES,
    };
}

void tg_port_start(tg_port *port) {
    tg_board_clocks_start();
    read_unique_id();
    tg_ticks_start(&counter, BOARD_CORE_HZ, BOARD_TIMER, BOARD_TIMER_HZ);
    board.counter = counter.kind;
    board.counter_hz = counter.hz;
    start_link();
    *port = (tg_port){.board = &board,
                      .memory = session_memory(),
                      .arena = arena,
                      .arena_bytes = sizeof arena,
                      .received = received,
                      .received_bytes = sizeof received};
}
