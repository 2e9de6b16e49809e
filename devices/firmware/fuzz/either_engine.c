#include "either_engine.h"

#include "memory.h"

enum { MOST_FAKE_OPERATORS = 8 }; /* a trace sends a frame for each */

static tg_status load(void *self, const uint8_t *model, uint32_t model_bytes, tg_model_info *info) {
    tg_either_engine *either = self;
    either->faked = model_bytes >= 4 && memcmp(model, "FAKE", 4) == 0;
    tg_runtime runtime = either->faked ? fake_runtime(&either->fake) : tg_engine_runtime(&either->engine);
    tg_status status = runtime.load(runtime.engine, model, model_bytes, info);
    if (status != TG_OK || info->operators <= MOST_FAKE_OPERATORS || !either->faked)
        return status;
    memcpy(info->detail, "many operators", sizeof "many operators");
    return TG_MODEL_UNSUPPORTED;
}

static tg_status infer(void *self, const uint8_t *input, uint8_t *output, const tg_observer *observer) {
    tg_either_engine *either = self;
    if (either->inferences_left == 0)
        return TG_INFER_FAILED;
    either->inferences_left--;
    tg_runtime runtime = either->faked ? fake_runtime(&either->fake) : tg_engine_runtime(&either->engine);
    return runtime.infer(runtime.engine, input, output, observer);
}

tg_runtime tg_either_runtime(tg_either_engine *either) {
    return (tg_runtime){load, infer, either};
}
