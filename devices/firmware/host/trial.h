/* trial.h: one model, loaded into exactly the memory it needs, for the native test programs. */
#ifndef TG_TRIAL_H
#define TG_TRIAL_H
#include <stdint.h>

#include "engine.h"

typedef struct {
    tg_engine engine;
    tg_model_info info;
    uint8_t *model; /* a copy at an odd address that ends where its memory ends */
    uint8_t *arena; /* info.arena_bytes, so that a sanitizer sees the first byte beyond */
    uint8_t *model_memory;
} tg_trial;

/* Load `model` twice: with `arena_limit` bytes to learn what it needs, then with just that. Returns the status of the
 * load. A second load that differs from the first ends the program: what `arena_bytes` promises did not hold. */
tg_status tg_trial_open(tg_trial *trial, const uint8_t *model, uint32_t model_bytes, uint32_t arena_limit);
void tg_trial_close(tg_trial *trial);

/* malloc that ends the program instead of failing. */
void *tg_trial_memory(uint32_t bytes);
#endif
