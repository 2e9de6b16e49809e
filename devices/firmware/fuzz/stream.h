/* stream.h: a stream of wire bytes built from a fuzzer's input, with frames whose CRC is right among it. */
#ifndef TG_FUZZ_STREAM_H
#define TG_FUZZ_STREAM_H
#include "frame.h"
#include "input.h"

enum { TG_STREAM_ROOM = 2048 };

typedef struct {
    uint8_t bytes[TG_STREAM_ROOM];
    uint32_t length; /* bytes beyond the room are left out */
} tg_stream;

void tg_stream_add(void *stream, const uint8_t *bytes, uint32_t length); /* a tg_sink */

/* Encodes `frame`, whose payload lies anywhere, from a body of exactly its size. */
void tg_stream_add_frame(tg_stream *stream, const tg_frame *frame);

/* Turns the whole input into a stream: raw bytes, frames, frames with a long run, frames with one byte changed. */
void tg_stream_build(tg_stream *stream, tg_input *input);
#endif
