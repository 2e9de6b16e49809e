#include "reference.h"

#include <stdbool.h>

#include "memory.h"
#include "wire.h"

static void add(tg_events *events, const void *bytes, uint32_t length) {
    TG_CLAIM(length <= sizeof events->bytes - events->length, "events take fewer bytes than their stream");
    if (length > 0)
        memcpy(events->bytes + events->length, bytes, length);
    events->length += length;
}

void tg_events_add(tg_events *events, tg_frame_event event, const tg_frame *frame) {
    uint8_t head[10] = {(uint8_t)event};
    if (event != TG_FRAME_GOOD) {
        add(events, head, 1);
        return;
    }
    head[1] = frame->type;
    tg_put16(head + 2, frame->session);
    tg_put32(head + 4, frame->sequence);
    tg_put16(head + 8, (uint16_t)frame->payload_bytes);
    add(events, head, sizeof head);
    add(events, frame->payload, frame->payload_bytes);
}

/* Bit by bit, from the polynomial. */
static uint32_t crc32(const uint8_t *bytes, uint32_t length) {
    uint32_t crc = 0xFFFFFFFFu;
    for (uint32_t i = 0; i < 8 * length; i++) {
        uint32_t bit = (crc ^ bytes[i / 8] >> i % 8) & 1u;
        crc = crc >> 1 ^ (bit ? 0xEDB88320u : 0u);
    }
    return ~crc;
}

/* Takes the COBS off `block`, which is not empty; the length of its body, or 0 where it is none. */
static uint32_t unstuff(const uint8_t *block, uint32_t length, uint8_t *body) {
    uint32_t made = 0;
    for (uint32_t at = 0; at < length;) {
        uint32_t code = block[at];
        if (code > length - at)
            return 0;
        memcpy(body + made, block + at + 1, code - 1);
        made += code - 1;
        at += code;
        if (code < 255 && at < length)
            body[made++] = 0;
    }
    return made;
}

static bool is_frame(const uint8_t *body, uint32_t length, uint32_t room) {
    if (length < 12 || length > room || body[0] == 0)
        return false;
    uint32_t crc = (uint32_t)body[length - 4] | (uint32_t)body[length - 3] << 8 | (uint32_t)body[length - 2] << 16 |
                   (uint32_t)body[length - 1] << 24;
    return crc32(body, length - 4) == crc;
}

/* An encoder has no choice but at the end of a full run. */
static void send_again(const tg_frame *frame, const uint8_t *block, uint32_t length) {
    tg_stream again;
    again.length = 0;
    tg_stream_add_frame(&again, frame);
    uint32_t sent = again.length - 1;
    bool longer = length == sent + 1 && block[sent] == 1;
    TG_CLAIM((length == sent || longer) && memcmp(block, again.bytes, sent) == 0, "a frame sent again is the same");
}

static void judge(const uint8_t *block, uint32_t length, uint32_t room, tg_events *events) {
    uint8_t body[TG_STREAM_ROOM];
    uint32_t made = unstuff(block, length, body);
    if (!is_frame(body, made, room)) {
        tg_events_add(events, TG_FRAME_DROPPED, NULL);
        return;
    }
    tg_frame frame = {.type = body[0],
                      .session = (uint16_t)(body[2] | body[3] << 8),
                      .sequence = tg_get32(body + 4),
                      .payload = body + 8,
                      .payload_bytes = made - 12};
    if (body[1] == 0)
        send_again(&frame, block, length);
    tg_events_add(events, TG_FRAME_GOOD, &frame);
}

void tg_reference_events(const tg_stream *stream, uint32_t room, tg_events *events) {
    events->length = 0;
    for (uint32_t start = 0, at = 0; at < stream->length; at++) {
        if (stream->bytes[at] != 0)
            continue;
        if (at > start)
            judge(stream->bytes + start, at - start, room, events);
        start = at + 1;
    }
}
