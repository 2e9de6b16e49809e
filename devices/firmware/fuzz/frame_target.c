/* The receiver of frames, against a decoder written a second time and however its bytes are cut.
 *
 * Whatever arrives, the receiver stays inside a body of exactly its room, and: the events are those of the reference;
 * any cuts give the same events; a frame sent again has the bytes that it came in, but for the reserved byte and a run
 * of 254 bytes at the end, which may be followed by an empty one.
 */
#include "memory.h"
#include "reference.h"
#include "stream.h"
#include "wire.h"

static void note_frame(tg_events *events, const tg_receiver *receiver) {
    tg_frame frame = tg_receiver_frame(receiver);
    tg_events_add(events, TG_FRAME_GOOD, &frame);
}

/* Feeds one piece from an allocation of its own. */
static void feed(tg_receiver *receiver, const uint8_t *bytes, uint32_t length, tg_events *events) {
    uint8_t *piece = tg_copy(bytes, length);
    for (uint32_t taken = 0; taken < length;) {
        tg_frame_event event;
        uint32_t step = tg_receiver_take(receiver, piece + taken, length - taken, &event);
        TG_CLAIM(step > 0 && step <= length - taken, "a receiver takes some of the bytes, and none beyond");
        taken += step;
        if (event == TG_FRAME_GOOD)
            note_frame(events, receiver);
        else if (event == TG_FRAME_DROPPED)
            tg_events_add(events, TG_FRAME_DROPPED, NULL);
    }
    free(piece);
}

/* The sizes of the pieces come from `cuts`, repeated; 0 stands for all the rest. */
static void receive(const tg_stream *stream, uint32_t room, uint32_t cuts, tg_events *events) {
    uint8_t *body = tg_exactly(room);
    tg_receiver receiver;
    tg_receiver_init(&receiver, body, room);
    events->length = 0;
    for (uint32_t at = 0, turn = 0; at < stream->length; turn++) {
        uint32_t rest = stream->length - at, piece = cuts >> 8 * (turn % 4) & 0xFFu;
        piece = piece == 0 || piece > rest ? rest : piece;
        feed(&receiver, stream->bytes + at, piece, events);
        at += piece;
    }
    free(body);
}

static void same_events(const tg_events *a, const tg_events *b, const char *text) {
    TG_CLAIM(a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tg_input input = {data, size};
    uint32_t room = TG_OVERHEAD_BYTES + 2u * tg_input_byte(&input), cuts = tg_input_u32(&input);
    tg_stream stream;
    tg_events expected, whole, cut;
    tg_stream_build(&stream, &input);
    tg_reference_events(&stream, room, &expected);
    receive(&stream, room, 0, &whole);
    receive(&stream, room, cuts, &cut);
    same_events(&whole, &expected, "the receiver finds the frames that the reference finds");
    same_events(&cut, &expected, "the frames are the same however the bytes are cut");
    return 0;
}
