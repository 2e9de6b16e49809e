#include "stream.h"

#include "memory.h"
#include "wire.h"

void tg_stream_add(void *context, const uint8_t *bytes, uint32_t length) {
    tg_stream *stream = context;
    uint32_t room = TG_STREAM_ROOM - stream->length, part = length < room ? length : room;
    if (part > 0)
        memcpy(stream->bytes + stream->length, bytes, part);
    stream->length += part;
}

void tg_stream_add_frame(tg_stream *stream, const tg_frame *frame) {
    uint8_t *body = tg_exactly(frame->payload_bytes + TG_OVERHEAD_BYTES);
    if (frame->payload_bytes > 0)
        memcpy(body + TG_HEADER_BYTES, frame->payload, frame->payload_bytes);
    (void)tg_frame_send(body, frame, tg_stream_add, stream);
    free(body);
}

static tg_frame header(tg_input *input) {
    tg_frame frame = {.type = tg_input_byte(input)};
    frame.session = tg_input_u16(input);
    frame.sequence = tg_input_u32(input);
    return frame;
}

static void add_frame(tg_stream *stream, tg_input *input) {
    tg_frame frame = header(input);
    frame.payload_bytes = tg_input_take(input, tg_input_byte(input), &frame.payload);
    tg_stream_add_frame(stream, &frame);
}

/* Of up to 600 bytes of one value: runs of 254 bytes are what short inputs would seldom hold. */
static void add_long_frame(tg_stream *stream, tg_input *input) {
    tg_frame frame = header(input);
    uint8_t payload[600];
    uint32_t length = tg_input_u16(input) % (sizeof payload + 1u);
    memset(payload, tg_input_byte(input), length);
    if (length > 0)
        payload[tg_input_u16(input) % length] = tg_input_byte(input);
    frame.payload = payload;
    frame.payload_bytes = length;
    tg_stream_add_frame(stream, &frame);
}

static void add_damaged_frame(tg_stream *stream, tg_input *input) {
    uint32_t start = stream->length;
    uint32_t place = tg_input_byte(input);
    uint8_t change = tg_input_byte(input);
    add_frame(stream, input);
    if (stream->length > start)
        stream->bytes[start + place % (stream->length - start)] ^= change;
}

static void add_raw(tg_stream *stream, tg_input *input) {
    const uint8_t *bytes;
    uint32_t length = tg_input_take(input, tg_input_byte(input), &bytes);
    tg_stream_add(stream, bytes, length);
}

void tg_stream_build(tg_stream *stream, tg_input *input) {
    static void (*const adders[4])(tg_stream *, tg_input *) = {add_raw, add_frame, add_long_frame, add_damaged_frame};
    stream->length = 0;
    while (input->left > 0 && stream->length < TG_STREAM_ROOM)
        adders[tg_input_byte(input) % 4](stream, input);
}
