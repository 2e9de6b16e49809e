/* frame.h: bytes to frames and back (SPEC.md, section 1).
 *
 * The caller owns all memory. Nothing here waits or fails: a receiver reports each frame as good or bad and goes on
 * with the next.
 */
#ifndef TG_FRAME_H
#define TG_FRAME_H
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    TG_FRAME_PARTIAL, /* all bytes taken, the frame is not complete */
    TG_FRAME_GOOD,    /* a frame stands in the receiver until the next call */
    TG_FRAME_DROPPED, /* no COBS, too short, too long, type 0, or a wrong CRC */
} tg_frame_event;

typedef struct {
    uint8_t *body; /* header, payload, CRC */
    uint32_t room, length;
    uint32_t complete_bytes; /* of the body of the frame that ended last */
    uint8_t run;             /* bytes still to come of the open run */
    bool zero_due;           /* the closed run stands for a zero, unless the frame ends here */
    bool started, broken;
} tg_receiver;

typedef struct {
    uint8_t type;
    uint16_t session;
    uint32_t sequence;
    const uint8_t *payload;
    uint32_t payload_bytes;
} tg_frame;

/* `room` is the largest body, at least TG_OVERHEAD_BYTES. */
void tg_receiver_init(tg_receiver *receiver, uint8_t *body, uint32_t room);

/* Takes bytes up to the next 0x00. Returns how many were taken: all of them, or fewer and the rest is for the next
 * call. */
uint32_t tg_receiver_take(tg_receiver *receiver, const uint8_t *bytes, uint32_t length, tg_frame_event *event);

/* The frame behind TG_FRAME_GOOD; its payload lies in the receiver's body. */
tg_frame tg_receiver_frame(const tg_receiver *receiver);

typedef void (*tg_sink)(void *context, const uint8_t *wire, uint32_t length);

/* Encodes a body as COBS with its closing 0x00 into `sink`, some hundred bytes at a time. */
void tg_cobs_send(const uint8_t *body, uint32_t length, tg_sink sink, void *context);

/* Writes header and CRC around the payload that stands at body + TG_HEADER_BYTES, and sends it.
 * `body` has room for payload_bytes + TG_OVERHEAD_BYTES. Returns the length of the body. */
uint32_t tg_frame_send(uint8_t *body, const tg_frame *frame, tg_sink sink, void *context);

#ifdef __cplusplus
}
#endif
#endif
