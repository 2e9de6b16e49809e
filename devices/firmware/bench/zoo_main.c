/* zoo_main.c: the runner of host/ on an emulated core: reads requests.bin and writes answers.bin through semihosting.
 *
 * Request: model_bytes, inputs_bytes (two words), the model, the inputs back to back. Answer: status, outputs_bytes,
 * the outputs.
 */
#include <string.h>

#include "engine.h"
#include "start.h"

static _Alignas(16) uint8_t arena[1024u * 1024u];
static uint8_t model[512u * 1024u], inputs[256u * 1024u], outputs[1024u * 1024u];

static uint32_t infer_all(tg_runtime runtime, const tg_model_info *info, uint32_t inputs_bytes) {
    uint32_t samples = inputs_bytes / info->input_bytes;
    if (samples * info->output_bytes > sizeof outputs)
        bench_exit(1);
    for (uint32_t i = 0; i < samples; i++) {
        (void)runtime.infer(runtime.engine, inputs + i * info->input_bytes, outputs + i * info->output_bytes, 0);
    }
    return samples * info->output_bytes;
}

static void serve(uint32_t answers, uint32_t model_bytes, uint32_t inputs_bytes) {
    tg_engine engine;
    tg_model_info info;
    memset(arena, 0xa5, sizeof arena);
    tg_engine_init(&engine, arena, sizeof arena);
    tg_runtime runtime = tg_engine_runtime(&engine);
    uint32_t answer[2] = {runtime.load(&engine, model, model_bytes, &info), 0};
    if (answer[0] == TG_OK)
        answer[1] = infer_all(runtime, &info, inputs_bytes);
    bench_write(answers, answer, sizeof answer);
    bench_write(answers, outputs, answer[1]);
}

int main(void) {
    uint32_t requests = bench_open("requests.bin", BENCH_READ), answers = bench_open("answers.bin", BENCH_WRITE),
             sizes[2];
    while (bench_read(requests, sizes, sizeof sizes) == sizeof sizes) {
        if (sizes[0] > sizeof model || sizes[1] > sizeof inputs)
            return 1;
        if (bench_read(requests, model, sizes[0]) != sizes[0] || bench_read(requests, inputs, sizes[1]) != sizes[1])
            return 1;
        serve(answers, sizes[0], sizes[1]);
    }
    return 0;
}
