/* mutate.c: damaged models must be refused, or run inside their memory. Build it with sanitizers.
 *
 *     mutate-sanitized FIRST_SEED CASES MODEL...
 * Each case damages one of the models in one or two places (a bit, a byte, a word, a cut end) and loads and runs what
 * came out. Prints how many were refused, by code, and how many ran. Anything wrong ends the program with the
 * sanitizer's report and the case's seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trial.h"

#define ARENA_LIMIT (256u * 1024u)

typedef struct {
    uint8_t *bytes;
    uint32_t size;
} model_file;

static uint32_t random_word(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static uint32_t nasty_word(uint32_t *state) {
    static const uint32_t words[] = {0u,          1u,          2u,          3u,          4u,          5u,
                                     7u,          8u,          9u,          16u,         127u,        128u,
                                     255u,        256u,        0x7fffu,     0x8000u,     0xffffu,     0x10000u,
                                     0xffffffffu, 0xfffffffeu, 0x7fffffffu, 0x80000000u, 0x40000000u, 0x3f800000u,
                                     0x7f800000u, 0x7fc00000u, 0x00000100u, 0xfffffff0u};
    uint32_t choice = random_word(state) % (2u * (uint32_t)(sizeof words / sizeof words[0]));
    return choice < sizeof words / sizeof words[0] ? words[choice] : random_word(state);
}

static void damage(model_file *model, uint32_t *state) {
    uint32_t at = random_word(state) % model->size, kind = random_word(state) % 16u;
    if (kind < 5)
        model->bytes[at] ^= (uint8_t)(1u << (random_word(state) % 8u));
    else if (kind < 9)
        model->bytes[at] = (uint8_t)nasty_word(state);
    else if (kind == 9)
        model->size = at + 1u;
    else {
        uint32_t word = nasty_word(state), place = at & ~3u;
        uint32_t bytes = model->size - place < 4u ? model->size - place : 4u;
        memcpy(model->bytes + place, &word, bytes);
    }
}

static void infer(tg_trial *trial, uint32_t *state) {
    tg_runtime runtime = tg_engine_runtime(&trial->engine);
    uint8_t *input = tg_trial_memory(trial->info.input_bytes), *output = tg_trial_memory(trial->info.output_bytes);
    for (uint32_t i = 0; i < trial->info.input_bytes; i++)
        input[i] = (uint8_t)random_word(state);
    if (runtime.infer(runtime.engine, input, output, 0) != TG_OK)
        abort();
    free(input);
    free(output);
}

static tg_status try_case(const model_file *original, uint32_t seed) {
    uint32_t state = seed * 2654435761u | 1u;
    model_file model = {tg_trial_memory(original->size), original->size};
    tg_trial trial;
    memcpy(model.bytes, original->bytes, original->size);
    for (uint32_t places = 1u + random_word(&state) % 2u; places; places--)
        damage(&model, &state);
    tg_status status = tg_trial_open(&trial, model.bytes, model.size, ARENA_LIMIT);
    if (status == TG_OK)
        infer(&trial, &state);
    else if (trial.info.detail[0] == '\0')
        abort();
    tg_trial_close(&trial);
    free(model.bytes);
    return status;
}

static model_file read_model(const char *path) {
    model_file model = {0, 0};
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        exit(2);
    model.size = (uint32_t)ftell(file);
    model.bytes = tg_trial_memory(model.size);
    rewind(file);
    if (fread(model.bytes, model.size, 1, file) != 1)
        exit(2);
    fclose(file);
    return model;
}

int main(int argc, char **argv) {
    uint32_t counts[128] = {0};
    if (argc < 4)
        return 2;
    uint32_t first = (uint32_t)strtoul(argv[1], 0, 10), cases = (uint32_t)strtoul(argv[2], 0, 10);
    for (int i = 3; i < argc; i++) {
        model_file model = read_model(argv[i]);
        for (uint32_t seed = first; seed < first + cases; seed++) {
            fprintf(stderr, "\r%s seed %u", argv[i], (unsigned)seed);
            counts[try_case(&model, seed) & 127]++;
        }
        free(model.bytes);
    }
    for (int code = 0; code < 128; code++) {
        if (counts[code])
            printf("%d %u\n", code, (unsigned)counts[code]);
    }
    return 0;
}
