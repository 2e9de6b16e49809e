/* Any bytes as a .tflite file: refused with a reason, or run inside the memory that the load asked for.
 *
 * Model, arena, input and output stand in allocations of exactly their size, and: the arena that a load asks for is
 * enough, and the load asks for the same again; a smaller arena is refused; two runs give the same output, whatever
 * the activations held before.
 */
#include "damage.h"
#include "memory.h"
#include "node.h"
#include "trial.h"

enum { ARENA_LIMIT = 8192 };

/* Of the bytes of a file, so that a finding repeats. */
static uint32_t digest(const uint8_t *bytes, size_t size) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

/* Loading must stay inside an arena of any size and alignment. */
static void load_into(const uint8_t *model, uint32_t model_bytes, uint32_t arena_bytes, uint32_t skip) {
    uint8_t *memory = tg_exactly(arena_bytes + skip), *copy = tg_copy(model, model_bytes);
    tg_engine engine;
    tg_model_info info;
    tg_engine_init(&engine, memory + skip, arena_bytes);
    tg_runtime runtime = tg_engine_runtime(&engine);
    tg_status status = runtime.load(runtime.engine, copy, model_bytes, &info);
    TG_CLAIM(status == TG_OK || info.detail[0] != '\0', "a refusal has a reason");
    TG_CLAIM(status != TG_OK || info.arena_bytes <= arena_bytes, "a load takes no more arena than there is");
    free(copy);
    free(memory);
}

/* Nothing of one inference is read by the next. */
static void spoil_activations(tg_engine *engine) {
    uint32_t nodes_bytes = 0;
    for (uint32_t i = 0; i < engine->node_count; i++)
        nodes_bytes += ((const tg_node *)(const void *)(engine->arena + nodes_bytes))->bytes;
    memset(engine->arena + nodes_bytes, 0x5a, engine->arena_bytes - nodes_bytes);
}

static void count_operator(void *context, uint32_t index, uint32_t builtin_code, uint32_t output_bytes,
                           uint32_t crc32) {
    uint32_t *operators = context;
    (void)builtin_code, (void)output_bytes, (void)crc32;
    TG_CLAIM(index == *operators, "operators are traced in order");
    ++*operators;
}

/* Once with a trace, once without. */
static void infer_twice(tg_trial *trial, uint32_t hash) {
    tg_runtime runtime = tg_engine_runtime(&trial->engine);
    uint8_t *input = tg_exactly(trial->info.input_bytes), *first = tg_exactly(trial->info.output_bytes),
            *second = tg_exactly(trial->info.output_bytes);
    for (uint32_t i = 0; i < trial->info.input_bytes; i++)
        input[i] = (uint8_t)((hash += 0x9E3779B9u) >> 24);
    uint32_t operators = 0;
    tg_observer observer = {count_operator, &operators};
    TG_CLAIM(runtime.infer(runtime.engine, input, first, &observer) == TG_OK, "a loaded model runs");
    TG_CLAIM(operators == trial->info.operators, "every operator is traced");
    spoil_activations(&trial->engine);
    TG_CLAIM(runtime.infer(runtime.engine, input, second, NULL) == TG_OK, "a loaded model runs again");
    TG_CLAIM(memcmp(first, second, trial->info.output_bytes) == 0, "two runs give the same output");
    free(input);
    free(first);
    free(second);
}

static unsigned long long refused, ran; /* a process's count, for those who ask how much of the work was real */

__attribute__((destructor)) static void print_counts(void) {
    fprintf(stderr, "stat::models_refused: %llu\nstat::models_run: %llu\n", refused, ran);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint32_t hash = digest(data, size);
    tg_trial trial;
    load_into(data, (uint32_t)size, hash % ARENA_LIMIT, hash >> 13 & 15u);
    tg_status status = tg_trial_open(&trial, data, (uint32_t)size, ARENA_LIMIT);
    if (status == TG_OK) {
        load_into(data, (uint32_t)size, trial.info.arena_bytes - 1u - hash % trial.info.arena_bytes, 0);
        infer_twice(&trial, hash);
    }
    status == TG_OK ? ran++ : refused++;
    if (status == TG_OK)
        tg_damage_remember(data, size);
    tg_trial_close(&trial);
    return 0;
}
