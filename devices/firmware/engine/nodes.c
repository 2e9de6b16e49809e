/* nodes.c: nodes while they are made: first with buffer numbers as places, and with offsets once the plan stands. */
#include "loader.h"

#include <string.h>

static uint32_t rounded(uint32_t bytes, uint32_t to) {
    return (bytes + to - 1u) & ~(to - 1u);
}

/* Room for `bytes` of nodes. Where they no longer fit, the arena is written over from its start again: only the sum is
 * wanted then. */
static void *keep(tg_loader *loader, uint32_t bytes) {
    uint32_t room = loader->engine->arena_bytes - loader->borrowed_bytes;
    uint32_t at = loader->kept_bytes;
    loader->kept_bytes += bytes;
    if (bytes > room || loader->kept_bytes > TG_PLAN_LIMIT / 2u) {
        tg_refuse(loader, TG_ARENA_TOO_SMALL, "the arena is at least %d bytes too small",
                  (int32_t)(loader->kept_bytes - room), 0);
        return 0;
    }
    if (loader->kept_bytes > room)
        loader->overflowed = true;
    return loader->engine->arena + (loader->overflowed ? 0 : at);
}

static tg_place place_of(const tg_loader *loader, const tg_tensor *tensor) {
    return tg_is_constant(tensor) ? TG_IN_MODEL | (uint32_t)(tensor->data - loader->file.bytes) : tensor->index;
}

static uint32_t plan_scratch(tg_loader *loader, uint32_t bytes, uint16_t time) {
    tg_plan *plan = &loader->plan;
    if (bytes == 0)
        return TG_NO_BUFFER;
    plan->buffers[plan->count].bytes = bytes;
    plan->buffers[plan->count].first = plan->buffers[plan->count].last = time;
    return plan->count++;
}

static void plan_output(tg_loader *loader, const tg_tensor *output, uint16_t time) {
    tg_buffer *buffer = &loader->plan.buffers[output->index];
    buffer->bytes = output->bytes;
    buffer->first = buffer->last = time;
}

tg_node *tg_new_node(tg_loader *loader, const tg_tensor *inputs, uint32_t count, const tg_tensor *output,
                     uint32_t parameter_bytes, uint32_t scratch_bytes) {
    uint32_t bytes = rounded((uint32_t)sizeof(tg_node) + 4u * count + parameter_bytes, 4);
    tg_node *node = keep(loader, bytes);
    if (!node)
        return 0;
    memset(node, 0, bytes);
    node->bytes = bytes;
    node->kernel = loader->current.kernel;
    node->inputs = (uint16_t)count;
    node->output_bytes = output->bytes;
    node->output = output->index;
    uint16_t time = (uint16_t)(loader->current.index + 1u);
    node->scratch = plan_scratch(loader, scratch_bytes, time);
    for (uint32_t i = 0; i < count; i++)
        node->input[i] = place_of(loader, &inputs[i]);
    plan_output(loader, output, time);
    return node;
}

static tg_place settled(const tg_loader *loader, tg_place place, uint32_t activations_at) {
    if (place & TG_IN_MODEL || place == TG_NO_BUFFER)
        return place;
    return activations_at + tg_plan_offset(&loader->plan, place);
}

static void settle_node(const tg_loader *loader, tg_node *node, uint32_t activations_at) {
    node->output = settled(loader, node->output, activations_at);
    node->scratch = settled(loader, node->scratch, activations_at);
    for (uint32_t i = 0; i < node->inputs; i++)
        node->input[i] = settled(loader, node->input[i], activations_at);
}

static void settle(tg_loader *loader, uint32_t activations_at) {
    tg_engine *engine = loader->engine;
    uint8_t *at = engine->arena;
    engine->node_count = loader->operators.count;
    engine->input_at = settled(loader, engine->input_at, activations_at);
    engine->output_at = settled(loader, engine->output_at, activations_at);
    for (uint32_t i = 0; i < engine->node_count; i++) {
        tg_node *node = (tg_node *)(void *)at;
        settle_node(loader, node, activations_at);
        at += node->bytes;
    }
}

bool tg_finish_nodes(tg_loader *loader) {
    uint32_t activations_at = rounded(loader->kept_bytes, TG_ARENA_ALIGNMENT);
    uint32_t planned = tg_plan_place(&loader->plan);
    if (planned > TG_PLAN_LIMIT - activations_at)
        planned = TG_PLAN_LIMIT - activations_at;
    uint32_t running = activations_at + planned, loading = loader->kept_bytes + loader->borrowed_bytes;
    uint32_t needed = rounded(running > loading ? running : loading, TG_ARENA_ALIGNMENT);
    loader->info->planned_bytes = planned;
    loader->info->operators = loader->operators.count;
    loader->info->arena_bytes = needed + loader->engine->skipped_bytes;
    uint32_t room = loader->engine->arena_bytes;
    if (!tg_expect(loader, needed <= room, TG_ARENA_TOO_SMALL, "the arena is %d bytes too small",
                   (int32_t)(needed - room), 0))
        return false;
    settle(loader, activations_at);
    return true;
}
