/* activation.c: RELU6, LEAKY_RELU and LOGISTIC as operators of their own. */
#include "fixed_exp.h"
#include "kernels.h"
#include "map8.h"

/* ---- RELU6: clamps in the input's quantization and ignores the output's ---- */

typedef struct {
    int32_t zero, six;
} relu6;

bool tg_prepare_relu6(tg_loader *loader) {
    tg_tensor input, output;
    int32_t steps;
    if (!tg_open_unary(loader, &input, &output))
        return false;
    if (!tg_accepted(loader, tg_is_divisor(input.scale), "the input has no usable scale"))
        return false;
    relu6 *p = tg_new_map8(loader, &input, &output, sizeof *p);
    if (!p)
        return false;
    bool fits = tg_round_float(6.0f / input.scale, &steps);
    p->zero = (int8_t)input.zero_point;
    p->six = fits ? tg_saturate8(tg_wrap_add(steps, input.zero_point)) : -128;
    return true;
}

static int8_t relu6_of(const void *parameters, int32_t x) {
    const relu6 *p = parameters;
    return (int8_t)(x > p->six ? p->six : x < p->zero ? p->zero : x);
}

void tg_run_relu6(const tg_engine *engine, const tg_node *node) {
    tg_map8(engine, node, relu6_of);
}

/* ---- LEAKY_RELU ---- */

typedef struct {
    tg_multiplier identity, alpha;
    int32_t input_zero, output_zero;
    int32_t sign;
} leaky_relu;

bool tg_prepare_leaky_relu(tg_loader *loader) {
    tg_tensor input, output;
    if (!tg_open_unary(loader, &input, &output) || !tg_expect_scales(loader, &input, &output))
        return false;
    float alpha = tg_option_f32(loader, TG_FIRST_OPTION, 0.0f);
    if (!tg_accepted(loader, tg_is_scale(alpha < 0.0f ? -alpha : alpha), "alpha is not finite"))
        return false;
    leaky_relu *p = tg_new_map8(loader, &input, &output, sizeof *p);
    if (!p)
        return false;
    double slope = (double)input.scale * (double)alpha / (double)output.scale;
    p->identity = tg_multiplier_of((double)input.scale / (double)output.scale);
    p->alpha = tg_multiplier_of(slope < 0.0 ? -slope : slope);
    p->sign = slope < 0.0 ? -1 : 1;
    p->input_zero = input.zero_point;
    p->output_zero = output.zero_point;
    return true;
}

static int8_t leaky_relu_of(const void *parameters, int32_t x) {
    const leaky_relu *p = parameters;
    int32_t v = tg_wrap_sub(x, p->input_zero);
    int32_t y = v >= 0 ? tg_rescale(v, p->identity) : tg_wrap_mul(p->sign, tg_rescale(v, p->alpha));
    return tg_saturate8(tg_wrap_add(y, p->output_zero));
}

void tg_run_leaky_relu(const tg_engine *engine, const tg_node *node) {
    tg_map8(engine, node, leaky_relu_of);
}

/* ---- LOGISTIC: the output's scale is taken to be 1/256 ---- */

typedef struct {
    tg_multiplier multiplier; /* to Q4 */
    int32_t input_zero, radius;
} logistic;

bool tg_prepare_logistic(tg_loader *loader) {
    tg_tensor input, output;
    if (!tg_open_unary(loader, &input, &output))
        return false;
    if (!tg_accepted(loader, output.zero_point == -128, "the output's zero point is not -128"))
        return false;
    if (!tg_accepted(loader, tg_is_scale(input.scale), "the input has no usable scale"))
        return false;
    tg_multiplier multiplier = tg_multiplier_of((double)input.scale * (double)((int32_t)1 << 27));
    bool defined = multiplier.value > 0 && multiplier.shift >= 0;
    if (!tg_accepted(loader, defined, "the input's scale is below 2^-28"))
        return false;
    logistic *p = tg_new_map8(loader, &input, &output, sizeof *p);
    if (!p)
        return false;
    p->multiplier = multiplier;
    p->input_zero = input.zero_point;
    p->radius = multiplier.shift > 30 ? 0 : (15 << 27) >> multiplier.shift;
    return true;
}

static int8_t logistic_of(const void *parameters, int32_t x) {
    const logistic *p = parameters;
    int32_t v = tg_wrap_sub(x, p->input_zero);
    if (v <= -p->radius)
        return -128;
    if (v >= p->radius)
        return 127;
    int32_t z = tg_rescale(v, p->multiplier);
    int32_t share = tg_fixed_reciprocal(tg_fixed_exp(z > 0 ? -z : z, 4));
    int32_t value = z == 0 ? 1 << 30 : z > 0 ? share : INT32_MAX - share;
    return tg_saturate8(tg_round_shift(value, 23) - 128);
}

void tg_run_logistic(const tg_engine *engine, const tg_node *node) {
    tg_map8(engine, node, logistic_of);
}
