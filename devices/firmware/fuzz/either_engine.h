/* either_engine.h: a runtime that gives models which begin with FAKE to the checksum engine of the tests, where a few
 * bytes make a model of any sizes, and all others to ours. */
#ifndef TG_FUZZ_EITHER_ENGINE_H
#define TG_FUZZ_EITHER_ENGINE_H
#include <stdbool.h>

#include "engine.h"
#include "fake_runtime.h"

typedef struct {
    tg_engine engine;
    fake_engine fake;
    bool faked;
    uint32_t inferences_left; /* then it fails */
} tg_either_engine;

tg_runtime tg_either_runtime(tg_either_engine *either);
#endif
