/* dsp.h: the packed 16-bit and 8-bit operations of cores with the DSP extension, and one fast requantization.
 *
 * TG_DSP is 1 where kernels may use them: on Arm with __ARM_FEATURE_SIMD32, or anywhere with TG_EMULATE_DSP, which
 * replaces each operation by plain C so that a host can run the same kernels under sanitizers.
 */
#ifndef TG_DSP_H
#define TG_DSP_H
#include <string.h>

#include "fixed_point.h"

#if defined(__ARM_FEATURE_SIMD32) || defined(TG_EMULATE_DSP)
#define TG_DSP 1
#else
#define TG_DSP 0
#endif

#if TG_DSP

/* Four bytes from any address. */
static inline uint32_t tg_load4(const int8_t *from) {
    uint32_t word;
    memcpy(&word, from, sizeof word);
    return word;
}

/* The same byte in all four lanes. */
static inline uint32_t tg_spread4(int32_t byte) {
    return (uint32_t)(uint8_t)byte * 0x01010101u;
}

/* The same number in both 16-bit lanes. */
static inline uint32_t tg_twice16(int32_t number) {
    return (uint32_t)(uint16_t)number * 0x00010001u;
}

static inline int32_t tg_low16(uint32_t pair) {
    return (int16_t)pair;
}
static inline int32_t tg_high16(uint32_t pair) {
    return (int16_t)(pair >> 16);
}

#if defined(__ARM_FEATURE_SIMD32)
#include <arm_acle.h>

/* Bytes 0 and 2, sign-extended into a pair of 16-bit lanes; then bytes 1 and 3. */
static inline uint32_t tg_even16(uint32_t word) {
    uint32_t pair;
    __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(word));
    return pair;
}

static inline uint32_t tg_odd16(uint32_t word) {
    uint32_t pair;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(word));
    return pair;
}

/* Lane by lane; neither may leave 16 bits. */
static inline uint32_t tg_sub16(uint32_t a, uint32_t b) {
    uint32_t difference;
    __asm__("ssub16 %0, %1, %2" : "=r"(difference) : "r"(a), "r"(b) : "cc");
    return difference;
}

/* sum + both lane products, mod 2^32. Not __smlad: its saturation flag keeps the compiler from moving it. */
static inline int32_t tg_dot16(uint32_t x, uint32_t w, int32_t sum) {
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(x), "r"(w));
    return sum;
}

/* sum + the product of the low lanes; of the high lanes. */
static inline int32_t tg_mac_low(uint32_t x, uint32_t w, int32_t sum) {
    __asm__("smlabb %0, %1, %2, %0" : "+r"(sum) : "r"(x), "r"(w));
    return sum;
}

static inline int32_t tg_mac_high(uint32_t x, uint32_t w, int32_t sum) {
    __asm__("smlatt %0, %1, %2, %0" : "+r"(sum) : "r"(x), "r"(w));
    return sum;
}

/* The larger of each of four signed bytes. */
static inline uint32_t tg_max8(uint32_t a, uint32_t b) {
    uint32_t larger;
    __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(larger) : "r"(a), "r"(b) : "cc");
    return larger;
}

/* x * multiplier / 2^31 rounded half up, for a multiplier in [2^30, 2^31) given `doubled` mod 2^32:
 * x * m / 2^31 = x + x * (2m - 2^32) / 2^32. */
static inline int32_t tg_fast_product(int32_t x, int32_t doubled) {
    int32_t product;
    __asm__("smmlar %0, %1, %2, %1" : "=r"(product) : "r"(x), "r"(doubled));
    return product;
}

/* x / 2^right rounded half away from zero, plus `offset`; right in 1..31. The shift leaves the half in the carry. */
static inline int32_t tg_fast_shift(int32_t x, int32_t right, int32_t offset) {
    int32_t y;
    __asm__("add %0, %1, %1, asr #31\n\tasrs %0, %0, %2\n\tadc %0, %0, %3"
            : "=&r"(y)
            : "r"(x), "r"(right), "r"(offset)
            : "cc");
    return y;
}

static inline int32_t tg_fast_saturate8(int32_t x) {
    int32_t y;
    __asm__("ssat %0, #8, %1" : "=r"(y) : "r"(x) : "cc");
    return y;
}

#else

static inline uint32_t tg_pack16(int32_t low, int32_t high) {
    return (uint32_t)(uint16_t)low | (uint32_t)high << 16;
}
static inline uint32_t tg_even16(uint32_t word) {
    return tg_pack16((int8_t)word, (int8_t)(word >> 16));
}
static inline uint32_t tg_odd16(uint32_t word) {
    return tg_pack16((int8_t)(word >> 8), (int8_t)(word >> 24));
}

static inline int32_t tg_mac_low(uint32_t x, uint32_t w, int32_t sum) {
    return tg_wrap_add(sum, tg_wrap_mul(tg_low16(x), tg_low16(w)));
}
static inline int32_t tg_mac_high(uint32_t x, uint32_t w, int32_t sum) {
    return tg_wrap_add(sum, tg_wrap_mul(tg_high16(x), tg_high16(w)));
}
static inline int32_t tg_dot16(uint32_t x, uint32_t w, int32_t sum) {
    return tg_mac_high(x, w, tg_mac_low(x, w, sum));
}

static inline uint32_t tg_sub16(uint32_t a, uint32_t b) {
    return tg_pack16(tg_low16(a) - tg_low16(b), tg_high16(a) - tg_high16(b));
}

static inline uint32_t tg_max8(uint32_t a, uint32_t b) {
    uint32_t result = 0;
    for (uint32_t lane = 0; lane < 32; lane += 8) {
        uint8_t x = (uint8_t)(a >> lane), y = (uint8_t)(b >> lane);
        result |= (uint32_t)((int8_t)x >= (int8_t)y ? x : y) << lane;
    }
    return result;
}

static inline int32_t tg_fast_product(int32_t x, int32_t doubled) {
    return tg_high_product(x, (int32_t)((uint32_t)doubled >> 1));
}
static inline int32_t tg_fast_shift(int32_t x, int32_t right, int32_t offset) {
    return tg_wrap_add(tg_round_shift(x, right), offset);
}
static inline int32_t tg_fast_saturate8(int32_t x) {
    return tg_clamp(x, -128, 127);
}

#endif

/* clamp(x * m + offset) for a multiplier of 2^30 or more with a right shift of at least 1. `plain` (known at compile
 * time): the range is all of int8. */
static inline int8_t tg_fast_requantize(int32_t x, int32_t doubled, int32_t right, int32_t offset, int32_t low,
                                        int32_t high, int plain) {
    int32_t y = tg_fast_saturate8(tg_fast_shift(tg_fast_product(x, doubled), right, offset));
    return (int8_t)(plain ? y : tg_clamp(y, low, high));
}

#endif
#endif
