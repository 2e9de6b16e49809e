/* fixed_exp.h: exponential and reciprocal in 32-bit fixed point, as SOFTMAX and LOGISTIC need them.
 *
 * "Qn" has n integer bits and 31 - n fraction bits. The method (argument reduction to [-1/4, 0), a quartic, a table of
 * exp(-2^k); three Newton steps from 48/17 - 32/17 x) follows the published gemmlowp fixed-point scheme; every rounding
 * is part of the result.
 */
#ifndef TG_FIXED_EXP_H
#define TG_FIXED_EXP_H
#include <stdint.h>

/* exp(a) in Q0 for a <= 0 in Qn; integer_bits is 4 or 5. */
int32_t tg_fixed_exp(int32_t a, int32_t integer_bits);

/* 1 / (1 + a) in Q0 for a in [0, 1) in Q0. */
int32_t tg_fixed_reciprocal(int32_t a);
#endif
