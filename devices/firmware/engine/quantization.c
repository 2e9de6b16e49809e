#include "quantization.h"

#include <string.h>

#include "schema.h"

tg_multiplier tg_multiplier_of(double real) {
    tg_multiplier zero = {0, 0};
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    int32_t exponent = (int32_t)((bits >> 52) & 0x7ffu);
    if (exponent == 0)
        return zero;
    uint64_t mantissa = (bits & (((uint64_t)1 << 52) - 1u)) | (uint64_t)1 << 52;
    uint64_t value = (mantissa + ((uint64_t)1 << 21)) >> 22;
    int32_t shift = exponent - 1022;
    if (value == (uint64_t)1 << 31) {
        value >>= 1;
        shift++;
    }
    if (shift < -31)
        return zero;
    tg_multiplier multiplier = {(int32_t)value, shift};
    return multiplier;
}

bool tg_round_float(float value, int32_t *rounded) {
    const float limit = 2147483648.0f;
    *rounded = INT32_MIN;
    if (!(value < limit && value >= -limit))
        return false;
    int32_t whole = (int32_t)value;
    float rest = value - (float)whole;
    if (rest >= 0.5f)
        whole++;
    if (rest <= -0.5f)
        whole--;
    *rounded = whole;
    return true;
}

static bool quantize_bound(float bound, float scale, int32_t zero_point, int32_t *quantized) {
    int32_t steps;
    if (!tg_round_float(bound / scale, &steps))
        return false;
    *quantized = tg_wrap_add(zero_point, steps);
    return true;
}

static int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}
static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

bool tg_activation_range(int32_t activation, float scale, int32_t zero_point, tg_range *range) {
    int32_t low = -128, high = 127;
    bool fits = true;
    if (activation == TG_ACTIVATION_RELU || activation == TG_ACTIVATION_RELU6)
        low = zero_point;
    if (activation == TG_ACTIVATION_RELU6)
        fits = quantize_bound(6.0f, scale, zero_point, &high);
    if (activation == TG_ACTIVATION_RELU_N1_TO_1) {
        fits = quantize_bound(-1.0f, scale, zero_point, &low) && quantize_bound(1.0f, scale, zero_point, &high);
    }
    range->low = larger(-128, low);
    range->high = smaller(127, high);
    return fits;
}

bool tg_is_scale(float scale) {
    return scale >= 0.0f && scale <= 3.402823466e+38f;
}
bool tg_is_divisor(float scale) {
    return tg_is_scale(scale) && scale > 0.0f;
}
