/* hard_swish.c: HARD_SWISH, computed in 16 bits: x at 128 times its resolution, times a gate of 15 bits. */
#include "kernels.h"
#include "map8.h"

typedef struct {
    int32_t input_zero, output_zero;
    int32_t output_multiplier, output_shift;
    int32_t gate_multiplier, gate_shift;
} hard_swish;

static int32_t narrowed(int32_t multiplier) {
    return multiplier >= INT32_MAX - (1 << 15) ? INT16_MAX : (multiplier + (1 << 15)) >> 16;
}

bool tg_prepare_hard_swish(tg_loader *loader) {
    tg_tensor input, output;
    if (!tg_open_unary(loader, &input, &output) || !tg_expect_scales(loader, &input, &output))
        return false;
    double fine = (double)input.scale / 128.0;
    tg_multiplier to_output = tg_multiplier_of(fine / (double)output.scale);
    tg_multiplier to_gate = tg_multiplier_of(fine / (3.0 / 32768.0));
    if (!tg_accepted(loader, to_output.shift <= 0, "the output's scale is below a 128th of the input's"))
        return false;
    hard_swish *p = tg_new_map8(loader, &input, &output, sizeof *p);
    if (!p)
        return false;
    p->input_zero = input.zero_point;
    p->output_zero = output.zero_point;
    p->output_multiplier = narrowed(to_output.value);
    p->output_shift = to_output.shift;
    p->gate_multiplier = narrowed(to_gate.value);
    p->gate_shift = to_gate.shift;
    return true;
}

/* x * 2^bits in 16 bits. The power is an int32 whose exponent is taken mod 32, as x86 does it for the reference: 2^31
 * is negative. */
static int32_t saturating_shift(int32_t x, int32_t bits) {
    int64_t product = (int64_t)x * tg_wrap_shift(1, bits);
    if (product > INT16_MAX)
        return INT16_MAX;
    return product < INT16_MIN ? INT16_MIN : (int32_t)product;
}

/* The gate (x + 3) / 6 in [0, 1], in 15 bits. */
static int32_t gate_of(const hard_swish *p, int32_t v) {
    int32_t t = v;
    if (p->gate_shift > 0)
        t = saturating_shift(t, p->gate_shift - 1);
    t = tg_high_product16(t, p->gate_multiplier);
    if (p->gate_shift > 0)
        t = tg_saturate16(t * 2);
    if (p->gate_shift < 0)
        t = tg_round_shift16(t, -p->gate_shift);
    return (t + 32768) >> 1;
}

static int8_t hard_swish_of(const void *parameters, int32_t x) {
    const hard_swish *p = parameters;
    int32_t v = (int16_t)tg_wrap_mul(tg_wrap_sub(x, p->input_zero), 128);
    int32_t product = tg_high_product16(v, p->output_multiplier);
    int32_t q = gate_of(p, v) * product / 32768;
    return tg_saturate8(tg_wrap_add(tg_round_shift16(q, -p->output_shift), p->output_zero));
}

void tg_run_hard_swish(const tg_engine *engine, const tg_node *node) {
    tg_map8(engine, node, hard_swish_of);
}
