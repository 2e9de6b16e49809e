#include "device.h"

#include "memory.h"

enum { ARENA_BYTES = 4096, FAKE_BYTES = 16, SMALLEST_PIECE = 32 };

static void hear(void *context, const uint8_t *bytes, uint32_t length) {
    tg_device *device = context;
    if (device->deaf)
        return;
    TG_CLAIM(length <= TG_HEARD_ROOM - device->heard_bytes, "answers are not longer than a reply and its trace");
    memcpy(device->heard + device->heard_bytes, bytes, length);
    device->heard_bytes += length;
}

static uint64_t ticks(void *context) {
    return ((tg_device *)context)->now;
}

static void usage(void *context, tg_usage *usage) {
    (void)context;
    *usage = (tg_usage){.stack_bytes = 8192, .stack_used = 100, .flash_bytes = 1000, .ram_bytes = 2000};
}

static void reset(void *context) {
    ((tg_device *)context)->resets = true;
}

static tg_board board_of(tg_device *device) {
    return (tg_board){.name = "a board whose name is longer than its field",
                      .core = "host",
                      .firmware = "fuzz",
                      .core_hz = 1000000,
                      .counter_hz = 1000,
                      .counter = TG_COUNTER_BOARD_TIMER,
                      .credits = 4,
                      .window_bytes = 1024,
                      .send = hear,
                      .ticks = ticks,
                      .usage = usage,
                      .reset = reset,
                      .context = device};
}

/* A model of the checksum engine, with sizes from the input. */
static void link_fake_model(tg_device *device, tg_input *input) {
    device->linked = tg_exactly(FAKE_BYTES);
    memcpy(device->linked, "FAKE", 4);
    tg_put32(device->linked + 4, tg_input_byte(input));
    tg_put32(device->linked + 8, tg_input_u16(input));
    tg_put32(device->linked + 12, tg_input_byte(input));
    device->memory.linked_bytes = FAKE_BYTES;
}

static void link_any_model(tg_device *device, tg_input *input) {
    const uint8_t *bytes;
    device->memory.linked_bytes = tg_input_take(input, tg_input_u16(input), &bytes);
    device->linked = tg_copy(bytes, device->memory.linked_bytes);
}

/* In place of flash. */
static void link_model(tg_device *device, uint8_t choice, tg_input *input) {
    device->linked = NULL;
    if (choice % 4u == 1)
        link_fake_model(device, input);
    else if (choice % 4u == 2)
        link_any_model(device, input);
    device->memory.linked_model = device->linked;
}

static void start_session(tg_device *device) {
    device->resets = false;
    tg_session_start(&device->session, &device->memory, &device->board, &device->runtime);
}

void tg_device_start(tg_device *device, tg_input *input) {
    tg_memory *memory = &device->memory;
    *memory = (tg_memory){.arena_room = ARENA_BYTES, .engine = "either"};
    memory->request_bytes = TG_SMALLEST_BODY + 4u * tg_input_byte(input);
    memory->reply_bytes = TG_SMALLEST_BODY + 4u * tg_input_byte(input);
    memory->model_room = 8u * tg_input_byte(input);
    memory->request = tg_exactly(memory->request_bytes);
    memory->reply = tg_exactly(memory->reply_bytes);
    memory->model = memory->model_room > 0 ? tg_exactly(memory->model_room) : NULL;
    device->cuts = tg_input_u32(input);
    device->now = tg_input_u32(input) * (uint64_t)0x100000001u;
    device->deaf = false;
    link_model(device, tg_input_byte(input), input);
    device->arena = tg_exactly(ARENA_BYTES);
    tg_engine_init(&device->either.engine, device->arena, ARENA_BYTES);
    device->runtime = tg_either_runtime(&device->either);
    device->board = board_of(device);
    start_session(device);
}

void tg_device_end(tg_device *device) {
    free(device->memory.request);
    free(device->memory.reply);
    free(device->memory.model);
    free(device->linked);
    free(device->arena);
}

void tg_device_feed(tg_device *device, const uint8_t *bytes, uint32_t length) {
    device->heard_bytes = 0;
    device->either.inferences_left = TG_MOST_INFERENCES;
    if (device->resets)
        start_session(device);
    for (uint32_t at = 0, turn = 0; at < length; turn++) {
        uint32_t piece = device->cuts >> 8 * (turn % 4) & 0xFFu;
        piece = piece < SMALLEST_PIECE || piece > length - at ? length - at : piece;
        uint8_t *copy = tg_copy(bytes + at, piece);
        tg_session_feed(&device->session, copy, piece);
        free(copy);
        at += piece;
    }
}
