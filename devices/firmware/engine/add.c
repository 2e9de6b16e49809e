/* add.c: ADD and SUB: both operands scaled to 20 more bits at twice the larger scale, then to the output's. */
#include "broadcast.h"
#include "dsp.h"
#include "kernels.h"

typedef struct {
    int32_t zero[2], output_zero;
    tg_multiplier scale[2], output_scale; /* shifts are 0 or less */
    tg_range range;
    tg_axes axes; /* cut to its rank */
} add;

static bool is_fraction(tg_loader *loader, double real) {
    bool fits = real > 0.0 && real < 1.0 && tg_multiplier_of(real).shift <= 0;
    return tg_accepted(loader, fits, "the output's scale is below 2^-19 of the larger input's");
}

static bool prepare_scales(tg_loader *loader, const tg_tensor inputs[2], const tg_tensor *output, add *p) {
    float larger = inputs[0].scale > inputs[1].scale ? inputs[0].scale : inputs[1].scale;
    double twice = 2.0 * (double)larger;
    double real[2] = {(double)inputs[0].scale / twice, (double)inputs[1].scale / twice};
    double real_output = twice / ((double)((int32_t)1 << 20) * (double)output->scale);
    if (!is_fraction(loader, real[0]) || !is_fraction(loader, real[1]) || !is_fraction(loader, real_output))
        return false;
    p->scale[0] = tg_multiplier_of(real[0]);
    p->scale[1] = tg_multiplier_of(real[1]);
    p->output_scale = tg_multiplier_of(real_output);
    p->zero[0] = inputs[0].zero_point;
    p->zero[1] = inputs[1].zero_point;
    p->output_zero = output->zero_point;
    return true;
}

bool tg_prepare_add(tg_loader *loader) {
    tg_tensor inputs[2], output;
    add p;
    if (!tg_open_binary(loader, inputs, &output) || !prepare_scales(loader, inputs, &output, &p))
        return false;
    if (!tg_activation(loader, TG_FIRST_OPTION, &output, &p.range) || !tg_broadcast(loader, inputs, &output, &p.axes))
        return false;
    uint32_t bytes = (uint32_t)(sizeof p - sizeof p.axes) + tg_axes_bytes(&p.axes);
    tg_node *node = tg_new_node(loader, inputs, 2, &output, bytes, 0);
    if (!node)
        return false;
    memcpy(tg_parameters(node), &p, bytes);
    return true;
}

static int32_t scaled(const add *p, int k, int32_t x) {
    return tg_rescale(tg_wrap_mul(tg_wrap_sub(x, p->zero[k]), 1 << 20), p->scale[k]);
}

static int8_t output_of(const add *p, int32_t sum) {
    return (int8_t)tg_clamp(tg_wrap_add(tg_rescale(sum, p->output_scale), p->output_zero), p->range.low, p->range.high);
}

#if TG_DSP

/* What the fast row asks for. A multiplier without a right shift is exactly one half here: see scaled_fast. */
static bool is_fast(const add *p) {
    return p->output_scale.shift < 0 && p->output_zero >= -128 && p->output_zero <= 127 && p->range.low >= -128 &&
           p->range.low <= p->range.high && p->zero[0] >= -128 && p->zero[0] <= 127 && p->zero[1] >= -128 &&
           p->zero[1] <= 127 && p->scale[0].value > 0 && p->scale[1].value > 0 && p->output_scale.value > 0;
}

static inline int32_t scaled_fast(int32_t difference, int32_t doubled, int32_t right) {
    if (right == 0)
        return difference * (1 << 19);
    return tg_fast_shift(tg_fast_product(difference * (1 << 20), doubled), right, 0);
}

/* Everything in registers: stores of int8 might change anything behind a pointer. */
static void add_row_fast(const add *p, const int8_t *x1, const int8_t *x2, int8_t *y, const tg_axis *axis) {
    const int32_t doubled1 = tg_wrap_shift(p->scale[0].value, 1), doubled2 = tg_wrap_shift(p->scale[1].value, 1);
    const int32_t right1 = -p->scale[0].shift, right2 = -p->scale[1].shift, zero1 = p->zero[0], zero2 = p->zero[1];
    const int32_t doubled = tg_wrap_shift(p->output_scale.value, 1), right = -p->output_scale.shift,
                  zero = p->output_zero;
    const int32_t low = p->range.low, high = p->range.high, step1 = axis->step[0], step2 = axis->step[1];
    for (int8_t *end = y + axis->count; y != end; y++, x1 += step1, x2 += step2) {
        int32_t sum = scaled_fast(*x1 - zero1, doubled1, right1) + scaled_fast(*x2 - zero2, doubled2, right2);
        *y = tg_fast_requantize(sum, doubled, right, zero, low, high, 0);
    }
}

#endif

static void add_row(const void *parameters, const int8_t *x1, const int8_t *x2, int8_t *y, const tg_axis *axis) {
    const add *p = parameters;
#if TG_DSP
    if (is_fast(p)) {
        add_row_fast(p, x1, x2, y, axis);
        return;
    }
#endif
    for (int32_t i = 0; i < axis->count; i++, x1 += axis->step[0], x2 += axis->step[1]) {
        y[i] = output_of(p, tg_wrap_add(scaled(p, 0, *x1), scaled(p, 1, *x2)));
    }
}

static void sub_row(const void *parameters, const int8_t *x1, const int8_t *x2, int8_t *y, const tg_axis *axis) {
    const add *p = parameters;
    for (int32_t i = 0; i < axis->count; i++, x1 += axis->step[0], x2 += axis->step[1]) {
        y[i] = output_of(p, tg_wrap_sub(scaled(p, 0, *x1), scaled(p, 1, *x2)));
    }
}

void tg_run_add(const tg_engine *engine, const tg_node *node) {
    const add *p = tg_node_parameters(node);
    tg_run_rows(engine, node, &p->axes, add_row);
}

void tg_run_sub(const tg_engine *engine, const tg_node *node) {
    const add *p = tg_node_parameters(node);
    tg_run_rows(engine, node, &p->axes, sub_row);
}
