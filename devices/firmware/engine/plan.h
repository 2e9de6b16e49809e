/* plan.h: where each activation lies. Greedy by size, by start or by end of life, whichever needs least;
 * views and in-place operators share one buffer.
 *
 * Buffers are numbered: the graph's tensors first, then one scratch buffer for each operator that asks for one.
 * Time 0 is the graph's input, operator i is time i + 1. Sizes are rounded up to 16 bytes.
 */
#ifndef TG_PLAN_H
#define TG_PLAN_H
#include <stdbool.h>
#include <stdint.h>

#define TG_NO_BUFFER 0xffffu
#define TG_PLAN_ALIGNMENT 16u
#define TG_PLAN_LIMIT 0x7ffffff0u /* bytes; what tg_plan_place returns at most */

typedef enum {
    TG_SEPARATE = 0, /* inputs and output of the operator never overlap */
    TG_IN_PLACE,     /* the output may overwrite an input that nobody reads later */
    TG_GROWING,      /* as TG_IN_PLACE, and the output may be larger */
    TG_VIEW,         /* the output is the input's bytes */
} tg_sharing;

typedef struct {
    uint32_t bytes; /* 0: takes no room (a constant, or never used) */
    uint32_t offset;
    uint16_t first, last; /* times of its life; first is TG_NO_BUFFER before it is written */
    uint16_t root;        /* the buffer whose memory it shares, itself in general */
    uint16_t next;        /* of the placed ones, by offset */
} tg_buffer;

typedef struct {
    tg_buffer *buffers;
    uint32_t count, capacity;
} tg_plan;

static inline bool tg_is_written(const tg_buffer *buffer) {
    return buffer->first != TG_NO_BUFFER;
}

/* Let `output` share the memory of `input` where the times allow it. */
void tg_plan_share(tg_plan *plan, uint32_t input, uint32_t output, tg_sharing sharing);

/* Place every buffer. Returns the bytes needed. */
uint32_t tg_plan_place(tg_plan *plan);

static inline uint32_t tg_plan_offset(const tg_plan *plan, uint32_t buffer) {
    return plan->buffers[plan->buffers[buffer].root].offset;
}
#endif
