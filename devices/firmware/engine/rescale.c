/* rescale.c: RELU and QUANTIZE between integers: another scale, another zero point. */
#include "rescale.h"

#include <string.h>

#include "kernels.h"
#include "map8.h"

typedef struct {
    int32_t input_type, output_type; /* the first word is also that of the float form, see quantize.c */
    tg_multiplier multiplier;
    int32_t input_zero, output_zero;
    tg_range range;
} rescale;

static int32_t rescaled(const rescale *p, int32_t x) {
    int32_t y = tg_wrap_add(tg_rescale(tg_wrap_sub(x, p->input_zero), p->multiplier), p->output_zero);
    return tg_clamp(y, p->range.low, p->range.high);
}

static int8_t rescaled8(const void *parameters, int32_t x) {
    return (int8_t)rescaled(parameters, x);
}

static bool prepare(tg_loader *loader, const tg_tensor *input, const tg_tensor *output, tg_range range) {
    if (!tg_expect_scales(loader, input, output))
        return false;
    rescale *p = tg_new_map8(loader, input, output, sizeof *p);
    if (!p)
        return false;
    p->multiplier = tg_multiplier_of((double)input->scale / (double)output->scale);
    p->input_zero = input->zero_point;
    p->output_zero = output->zero_point;
    p->range = range;
    p->input_type = input->type;
    p->output_type = output->type;
    return true;
}

bool tg_prepare_relu(tg_loader *loader) {
    tg_tensor input, output;
    if (!tg_open_unary(loader, &input, &output))
        return false;
    tg_range range = {output.zero_point > -128 ? output.zero_point : -128, 127};
    return prepare(loader, &input, &output, range);
}

bool tg_prepare_rescale(tg_loader *loader, const tg_tensor *input, const tg_tensor *output) {
    tg_range range8 = {-128, 127}, range16 = {-32768, 32767}, range32 = {INT32_MIN, INT32_MAX};
    bool known =
        (input->type == TG_INT8 && (output->type == TG_INT8 || output->type == TG_INT16 || output->type == TG_INT32)) ||
        ((input->type == TG_INT16 || input->type == TG_INT32) && output->type == TG_INT8);
    if (!tg_expect(loader, known, TG_MODEL_UNSUPPORTED, "type %d to type %d", input->type, output->type))
        return false;
    return prepare(loader, input, output,
                   output->type == TG_INT8    ? range8
                   : output->type == TG_INT16 ? range16
                                              : range32);
}

/* A constant may lie at any address. */
static int32_t read_element(const uint8_t *x, uint32_t index, int32_t type) {
    int16_t half;
    if (type == TG_INT8)
        return ((const int8_t *)x)[index];
    if (type == TG_INT32)
        return tg_read_i32(x + 4u * index);
    memcpy(&half, x + 2u * index, sizeof half);
    return half;
}

static void write_element(uint8_t *y, uint32_t index, int32_t type, int32_t value) {
    if (type == TG_INT8)
        ((int8_t *)y)[index] = (int8_t)value;
    if (type == TG_INT16)
        ((int16_t *)(void *)y)[index] = (int16_t)value;
    if (type == TG_INT32)
        ((int32_t *)(void *)y)[index] = value;
}

void tg_run_rescale(const tg_engine *engine, const tg_node *node) {
    const rescale *p = tg_node_parameters(node);
    if (p->input_type == TG_INT8 && p->output_type == TG_INT8) {
        tg_map8(engine, node, rescaled8);
        return;
    }
    const uint8_t *x = tg_node_input(engine, node, 0);
    uint8_t *y = tg_node_output(engine, node);
    uint32_t count = node->output_bytes / tg_type_bytes(p->output_type);
    for (uint32_t i = 0; i < count; i++)
        write_element(y, i, p->output_type, rescaled(p, read_element(x, i, p->input_type)));
}
