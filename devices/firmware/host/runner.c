/* runner.c: a filter around the engine for tests in other languages. Little-endian words on stdin and stdout.
 *
 * Request:  model_bytes, inputs_bytes, arena_limit, traced (0 or 1), the model, the inputs back to back.
 * Answer:   status, input_bytes, output_bytes, arena_bytes, planned_bytes, operators, the detail (96 bytes), then
 * outputs_bytes and the outputs, then the number of trace words and, of the last sample, four words an operator: index,
 * builtin code, output bytes, CRC-32. Ends at the end of stdin.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trial.h"

typedef struct {
    uint32_t model_bytes, inputs_bytes, arena_limit, traced;
} request;

typedef struct {
    uint32_t *words;
    uint32_t count;
} trace;

static void receive(void *to, uint32_t bytes) {
    if (bytes && fread(to, bytes, 1, stdin) != 1)
        exit(1);
}

static void answer(const void *from, uint32_t bytes) {
    if (bytes && fwrite(from, bytes, 1, stdout) != 1)
        exit(1);
}

static void keep_operator(void *context, uint32_t index, uint32_t builtin_code, uint32_t output_bytes, uint32_t crc32) {
    trace *kept = context;
    uint32_t words[4] = {index, builtin_code, output_bytes, crc32};
    memcpy(kept->words + 4u * index, words, sizeof words);
    kept->count = 4u * (index + 1u);
}

static void answer_status(tg_status status, const tg_model_info *info) {
    uint32_t words[6] = {status,         info->input_bytes, info->output_bytes, info->arena_bytes, info->planned_bytes,
                         info->operators};
    answer(words, sizeof words);
    answer(info->detail, TG_DETAIL_BYTES);
}

static void infer_all(tg_trial *trial, const uint8_t *inputs, uint32_t samples, bool traced) {
    tg_runtime runtime = tg_engine_runtime(&trial->engine);
    uint32_t outputs_bytes = samples * trial->info.output_bytes;
    uint8_t *outputs = tg_trial_memory(outputs_bytes);
    trace kept = {tg_trial_memory(16u * trial->info.operators), 0};
    tg_observer observer = {keep_operator, &kept};
    for (uint32_t i = 0; i < samples; i++) {
        const uint8_t *input = inputs + i * trial->info.input_bytes;
        if (runtime.infer(runtime.engine, input, outputs + i * trial->info.output_bytes, traced ? &observer : 0) !=
            TG_OK)
            abort();
    }
    answer(&outputs_bytes, 4);
    answer(outputs, outputs_bytes);
    answer(&kept.count, 4);
    answer(kept.words, 4u * kept.count);
    free(outputs);
    free(kept.words);
}

static void serve(const request *asked, const uint8_t *model, const uint8_t *inputs) {
    tg_trial trial;
    uint32_t none[2] = {0, 0};
    tg_status status = tg_trial_open(&trial, model, asked->model_bytes, asked->arena_limit);
    answer_status(status, &trial.info);
    if (status == TG_OK)
        infer_all(&trial, inputs, asked->inputs_bytes / trial.info.input_bytes, asked->traced != 0);
    else
        answer(none, sizeof none);
    fflush(stdout);
    tg_trial_close(&trial);
}

int main(void) {
    request asked;
    while (fread(&asked, sizeof asked, 1, stdin) == 1) {
        uint8_t *model = tg_trial_memory(asked.model_bytes), *inputs = tg_trial_memory(asked.inputs_bytes);
        receive(model, asked.model_bytes);
        receive(inputs, asked.inputs_bytes);
        serve(&asked, model, inputs);
        free(model);
        free(inputs);
    }
    return 0;
}
