/* fixed_point.h: the 32-bit fixed-point arithmetic of TensorFlow Lite Micro, wrap-around included.
 *
 * A multiplier is `value` * 2^(shift - 31): value 0 or in [2^30, 2^31), shift from tg_multiplier_of.
 * Rounding is double: a high product rounded half up, then a right shift rounded half away from zero. Skipping either
 * changes bytes.
 */
#ifndef TG_FIXED_POINT_H
#define TG_FIXED_POINT_H
#include <stdint.h>

typedef struct {
    int32_t value, shift;
} tg_multiplier;

static inline int32_t tg_wrap_add(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a + (uint32_t)b);
}
static inline int32_t tg_wrap_sub(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a - (uint32_t)b);
}
static inline int32_t tg_wrap_mul(int32_t a, int32_t b) {
    return (int32_t)((uint32_t)a * (uint32_t)b);
}

/* x * 2^bits mod 2^32; the count is taken mod 32, as x86 does it for the reference. */
static inline int32_t tg_wrap_shift(int32_t x, int32_t bits) {
    return (int32_t)((uint32_t)x << ((uint32_t)bits & 31u));
}

/* The lower bound first: where low > high the result is high. */
static inline int32_t tg_clamp(int32_t x, int32_t low, int32_t high) {
    int32_t raised = x < low ? low : x;
    return raised > high ? high : raised;
}

static inline int8_t tg_saturate8(int32_t x) {
    return (int8_t)tg_clamp(x, -128, 127);
}
static inline int32_t tg_saturate16(int32_t x) {
    return tg_clamp(x, -32768, 32767);
}

/* a * b / 2^31, rounded half up; only -2^31 * -2^31 saturates. */
static inline int32_t tg_high_product(int32_t a, int32_t b) {
    if (a == b && a == INT32_MIN)
        return INT32_MAX;
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* x / 2^bits, rounded half away from zero; bits in 0..31. */
static inline int32_t tg_round_shift(int32_t x, int32_t bits) {
    int32_t mask = (int32_t)(((uint32_t)1 << bits) - 1u);
    int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> bits) + ((x & mask) > threshold ? 1 : 0);
}

/* x * m with both roundings. The left shift wraps. */
static inline int32_t tg_rescale(int32_t x, tg_multiplier m) {
    int32_t left = m.shift > 0 ? m.shift : 0;
    int32_t right = m.shift < 0 ? -m.shift : 0;
    return tg_round_shift(tg_high_product(tg_wrap_shift(x, left), m.value), right);
}

/* The 16-bit forms, for HARD_SWISH. */
static inline int32_t tg_high_product16(int32_t a, int32_t b) {
    if (a == b && a == INT16_MIN)
        return INT16_MAX;
    return (a * b + (1 << 14)) >> 15;
}

/* Mask and compare are 16 bits wide: from 16 bits on the mask is -1 and the result is 1 for x >= 0, else -1. */
static inline int32_t tg_round_shift16(int32_t x, int32_t bits) {
    int32_t mask = bits >= 16 ? -1 : (int16_t)((1 << bits) - 1);
    int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> bits) + ((x & mask) > threshold ? 1 : 0);
}
#endif
