#include "channels.h"

#include "bytes.h"
#include "dot.h"

bool tg_open_bias(tg_loader *loader, int32_t count, tg_tensor *tensor, const uint8_t **bias) {
    *bias = 0;
    if (!tg_has_input(loader, 2))
        return true;
    if (!tg_open_input(loader, 2, tensor))
        return false;
    bool fits = tensor->type == TG_INT32 && tensor->elements == (uint32_t)count;
    *bias = tensor->data;
    return tg_expect_constant(loader, tensor, "the bias is not constant") &&
           tg_expect(loader, fits, TG_MODEL_REFUSED, "the bias is not int32[%d]", count, 0);
}

bool tg_expect_filter_scales(tg_loader *loader, const tg_tensor *filter, int32_t count) {
    uint32_t scales = filter->scales.count;
    int32_t dimension = filter->quantized_dimension;
    bool usable = tg_is_quantized(filter);
    if (scales > 1) {
        usable = usable && scales == (uint32_t)count && dimension >= 0 && dimension < filter->rank &&
                 filter->dims[dimension] == count;
    }
    for (uint32_t i = 0; usable && i < scales; i++)
        usable = tg_is_scale(tg_vector_f32(&loader->file, filter->scales, i));
    return tg_expect(loader, usable, TG_MODEL_REFUSED, "the filter's %d scales do not fit its %d channels",
                     (int32_t)scales, count);
}

bool tg_open_weighted(tg_loader *loader, tg_tensor inputs[2], tg_tensor *output) {
    return tg_expect_arity(loader, 2, 3) && tg_open_input(loader, 0, &inputs[0]) &&
           tg_open_input(loader, 1, &inputs[1]) && tg_open_output(loader, output) &&
           tg_expect_int8(loader, &inputs[0]) && tg_expect_int8(loader, &inputs[1]) && tg_expect_int8(loader, output) &&
           tg_expect_constant(loader, &inputs[1], "the filter is not constant") &&
           tg_expect_scales(loader, &inputs[0], output);
}

void tg_fill_multipliers(tg_loader *loader, int32_t *doubled, const tg_tensor inputs[2], const tg_tensor *output,
                         int32_t count) {
    int8_t *right = (int8_t *)(doubled + count);
    for (int32_t c = 0; c < count; c++) {
        uint32_t scale_index = inputs[1].scales.count > 1 ? (uint32_t)c : 0;
        double filter_scale = (double)tg_vector_f32(&loader->file, inputs[1].scales, scale_index);
        tg_multiplier m = tg_multiplier_of((double)inputs[0].scale * filter_scale / (double)output->scale);
        doubled[c] = tg_wrap_shift(m.value, 1);
        right[c] = (int8_t) - (m.shift > 0 ? m.shift & 31 : m.shift);
    }
}

void tg_fill_channels(tg_loader *loader, void *table, const tg_tensor inputs[2], const tg_tensor *output,
                      const uint8_t *bias, const tg_weights *weights) {
    int32_t *folded = table;
    for (int32_t c = 0; c < weights->channels; c++) {
        const int8_t *filter = (const int8_t *)inputs[1].data + c * weights->channel_step;
        int32_t sum = tg_sum(filter, weights->taps, weights->tap_step);
        folded[c] = tg_wrap_sub(bias ? tg_read_i32(bias + 4 * c) : 0, tg_wrap_mul(inputs[0].zero_point, sum));
    }
    tg_fill_multipliers(loader, folded + weights->channels, inputs, output, weights->channels);
}

static bool in_int8(int32_t value) {
    return value >= -128 && value <= 127;
}

bool tg_channels_are_fast(const tg_channels *channels, int32_t count, int32_t input_zero, int32_t output_zero,
                          tg_range range) {
    bool fast = in_int8(input_zero) && in_int8(output_zero) && in_int8(range.low) && in_int8(range.high) &&
                range.low <= range.high;
    for (int32_t c = 0; fast && c < count; c++)
        fast = channels->doubled[c] != 0 && channels->right[c] > 0;
    return fast;
}
