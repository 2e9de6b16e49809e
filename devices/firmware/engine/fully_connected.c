#include "channels.h"
#include "dot.h"
#include "dsp.h"
#include "kernels.h"

typedef struct {
    int32_t rows, inputs, outputs; /* rows: batches */
    int32_t filter_zero, output_zero;
    tg_range range;
    bool fast; /* connect_row_fast may run it */
    int32_t table[]; /* channels.h */
} fully_connected;

static bool expect_shapes(tg_loader *loader, const tg_tensor inputs[2], const tg_tensor *output) {
    const tg_tensor *input = &inputs[0], *filter = &inputs[1];
    if (!tg_well_formed(loader, filter->rank == 2 && output->rank > 0, "the filter must have 2 dimensions and the output at least 1")) return false;
    uint32_t outputs = (uint32_t)filter->dims[0], depth = (uint32_t)filter->dims[1];
    bool fits = (uint32_t)output->dims[output->rank - 1] == outputs && input->elements % depth == 0 && input->elements / depth == output->elements / outputs;
    return tg_expect(loader, fits, TG_MODEL_MALFORMED, "input or output does not fit a filter of [%d, %d]", (int32_t)outputs, (int32_t)depth);
}

/* A bias must have been quantized with the product of the scales, as far as it can change the output by 2 % of a step. */
static bool expect_bias_scale(tg_loader *loader, const tg_tensor inputs[2], const tg_tensor *bias, const tg_tensor *output) {
    double error = (double)inputs[0].scale * (double)inputs[1].scale - (double)bias->scale;
    bool near = (error < 0.0 ? -error : error) / (double)output->scale <= 0.02;
    return tg_accepted(loader, near, "the bias was quantized with another scale than input times filter");
}

bool tg_prepare_fully_connected(tg_loader *loader) {
    tg_tensor inputs[2], output, bias;
    const uint8_t *biases;
    tg_range range;
    if (!tg_open_weighted(loader, inputs, &output) || !expect_shapes(loader, inputs, &output)) return false;
    int32_t outputs = inputs[1].dims[0], depth = inputs[1].dims[1];
    bool per_channel = inputs[1].scales.count > 1;
    if (!tg_expect_filter_scales(loader, &inputs[1], outputs) || !tg_open_bias(loader, outputs, &bias, &biases)) return false;
    if (biases && !per_channel && !expect_bias_scale(loader, inputs, &bias, &output)) return false;
    if (!tg_activation(loader, TG_FIRST_OPTION, &output, &range)) return false;
    tg_node *node = tg_new_node(loader, inputs, 2, &output, (uint32_t)sizeof(fully_connected) + tg_channels_bytes(outputs), 0);
    if (!node) return false;
    fully_connected *p = tg_parameters(node);
    p->rows = (int32_t)output.elements / outputs;
    p->inputs = depth;
    p->outputs = outputs;
    p->filter_zero = per_channel ? 0 : inputs[1].zero_point;
    p->output_zero = output.zero_point;
    p->range = range;
    tg_weights weights = {outputs, depth, depth, 1};
    tg_fill_channels(loader, p->table, inputs, &output, biases, &weights, p->filter_zero);
    p->fast = TG_DSP && p->filter_zero == 0 && tg_channels_are_fast(p->table, outputs, 0, p->output_zero, range);
    return true;
}

#if TG_DSP

typedef struct {
    int32_t a, b;
} sums;

/* The input with two rows of weights. */
static inline sums dot_of_two(const int8_t *x, const int8_t *a, const int8_t *b, int32_t count, sums s) {
    for (const int8_t *end = x + (count & ~3); x != end; x += 4, a += 4, b += 4) {
        uint32_t word = tg_load4(x), word_a = tg_load4(a), word_b = tg_load4(b);
        uint32_t even = tg_even16(word), odd = tg_odd16(word);
        s.a = tg_dot16(odd, tg_odd16(word_a), tg_dot16(even, tg_even16(word_a), s.a));
        s.b = tg_dot16(odd, tg_odd16(word_b), tg_dot16(even, tg_even16(word_b), s.b));
    }
    s.a = tg_wrap_add(s.a, tg_dot(x, a, count & 3));
    s.b = tg_wrap_add(s.b, tg_dot(x, b, count & 3));
    return s;
}

/* An odd last output is computed twice. */
static void connect_row_fast(const fully_connected *p, const tg_channels *channels, const int8_t *x, const int8_t *w, int8_t *y) {
    for (int32_t c = 0; c < p->outputs; c += 2, w += 2 * p->inputs) {
        int32_t d = c + 1 < p->outputs ? c + 1 : c;
        sums s = {channels->bias[c], channels->bias[d]};
        s = dot_of_two(x, w, w + (d - c) * p->inputs, p->inputs, s);
        y[c] = tg_fast_requantize(s.a, channels->doubled[c], channels->right[c], p->output_zero, p->range.low, p->range.high, 0);
        y[d] = tg_fast_requantize(s.b, channels->doubled[d], channels->right[d], p->output_zero, p->range.low, p->range.high, 0);
    }
}

#endif

static void connect_row(const fully_connected *p, const tg_channels *channels, const int8_t *x, const int8_t *w, int8_t *y) {
    int32_t correction = p->filter_zero ? tg_wrap_mul(p->filter_zero, tg_sum(x, p->inputs, 1)) : 0;
    for (int32_t c = 0; c < p->outputs; c++, w += p->inputs) {
        int32_t sum = tg_wrap_sub(tg_wrap_add(channels->bias[c], tg_dot(x, w, p->inputs)), correction);
        int32_t value = tg_wrap_add(tg_rescale(sum, tg_channel_multiplier(channels, c)), p->output_zero);
        y[c] = (int8_t)tg_clamp(value, p->range.low, p->range.high);
    }
}

void tg_run_fully_connected(const tg_engine *engine, const tg_node *node) {
    const fully_connected *p = tg_node_parameters(node);
    tg_channels channels = tg_channels_at(p->table, p->outputs);
    const int8_t *x = (const int8_t *)tg_node_input(engine, node, 0), *w = (const int8_t *)tg_node_input(engine, node, 1);
    int8_t *y = (int8_t *)tg_node_output(engine, node);
    for (int32_t row = 0; row < p->rows; row++, x += p->inputs, y += p->outputs) {
#if TG_DSP
        if (p->fast) connect_row_fast(p, &channels, x, w, y);
        else
#endif
            connect_row(p, &channels, x, w, y);
    }
}
