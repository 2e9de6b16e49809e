/* The session under requests of any kind, right and wrong, among any other bytes.
 *
 * It stays inside its memory, and: everything it sends is whole frames within its limits; a request has one answer, of
 * its session and sequence number, behind the operators of a trace; the request repeated has the same answer again.
 */
#include "device.h"
#include "memory.h"
#include "sha256.h"
#include "stream.h"

enum { MOST_STEPS = 10 }; /* of an input: long talks find no more than short ones, and take longer */

typedef struct {
    tg_device device;
    tg_input input;
    uint16_t session;
    uint32_t sequence;
    uint8_t sha256[TG_SHA256_BYTES]; /* of the model that was announced last */
    tg_stream last;                  /* the last request on the wire, for a repetition */
    tg_stream answer;                /* and what was heard then */
    uint8_t last_type;
} tg_talk;

typedef struct {
    uint32_t operators, finals; /* operators: of the trace that is under way */
    uint32_t traced;            /* operators ahead of the final answer */
    tg_frame final;
} tg_answers;

/* ---- what was heard ---- */

static uint8_t reply_of(uint8_t request) {
    switch (request) {
    case TG_HELLO:
        return TG_GREETING;
    case TG_MODEL_END:
        return TG_MODEL_INFO;
    case TG_INFER:
    case TG_TRACE:
        return TG_RESULT;
    case TG_STATS:
        return TG_STATS_REPLY;
    default:
        return TG_ACK;
    }
}

static void count_answer(tg_answers *answers, const tg_receiver *receiver) {
    tg_frame frame = tg_receiver_frame(receiver);
    if (frame.type == TG_TRACE_OPERATOR) {
        TG_CLAIM(tg_get32(frame.payload) == answers->operators, "a trace comes in order");
        answers->operators++;
        return;
    }
    answers->finals++;
    answers->final = frame;
    answers->traced = answers->operators;
    answers->operators = 0;
}

/* `body` takes each frame in turn, and has room for as much as the device may send at once. */
static tg_answers read_answers(const tg_device *device, uint8_t *body) {
    tg_answers answers = {0};
    tg_receiver receiver;
    tg_receiver_init(&receiver, body, device->memory.reply_bytes);
    for (uint32_t at = 0; at < device->heard_bytes;) {
        tg_frame_event event;
        at += tg_receiver_take(&receiver, device->heard + at, device->heard_bytes - at, &event);
        TG_CLAIM(event == TG_FRAME_GOOD, "a session sends nothing but whole frames within its limits");
        count_answer(&answers, &receiver);
    }
    return answers;
}

static void judge_any(const tg_device *device) {
    uint8_t *body = tg_exactly(device->memory.reply_bytes);
    (void)read_answers(device, body);
    free(body);
}

static void judge_answer(const tg_device *device, const tg_frame *request) {
    uint8_t *body = tg_exactly(device->memory.reply_bytes);
    tg_answers answers = read_answers(device, body);
    const tg_frame *final = &answers.final;
    TG_CLAIM(answers.finals == 1 && answers.operators == 0, "a request has one answer");
    TG_CLAIM(final->type == reply_of(request->type) || final->type == TG_ERROR, "an answer is of its request's kind");
    TG_CLAIM(final->session == request->session && final->sequence == request->sequence, "an answer names its request");
    TG_CLAIM(answers.traced == 0 || request->type == TG_TRACE, "none but a trace sends operators");
    free(body);
}

/* ---- what is said ---- */

/* Any type but those of requests may begin a text, and a '%' end a command in it, which is then answered as such. */
static bool may_hold_command(uint8_t type, const tg_stream *wire) {
    return (type < TG_HELLO || type > TG_RESET) && memchr(wire->bytes, '%', wire->length) != NULL;
}

static void say(tg_talk *talk, uint8_t type, const uint8_t *payload, uint32_t length) {
    tg_frame request = {type, talk->session, talk->sequence, payload, length};
    bool fits = length + TG_OVERHEAD_BYTES <= talk->device.memory.request_bytes;
    talk->last.length = 0;
    talk->last_type = type;
    tg_stream_add_frame(&talk->last, &request);
    if (may_hold_command(type, &talk->last)) {
        talk->last.length = 0;
        return;
    }
    tg_device_feed(&talk->device, talk->last.bytes, talk->last.length);
    talk->answer.length = 0;
    tg_stream_add(&talk->answer, talk->device.heard, talk->device.heard_bytes);
    if (fits && type != 0)
        judge_answer(&talk->device, &request);
    else
        judge_any(&talk->device);
}

static void say_hello(tg_talk *talk) {
    static const uint8_t version[4] = {TG_VERSION_MAJOR, TG_VERSION_MINOR, 0, 0};
    talk->session = (uint16_t)(tg_input_byte(&talk->input) | 1u);
    talk->sequence++;
    say(talk, TG_HELLO, version, sizeof version);
}

