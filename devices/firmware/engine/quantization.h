/* quantization.h: from float scales to the integers the kernels use. All products and quotients of scales are doubles;
 * activation bounds are floats. */
#ifndef TG_QUANTIZATION_H
#define TG_QUANTIZATION_H
#include <stdbool.h>
#include <stdint.h>

#include "fixed_point.h"

typedef struct {
    int32_t low, high;
} tg_range;

/* The multiplier nearest to `real` (finite, >= 0); below 2^-32 it is zero. */
tg_multiplier tg_multiplier_of(double real);

/* Round half away from zero. False where the result does not fit int32 (NaN included); `rounded` is then INT32_MIN, as
 * x86 converts. */
bool tg_round_float(float value, int32_t *rounded);

/* int8 bounds of a fused activation; activations other than RELU, RELU_N1_TO_1 and RELU6 do not bound. False where a
 * bound does not fit int32. */
bool tg_activation_range(int32_t activation, float scale, int32_t zero_point, tg_range *range);

/* Finite and >= 0 (an input's scale); finite and > 0 (a divisor). */
bool tg_is_scale(float scale);
bool tg_is_divisor(float scale);
#endif
