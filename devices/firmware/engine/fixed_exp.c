#include "fixed_exp.h"

#include "fixed_point.h"

static const int32_t one_third = 715827883;         /* 2^31 / 3 */
static const int32_t exp_minus_eighth = 1895147668; /* exp(-1/8) * 2^31 */

/* exp(-2^k) * 2^31 for k = -2..4 */
static const int32_t exp_of_bit[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};

/* exp(u) in Q0 for u in [-1/4, 0) in Q0: a quartic around -1/8. */
static int32_t exp_near_zero(int32_t u) {
    int32_t x = u + (1 << 28);
    int32_t x2 = tg_high_product(x, x);
    int32_t x3 = tg_high_product(x2, x);
    int32_t x4 = tg_high_product(x2, x2);
    int32_t tail = tg_round_shift(tg_high_product(tg_round_shift(x4, 2) + x3, one_third) + x2, 1);
    return exp_minus_eighth + tg_high_product(exp_minus_eighth, x + tail);
}

int32_t tg_fixed_exp(int32_t a, int32_t integer_bits) {
    if (a == 0)
        return INT32_MAX;
    int32_t fraction_bits = 31 - integer_bits;
    int32_t quarter = (int32_t)1 << (fraction_bits - 2);
    int32_t u = (a & (quarter - 1)) - quarter;
    int32_t rest = tg_wrap_sub(u, a);
    int32_t result = exp_near_zero(tg_wrap_shift(u, integer_bits));
    for (int32_t k = -2; k < integer_bits; k++) {
        if (rest & ((int32_t)1 << (fraction_bits + k)))
            result = tg_high_product(result, exp_of_bit[k + 2]);
    }
    return result;
}

static int32_t saturating_shift(int32_t x, int32_t bits) {
    int32_t limit = (int32_t)(((uint32_t)1 << (31 - bits)) - 1u);
    if (x > limit)
        return INT32_MAX;
    return x < -limit ? INT32_MIN : tg_wrap_shift(x, bits);
}

int32_t tg_fixed_reciprocal(int32_t a) {
    int32_t half = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
    int32_t x = 1515870810 + tg_high_product(half, -1010580540);
    for (int step = 0; step < 3; step++) {
        int32_t error = tg_wrap_sub(1 << 29, tg_high_product(half, x));
        x = tg_wrap_add(x, saturating_shift(tg_high_product(x, error), 2));
    }
    return saturating_shift(x, 1);
}