/* Of any type, session, sequence number and payload. */
static void say_anything(tg_talk *talk) {
    uint8_t type = tg_input_byte(&talk->input), choice = tg_input_byte(&talk->input);
    const uint8_t *payload;
    uint16_t session = talk->session;
    talk->session = choice & 1u ? tg_input_u16(&talk->input) : session;
    talk->sequence = choice & 2u ? tg_input_u32(&talk->input) : talk->sequence + (choice & 4u ? 1u : 0u);
    uint32_t length = tg_input_take(&talk->input, tg_input_byte(&talk->input), &payload);
    say(talk, choice & 8u ? type : (uint8_t)(type % 10u), payload, length);
    talk->session = session;
}

static void say_chunk(tg_talk *talk, uint32_t offset, const uint8_t *bytes, uint32_t length) {
    uint8_t payload[TG_CHUNK_HEADER_BYTES + 255];
    memcpy(payload, talk->sha256, 4);
    tg_put32(payload + 4, offset);
    if (length > 0)
        memcpy(payload + TG_CHUNK_HEADER_BYTES, bytes, length);
    talk->sequence++;
    say(talk, TG_MODEL_CHUNK, payload, TG_CHUNK_HEADER_BYTES + length);
}

static void say_begin(tg_talk *talk, uint32_t size) {
    uint8_t payload[4 + TG_SHA256_BYTES];
    tg_put32(payload, size);
    memcpy(payload + 4, talk->sha256, TG_SHA256_BYTES);
    talk->sequence++;
    say(talk, TG_MODEL_BEGIN, payload, sizeof payload);
}

static void say_end(tg_talk *talk) {
    talk->sequence++;
    say(talk, TG_MODEL_END, talk->sha256, TG_SHA256_BYTES);
}

static void say_any_chunk(tg_talk *talk) {
    const uint8_t *bytes;
    uint32_t offset = tg_input_near(&talk->input, talk->device.session.model_bytes);
    uint32_t length = tg_input_take(&talk->input, tg_input_byte(&talk->input), &bytes);
    say_chunk(talk, offset, bytes, length);
}

/* Announces, sends and ends a model, a byte of it perhaps changed on the way. */
static void upload(tg_talk *talk) {
    const uint8_t *model;
    uint32_t step = tg_input_byte(&talk->input) | 32u;
    uint32_t size = tg_input_take(&talk->input, tg_input_u16(&talk->input), &model);
    tg_sha256(model, size, talk->sha256);
    say_begin(talk, size);
    for (uint32_t at = 0; at < size; at += step)
        say_chunk(talk, at, model + at, size - at < step ? size - at : step);
    say_end(talk);
}

static void announce(tg_talk *talk) {
    uint32_t size = tg_input_near(&talk->input, talk->device.memory.model_room);
    bool linked = tg_input_byte(&talk->input) & 1u;
    if (linked)
        memcpy(talk->sha256, talk->device.session.linked_sha256, TG_SHA256_BYTES);
    say_begin(talk, size);
}

/* An input of the right length, or nearly. */
static void ask_inference(tg_talk *talk) {
    uint8_t payload[1024], choice = tg_input_byte(&talk->input);
    uint32_t length = talk->device.session.info.input_bytes + (choice >> 1 & 1u);
    length = length < sizeof payload ? length : sizeof payload;
    memset(payload, tg_input_byte(&talk->input), length);
    talk->sequence++;
    say(talk, choice & 1u ? TG_TRACE : TG_INFER, payload, length);
}

static void repeat(tg_talk *talk) {
    tg_device *device = &talk->device;
    const tg_stream *answer = &talk->answer;
    if (talk->last.length == 0 || talk->last_type == TG_RESET)
        return;
    tg_device_feed(device, talk->last.bytes, talk->last.length);
    bool same = device->heard_bytes == answer->length && memcmp(device->heard, answer->bytes, answer->length) == 0;
    TG_CLAIM(same, "a repeated request has the same answer");
}

static void say_stream(tg_talk *talk) {
    static const uint8_t attention[2] = {0, 0};
    tg_stream stream;
    tg_device *device = &talk->device;
    const uint8_t *bytes;
    uint32_t length = tg_input_take(&talk->input, tg_input_byte(&talk->input), &bytes);
    tg_input part = {bytes, length};
    tg_stream_build(&stream, &part);
    device->deaf = memchr(stream.bytes, '%', stream.length) != NULL; /* a command's answer is no frame */
    for (uint32_t at = 0; at < stream.length; at += 64) { /* a piece makes no more answers than there is room for */
        tg_device_feed(device, stream.bytes + at, stream.length - at < 64 ? stream.length - at : 64);
        judge_any(device);
    }
    tg_device_feed(device, attention, sizeof attention);
    device->deaf = false;
    talk->last.length = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const steps[])(tg_talk *) = {say_hello, say_anything, upload,     announce,     say_any_chunk,
                                               say_end,   repeat,       say_stream, ask_inference};
    tg_talk talk;
    talk.input = (tg_input){data, size};
    talk.session = 0;
    talk.sequence = 0;
    talk.last.length = 0;
    memset(talk.sha256, 0, sizeof talk.sha256);
    tg_device_start(&talk.device, &talk.input);
    for (uint32_t i = 0; i < MOST_STEPS && talk.input.left > 0; i++)
        steps[tg_input_byte(&talk.input) % (sizeof steps / sizeof steps[0])](&talk);
    tg_device_end(&talk.device);
    return 0;
}
