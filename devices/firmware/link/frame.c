#include "frame.h"

#include <string.h>

#include "crc32.h"
#include "wire.h"

enum { LONGEST_RUN = 254, SEND_BUFFER_BYTES = 512 };

void tg_receiver_init(tg_receiver *receiver, uint8_t *body, uint32_t room) {
    *receiver = (tg_receiver){.body = body, .room = room};
}

static void append(tg_receiver *receiver, const uint8_t *bytes, uint32_t length) {
    if (length > receiver->room - receiver->length) {
        receiver->broken = true;
        return;
    }
    memcpy(receiver->body + receiver->length, bytes, length);
    receiver->length += length;
}

static void open_run(tg_receiver *receiver, uint8_t code) {
    static const uint8_t zero = 0;
    if (receiver->zero_due)
        append(receiver, &zero, 1);
    receiver->run = (uint8_t)(code - 1);
    receiver->zero_due = code <= LONGEST_RUN;
}

/* Takes bytes that hold no zero. */
static void take_block(tg_receiver *receiver, const uint8_t *bytes, uint32_t length) {
    receiver->started = receiver->started || length > 0;
    while (length > 0 && !receiver->broken) {
        if (receiver->run == 0) {
            open_run(receiver, *bytes++);
            length--;
        }
        uint32_t part = length < receiver->run ? length : receiver->run;
        append(receiver, bytes, part);
        receiver->run = (uint8_t)(receiver->run - part);
        bytes += part;
        length -= part;
    }
}

static bool body_holds(const tg_receiver *receiver) {
    if (receiver->broken || receiver->run > 0 || receiver->length < TG_OVERHEAD_BYTES || receiver->body[0] == 0)
        return false;
    uint32_t checked = receiver->length - TG_CRC_BYTES;
    return tg_crc32(0, receiver->body, checked) == tg_get32(receiver->body + checked);
}

static void restart(tg_receiver *receiver) {
    uint32_t complete_bytes = receiver->length;
    tg_receiver_init(receiver, receiver->body, receiver->room);
    receiver->complete_bytes = complete_bytes;
}

uint32_t tg_receiver_take(tg_receiver *receiver, const uint8_t *bytes, uint32_t length, tg_frame_event *event) {
    const uint8_t *end = memchr(bytes, 0, length);
    uint32_t block = end != NULL ? (uint32_t)(end - bytes) : length;
    *event = TG_FRAME_PARTIAL;
    take_block(receiver, bytes, block);
    if (end == NULL)
        return block;
    if (receiver->started)
        *event = body_holds(receiver) ? TG_FRAME_GOOD : TG_FRAME_DROPPED;
    restart(receiver);
    return block + 1;
}

tg_frame tg_receiver_frame(const tg_receiver *receiver) {
    const uint8_t *body = receiver->body;
    return (tg_frame){
        .type = body[0],
        .session = tg_get16(body + 2),
        .sequence = tg_get32(body + 4),
        .payload = body + TG_HEADER_BYTES,
        .payload_bytes = receiver->complete_bytes - TG_OVERHEAD_BYTES,
    };
}

typedef struct {
    uint8_t bytes[SEND_BUFFER_BYTES];
    uint32_t length;
    tg_sink sink;
    void *context;
} outbox;

static void flush(outbox *out) {
    out->sink(out->context, out->bytes, out->length);
    out->length = 0;
}

static void put_run(outbox *out, const uint8_t *bytes, uint32_t length) {
    if (out->length + length + 2 > SEND_BUFFER_BYTES) /* the run, its code and the closing 0x00 */
        flush(out);
    out->bytes[out->length++] = (uint8_t)(length + 1);
    memcpy(out->bytes + out->length, bytes, length);
    out->length += length;
}

void tg_cobs_send(const uint8_t *body, uint32_t length, tg_sink sink, void *context) {
    outbox out = {.length = 0, .sink = sink, .context = context};
    uint32_t at = 0;
    bool open = true; /* a run is due: at the start, and behind a zero */
    while (open || at < length) {
        uint32_t longest = length - at < LONGEST_RUN ? length - at : LONGEST_RUN;
        const uint8_t *zero = longest > 0 ? memchr(body + at, 0, longest) : NULL;
        uint32_t run = zero != NULL ? (uint32_t)(zero - (body + at)) : longest;
        put_run(&out, body + at, run);
        at += run;
        open = run < LONGEST_RUN && at < length;
        at += open;
    }
    out.bytes[out.length++] = 0;
    flush(&out);
}

uint32_t tg_frame_send(uint8_t *body, const tg_frame *frame, tg_sink sink, void *context) {
    uint32_t checked = TG_HEADER_BYTES + frame->payload_bytes;
    body[0] = frame->type;
    body[1] = 0;
    tg_put16(body + 2, frame->session);
    tg_put32(body + 4, frame->sequence);
    tg_put32(body + checked, tg_crc32(0, body, checked));
    tg_cobs_send(body, checked + TG_CRC_BYTES, sink, context);
    return checked + TG_CRC_BYTES;
}
