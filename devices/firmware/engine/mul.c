#include "broadcast.h"
#include "kernels.h"

typedef struct {
    int32_t zero[2], output_zero;
    tg_multiplier multiplier;
    tg_range range;
    tg_axes axes; /* cut to its rank */
} mul;

bool tg_prepare_mul(tg_loader *loader) {
    tg_tensor inputs[2], output;
    mul p;
    if (!tg_open_binary(loader, inputs, &output) || !tg_activation(loader, TG_FIRST_OPTION, &output, &p.range))
        return false;
    if (!tg_broadcast(loader, inputs, &output, &p.axes))
        return false;
    p.multiplier = tg_multiplier_of((double)inputs[0].scale * (double)inputs[1].scale / (double)output.scale);
    p.zero[0] = inputs[0].zero_point;
    p.zero[1] = inputs[1].zero_point;
    p.output_zero = output.zero_point;
    uint32_t bytes = (uint32_t)(sizeof p - sizeof p.axes) + tg_axes_bytes(&p.axes);
    tg_node *node = tg_new_node(loader, inputs, 2, &output, bytes, 0);
    if (!node)
        return false;
    memcpy(tg_parameters(node), &p, bytes);
    return true;
}

static void mul_row(const void *parameters, const int8_t *x1, const int8_t *x2, int8_t *y, const tg_axis *axis) {
    const mul *p = parameters;
    for (int32_t i = 0; i < axis->count; i++, x1 += axis->step[0], x2 += axis->step[1]) {
        int32_t product = tg_wrap_mul(tg_wrap_sub(*x1, p->zero[0]), tg_wrap_sub(*x2, p->zero[1]));
        y[i] = (int8_t)tg_clamp(tg_wrap_add(tg_rescale(product, p->multiplier), p->output_zero), p->range.low,
                                p->range.high);
    }
}

void tg_run_mul(const tg_engine *engine, const tg_node *node) {
    const mul *p = tg_node_parameters(node);
    tg_run_rows(engine, node, &p->axes, mul_row);
}
