/* reference.h: SPEC.md's section 1 a second time, for whole streams, to compare the receiver with. */
#ifndef TG_FUZZ_REFERENCE_H
#define TG_FUZZ_REFERENCE_H
#include "stream.h"

/* What happened, as bytes that can be compared. A frame takes fewer of them than of the stream's. */
typedef struct {
    uint8_t bytes[TG_STREAM_ROOM];
    uint32_t length;
} tg_events;

/* `frame` is read where `event` is TG_FRAME_GOOD. */
void tg_events_add(tg_events *events, tg_frame_event event, const tg_frame *frame);

/* The events of a receiver whose largest body is `room`. Each good frame is sent again and compared with its wire. */
void tg_reference_events(const tg_stream *stream, uint32_t room, tg_events *events);
#endif
