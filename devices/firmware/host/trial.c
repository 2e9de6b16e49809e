#include "trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *tg_trial_memory(uint32_t bytes) {
    void *memory = malloc(bytes ? bytes : 1u);
    if (!memory)
        abort();
    return memory;
}

static tg_status load(tg_trial *trial, uint32_t model_bytes, uint32_t arena_bytes) {
    trial->arena = tg_trial_memory(arena_bytes);
    memset(trial->arena, 0xa5, arena_bytes);
    tg_engine_init(&trial->engine, trial->arena, arena_bytes);
    tg_runtime runtime = tg_engine_runtime(&trial->engine);
    return runtime.load(runtime.engine, trial->model, model_bytes, &trial->info);
}

tg_status tg_trial_open(tg_trial *trial, const uint8_t *model, uint32_t model_bytes, uint32_t arena_limit) {
    trial->model_memory = tg_trial_memory(model_bytes + 1u);
    trial->model = trial->model_memory + 1;
    memcpy(trial->model, model, model_bytes);
    tg_status status = load(trial, model_bytes, arena_limit);
    if (status != TG_OK)
        return status;
    uint32_t needed = trial->info.arena_bytes;
    free(trial->arena);
    if (load(trial, model_bytes, needed) != TG_OK || trial->info.arena_bytes != needed) {
        fprintf(stderr, "needs %u bytes of arena, but with just these: %s\n", (unsigned)needed, trial->info.detail);
        abort();
    }
    return TG_OK;
}

void tg_trial_close(tg_trial *trial) {
    free(trial->arena);
    free(trial->model_memory);
}
