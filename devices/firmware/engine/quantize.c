/* quantize.c: QUANTIZE and DEQUANTIZE. */
#include "kernels.h"
#include "rescale.h"

typedef struct {
    int32_t input_type; /* also the first word of the integer form, see rescale.c */
    float scale;
    int32_t zero_point;
} affine;

static bool prepare_affine(tg_loader *loader, const tg_tensor *input, const tg_tensor *output,
                           const tg_tensor *quantized) {
    if (!tg_expect_same_shape(loader, input, output))
        return false;
    tg_node *node = tg_new_node(loader, input, 1, output, sizeof(affine), 0);
    if (!node)
        return false;
    affine *p = tg_parameters(node);
    p->input_type = input->type;
    p->scale = quantized->scale;
    p->zero_point = quantized->zero_point;
    return true;
}

bool tg_prepare_quantize(tg_loader *loader) {
    tg_tensor input, output;
    if (!tg_expect_arity(loader, 1, 1) || !tg_open_input(loader, 0, &input) || !tg_open_output(loader, &output))
        return false;
    if (input.type != TG_FLOAT32)
        return tg_prepare_rescale(loader, &input, &output);
    return tg_expect_int8(loader, &output) && tg_expect_scales(loader, &output, &output) &&
           prepare_affine(loader, &input, &output, &output);
}

bool tg_prepare_dequantize(tg_loader *loader) {
    tg_tensor input, output;
    if (!tg_expect_arity(loader, 1, 1) || !tg_open_input(loader, 0, &input) || !tg_open_output(loader, &output))
        return false;
    bool known = input.type == TG_INT8 && output.type == TG_FLOAT32;
    return tg_expect(loader, known, TG_MODEL_UNSUPPORTED, "type %d to type %d", input.type, output.type) &&
           tg_accepted(loader, tg_is_scale(input.scale), "the input has no usable scale") &&
           prepare_affine(loader, &input, &output, &input);
}

static void quantize(const affine *p, const uint8_t *x, int8_t *y, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        int32_t steps;
        (void)tg_round_float(tg_read_f32(x + 4u * i) / p->scale, &steps);
        y[i] = tg_saturate8(tg_wrap_add(steps, p->zero_point));
    }
}

void tg_run_quantize(const tg_engine *engine, const tg_node *node) {
    const int32_t *input_type = tg_node_parameters(node);
    if (*input_type == TG_FLOAT32) {
        quantize(tg_node_parameters(node), tg_node_input(engine, node, 0), (int8_t *)tg_node_output(engine, node),
                 node->output_bytes);
    } else {
        tg_run_rescale(engine, node);
    }
}

void tg_run_dequantize(const tg_engine *engine, const tg_node *node) {
    const affine *p = tg_node_parameters(node);
    const int8_t *x = (const int8_t *)tg_node_input(engine, node, 0);
    uint8_t *y = tg_node_output(engine, node);
    for (uint32_t i = 0; i < node->output_bytes / 4u; i++) {
        float value = (float)((double)p->scale * (double)tg_wrap_sub(x[i], p->zero_point));
        memcpy(y + 4u * i, &value, sizeof value);
    }
}
