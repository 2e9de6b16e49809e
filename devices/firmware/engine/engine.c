#include "engine.h"

#include <string.h>

#include "crc32.h"
#include "kernels.h"

static void observe(const tg_engine *engine, const tg_node *node, uint32_t index, const tg_observer *observer) {
    uint32_t crc = tg_crc32(0, tg_node_output(engine, node), node->output_bytes);
    observer->operator_done(observer->context, index, (uint32_t)tg_kernel_at(node->kernel)->builtin, node->output_bytes,
                            crc);
}

static void run_node(const tg_engine *engine, const tg_node *node) {
    tg_kernel_at(node->kernel)->run(engine, node);
#ifdef TG_TEST_BREAK_BUILTIN /* a test build with one wrong kernel, for tests of the trace */
    if (tg_kernel_at(node->kernel)->builtin == TG_TEST_BREAK_BUILTIN)
        tg_node_output(engine, node)[node->output_bytes - 1u] ^= 1u;
#endif
}

static tg_status load(void *engine, const uint8_t *model, uint32_t model_bytes, tg_model_info *info) {
    return tg_load_model(engine, model, model_bytes, info);
}

static tg_status infer(void *self, const uint8_t *input, uint8_t *output, const tg_observer *observer) {
    const tg_engine *engine = self;
    if (!engine->model)
        return TG_NO_MODEL;
    memcpy(engine->arena + engine->input_at, input, engine->input_bytes);
    const uint8_t *at = engine->arena;
    for (uint32_t i = 0; i < engine->node_count; i++) {
        const tg_node *node = (const tg_node *)(const void *)at;
        run_node(engine, node);
        if (observer)
            observe(engine, node, i, observer);
        at += node->bytes;
    }
    memcpy(output, engine->arena + engine->output_at, engine->output_bytes);
    return TG_OK;
}

void tg_engine_init(tg_engine *engine, uint8_t *arena, uint32_t arena_bytes) {
    uint32_t skipped = (uint32_t)(-(uintptr_t)arena & (TG_ARENA_ALIGNMENT - 1u));
    if (skipped > arena_bytes)
        skipped = arena_bytes;
    memset(engine, 0, sizeof *engine);
    engine->arena = arena + skipped;
    engine->arena_bytes = (arena_bytes - skipped) & ~(TG_ARENA_ALIGNMENT - 1u);
    engine->skipped_bytes = skipped;
}

tg_runtime tg_engine_runtime(tg_engine *engine) {
    tg_runtime runtime = {load, infer, engine};
    return runtime;
}
