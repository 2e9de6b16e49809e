/* input.h: a fuzzer's bytes, taken one after the other; what is not there reads as zero. */
#ifndef TG_FUZZ_INPUT_H
#define TG_FUZZ_INPUT_H
#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *at;
    size_t left;
} tg_input;

static inline uint8_t tg_input_byte(tg_input *input) {
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->at++;
}

static inline uint16_t tg_input_u16(tg_input *input) {
    uint8_t low = tg_input_byte(input);
    return (uint16_t)(low | tg_input_byte(input) << 8);
}

static inline uint32_t tg_input_u32(tg_input *input) {
    uint32_t low = tg_input_u16(input);
    return low | (uint32_t)tg_input_u16(input) << 16;
}

/* A number near `what`, below or above it, or now and then any: limits are passed by little. */
static inline uint32_t tg_input_near(tg_input *input, uint32_t what) {
    uint8_t choice = tg_input_byte(input);
    return choice < 240 ? what + choice - 120u : tg_input_u32(input);
}

/* At most `most` bytes that stand next; returns how many. */
static inline uint32_t tg_input_take(tg_input *input, uint32_t most, const uint8_t **bytes) {
    uint32_t count = input->left < most ? (uint32_t)input->left : most;
    *bytes = input->at;
    input->at += count;
    input->left -= count;
    return count;
}
#endif
