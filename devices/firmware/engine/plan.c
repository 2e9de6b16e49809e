#include "plan.h"

static uint32_t aligned(uint32_t bytes) {
    return (bytes + TG_PLAN_ALIGNMENT - 1u) & ~(TG_PLAN_ALIGNMENT - 1u);
}

static uint16_t earlier(uint16_t a, uint16_t b) {
    return a < b ? a : b;
}
static uint16_t later(uint16_t a, uint16_t b) {
    return a > b ? a : b;
}

static uint32_t root_of(const tg_plan *plan, uint32_t buffer) {
    while (plan->buffers[buffer].root != buffer)
        buffer = plan->buffers[buffer].root;
    return buffer;
}

void tg_plan_share(tg_plan *plan, uint32_t input, uint32_t output, tg_sharing sharing) {
    tg_buffer *source = &plan->buffers[root_of(plan, input)], *target = &plan->buffers[output];
    if (target->root != output || source == target || source->bytes == 0)
        return;
    if (sharing != TG_VIEW && source->last != target->first)
        return;
    if (sharing != TG_GROWING && target->bytes > source->bytes)
        return;
    if (target->bytes > source->bytes)
        source->bytes = target->bytes;
    target->root = (uint16_t)(source - plan->buffers);
    source->first = earlier(source->first, target->first);
    source->last = later(source->last, target->last);
}

static bool waits(const tg_plan *plan, uint32_t index) {
    const tg_buffer *buffer = &plan->buffers[index];
    return buffer->bytes > 0 && buffer->root == index && buffer->offset == UINT32_MAX;
}

/* Whether `a` is placed before `b`, which has the smaller number. */
typedef bool (*order)(const tg_buffer *a, const tg_buffer *b);

static bool by_size(const tg_buffer *a, const tg_buffer *b) {
    return a->bytes >= b->bytes;
}

static bool by_start(const tg_buffer *a, const tg_buffer *b) {
    return a->first < b->first || (a->first == b->first && a->bytes > b->bytes);
}

static bool by_end(const tg_buffer *a, const tg_buffer *b) {
    return a->last > b->last || (a->last == b->last && a->bytes > b->bytes);
}

static uint32_t next_to_place(const tg_plan *plan, order comes_first) {
    uint32_t best = TG_NO_BUFFER;
    for (uint32_t i = 0; i < plan->count; i++) {
        if (waits(plan, i) && (best == TG_NO_BUFFER || comes_first(&plan->buffers[i], &plan->buffers[best])))
            best = i;
    }
    return best;
}

static bool alive_together(const tg_buffer *a, const tg_buffer *b) {
    return a->first <= b->last && b->first <= a->last;
}

/* Saturates: a plan that comes near the limit fits no arena. */
static uint32_t end_of(const tg_buffer *buffer) {
    return buffer->offset > TG_PLAN_LIMIT - buffer->bytes ? TG_PLAN_LIMIT : buffer->offset + buffer->bytes;
}

/* The lowest offset at which nothing that is placed and alive at the same time is in the way. */
static uint32_t lowest_gap(const tg_plan *plan, uint16_t head, const tg_buffer *buffer) {
    uint32_t offset = 0;
    for (uint16_t i = head; i != TG_NO_BUFFER; i = plan->buffers[i].next) {
        const tg_buffer *placed = &plan->buffers[i];
        if (!alive_together(placed, buffer))
            continue;
        if (placed->offset >= offset && placed->offset - offset >= buffer->bytes)
            break;
        if (end_of(placed) > offset)
            offset = end_of(placed);
    }
    return offset;
}

/* Link `index` into the placed ones, after those of the same offset. */
static uint16_t insert(tg_plan *plan, uint16_t head, uint32_t index) {
    uint16_t *link = &head;
    while (*link != TG_NO_BUFFER && plan->buffers[*link].offset <= plan->buffers[index].offset)
        link = &plan->buffers[*link].next;
    plan->buffers[index].next = *link;
    *link = (uint16_t)index;
    return head;
}

static void reset(tg_plan *plan) {
    for (uint32_t i = 0; i < plan->count; i++) {
        plan->buffers[i].bytes = aligned(plan->buffers[i].bytes);
        plan->buffers[i].offset = UINT32_MAX;
        plan->buffers[i].root = (uint16_t)root_of(plan, i);
    }
}

static uint32_t place_in(tg_plan *plan, order comes_first) {
    uint32_t total = 0;
    uint16_t head = TG_NO_BUFFER;
    reset(plan);
    for (uint32_t i = next_to_place(plan, comes_first); i != TG_NO_BUFFER; i = next_to_place(plan, comes_first)) {
        tg_buffer *buffer = &plan->buffers[i];
        buffer->offset = lowest_gap(plan, head, buffer);
        head = insert(plan, head, i);
        if (end_of(buffer) > total)
            total = end_of(buffer);
    }
    return total;
}

uint32_t tg_plan_place(tg_plan *plan) {
    static const order orders[3] = {by_size, by_start, by_end};
    uint32_t best = 0, least = UINT32_MAX;
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t total = place_in(plan, orders[i]);
        if (total < least) {
            least = total;
            best = i;
        }
    }
    return place_in(plan, orders[best]);
}
