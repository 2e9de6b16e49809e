/* A conversation in text: MLPerf Tiny's commands, right and wrong, between frames of any kind.
 *
 * The session stays inside its memory, and: a command of a conversation has one answer, printable lines of which the
 * last is m-ready; a frame right behind a conversation is answered as a frame.
 */
#include "device.h"
#include "memory.h"
#include "stream.h"

enum { MOST_COMMANDS = 16, COMMAND_ROOM = 512, MOST_BYTES = 38 /* of a command */ };

typedef struct {
    char bytes[COMMAND_ROOM];
    uint32_t length;
} tg_text_line;

static void add(tg_text_line *line, const void *bytes, size_t length) {
    size_t room = COMMAND_ROOM - line->length, part = length < room ? length : room;
    memcpy(line->bytes + line->length, bytes, part);
    line->length += (uint32_t)part;
}

static void add_number(tg_text_line *line, uint32_t number) {
    char digits[16];
    add(line, digits, (size_t)snprintf(digits, sizeof digits, " %u", (unsigned)number));
}

/* As many bytes as the model takes, or about as many as there is room for. */
static void add_size(tg_text_line *line, const tg_device *device, tg_input *input) {
    uint32_t room = device->memory.request_bytes - TG_OVERHEAD_BYTES;
    uint32_t near = tg_input_near(input, room);
    add_number(line, near == room ? device->session.info.input_bytes : near);
}

static void add_byte(tg_text_line *line, uint8_t byte) {
    char digits[3];
    add(line, digits, (size_t)snprintf(digits, sizeof digits, "%02x", byte));
}

static void add_hex(tg_text_line *line, tg_input *input) {
    uint32_t count = tg_input_byte(input) % (MOST_BYTES + 1u);
    add(line, "db ", 3);
    for (uint32_t i = 0; i < count; i++)
        add_byte(line, tg_input_byte(input));
}

static void add_raw(tg_text_line *line, tg_input *input) {
    const uint8_t *bytes;
    uint32_t length = tg_input_take(input, tg_input_byte(input), &bytes);
    if (length > 0)
        add(line, bytes, length);
}

static void add_command(tg_text_line *line, uint8_t choice, const tg_device *device, tg_input *input) {
    static const char *const words[] = {"name",    "profile", "timestamp", "results", "db print",
                                        "db load", "infer",   "db",        "help"};
    uint8_t kind = choice % 16u;
    if (kind < sizeof words / sizeof words[0])
        add(line, words[kind], strlen(words[kind]));
    if (kind == 5)
        add_size(line, device, input);
    else if (kind == 6 && choice & 0x80u)
        add_number(line, tg_input_u32(input));
    else if (kind < 12 && kind > 8)
        add_hex(line, input);
    else if (kind >= 12)
        add_raw(line, input);
    if (choice & 0x40u)
        add_raw(line, input);
    add(line, "%", 1);
}

static void judge_text(const tg_device *device) {
    static const char ready[] = "m-ready\r\n";
    uint32_t length = device->heard_bytes;
    for (uint32_t i = 0; i < length; i++) {
        uint8_t byte = device->heard[i];
        TG_CLAIM((byte >= ' ' && byte <= '~') || byte == '\r' || byte == '\n', "a conversation is printable");
    }
    TG_CLAIM(length >= 9 && memcmp(device->heard + length - 9, ready, 9) == 0, "an answer ends with m-ready");
}

/* A raw 0x00 or '%' in a command makes it more than one, or none: only memory is judged then. */
static void say(tg_device *device, const tg_text_line *line) {
    device->deaf = memchr(line->bytes, 0, line->length) != NULL ||
                   memchr(line->bytes, '%', line->length) != line->bytes + line->length - 1;
    bool talking = device->session.line.talking;
    tg_device_feed(device, (const uint8_t *)line->bytes, line->length);
    if (talking && !device->deaf)
        judge_text(device);
}

/* The whole tensor that was announced, and a command more. */
static void fill_tensor(tg_device *device, tg_input *input) {
    tg_text_line line = {.length = 0};
    uint32_t lines = device->session.tensor.expected_bytes / MOST_BYTES % 64u + 2;
    uint8_t value = tg_input_byte(input);
    add(&line, "db ", 3);
    for (uint32_t i = 0; i < MOST_BYTES; i++)
        add_byte(&line, value++);
    add(&line, "%", 1);
    for (uint32_t i = 0; i < lines; i++)
        say(device, &line);
}

static void converse(tg_device *device, tg_input *input) {
    tg_text_line line = {.length = 0};
    uint8_t choice = tg_input_byte(input);
    if (choice % 16u == 11) {
        fill_tensor(device, input);
        return;
    }
    add_command(&line, choice, device, input);
    say(device, &line);
}

/* Attention, then HELLO: what was talked about before stands in no frame's way. */
static void greet(tg_device *device) {
    static const uint8_t attention[2] = {0, 0}, version[4] = {TG_VERSION_MAJOR, TG_VERSION_MINOR, 0, 0};
    tg_frame hello = {TG_HELLO, 1, 1, version, sizeof version};
    tg_stream wire = {.length = 0};
    tg_stream_add_frame(&wire, &hello);
    device->deaf = false;
    tg_device_feed(device, attention, sizeof attention);
    tg_device_feed(device, wire.bytes, wire.length);
    TG_CLAIM(device->heard_bytes > TG_GREETING_BYTES && device->heard[1] == TG_GREETING, "HELLO is greeted");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tg_input input = {data, size};
    tg_device device;
    tg_device_start(&device, &input);
    for (uint32_t i = 0; i < MOST_COMMANDS && input.left > 0; i++)
        converse(&device, &input);
    greet(&device);
    tg_device_end(&device);
    return 0;
}
