#include "bytes.h"
#include "channels.h"
#include "dsp.h"
#include "kernels.h"

typedef struct {
    int32_t rows, inputs, outputs; /* rows: batches */
    int32_t input_zero, filter_zero, output_zero;
    tg_range range;
    bool fast;       /* connect_row_fast may run it */
    int32_t scales;  /* 1, or as many as outputs */
    int32_t table[]; /* `scales` doubled multipliers, then as many right shifts (channels.h) */
} fully_connected;

static bool expect_shapes(tg_loader *loader, const tg_tensor inputs[2], const tg_tensor *output) {
    const tg_tensor *input = &inputs[0], *filter = &inputs[1];
    if (!tg_well_formed(loader, filter->rank == 2 && output->rank > 0,
                        "the filter must have 2 dimensions and the output at least 1"))
        return false;
    uint32_t outputs = (uint32_t)filter->dims[0], depth = (uint32_t)filter->dims[1];
    bool fits = (uint32_t)output->dims[output->rank - 1] == outputs && input->elements % depth == 0 &&
                input->elements / depth == output->elements / outputs;
    return tg_expect(loader, fits, TG_MODEL_MALFORMED, "input or output does not fit a filter of [%d, %d]",
                     (int32_t)outputs, (int32_t)depth);
}

/* A bias must have been quantized with the product of the scales, as far as it can change the output by 2 % of a step.
 */
static bool expect_bias_scale(tg_loader *loader, const tg_tensor inputs[2], const tg_tensor *bias,
                              const tg_tensor *output) {
    double error = (double)inputs[0].scale * (double)inputs[1].scale - (double)bias->scale;
    bool near = (error < 0.0 ? -error : error) / (double)output->scale <= 0.02;
    return tg_accepted(loader, near, "the bias was quantized with another scale than input times filter");
}

static tg_channels multipliers_of(const fully_connected *p) {
    tg_channels channels = {0, p->table, (const int8_t *)(p->table + p->scales)};
    return channels;
}

static void set_parameters(const tg_tensor inputs[2], const tg_tensor *output, tg_range range, fully_connected *p) {
    bool per_channel = inputs[1].scales.count > 1;
    p->outputs = inputs[1].dims[0];
    p->inputs = inputs[1].dims[1];
    p->rows = (int32_t)output->elements / p->outputs;
    p->input_zero = inputs[0].zero_point;
    p->filter_zero = per_channel ? 0 : inputs[1].zero_point;
    p->output_zero = output->zero_point;
    p->range = range;
    p->scales = per_channel ? p->outputs : 1;
}

bool tg_prepare_fully_connected(tg_loader *loader) {
    tg_tensor tensors[3], output; /* input, filter, bias */
    const uint8_t *biases;
    fully_connected p;
    tg_range range;
    if (!tg_open_weighted(loader, tensors, &output) || !expect_shapes(loader, tensors, &output))
        return false;
    int32_t outputs = tensors[1].dims[0];
    if (!tg_expect_filter_scales(loader, &tensors[1], outputs) || !tg_open_bias(loader, outputs, &tensors[2], &biases))
        return false;
    bool per_channel = tensors[1].scales.count > 1;
    if (biases && !per_channel && !expect_bias_scale(loader, tensors, &tensors[2], &output))
        return false;
    if (!tg_activation(loader, TG_FIRST_OPTION, &output, &range))
        return false;
    set_parameters(tensors, &output, range, &p);
    tg_node *node =
        tg_new_node(loader, tensors, biases ? 3 : 2, &output, (uint32_t)sizeof p + 5u * (uint32_t)p.scales, 0);
    if (!node)
        return false;
    fully_connected *kept = tg_parameters(node);
    *kept = p;
    tg_fill_multipliers(loader, kept->table, tensors, &output, p.scales);
    tg_channels channels = multipliers_of(kept);
    kept->fast =
        TG_DSP && p.filter_zero == 0 && tg_channels_are_fast(&channels, p.scales, p.input_zero, p.output_zero, range);
    return true;
}

typedef struct {
    const fully_connected *shape;
    tg_channels multipliers;
    const uint8_t *bias; /* int32 at any address, or NULL */
    const int8_t *filter;
} connection;

static int32_t bias_of(const connection *run, int32_t output) {
    return run->bias ? tg_read_i32(run->bias + 4 * output) : 0;
}

static int32_t dot(const fully_connected *p, const int8_t *x, const int8_t *w, int32_t sum) {
    for (int32_t i = 0; i < p->inputs; i++) {
        sum = tg_wrap_add(sum, tg_wrap_mul(tg_wrap_sub(x[i], p->input_zero), tg_wrap_sub(w[i], p->filter_zero)));
    }
    return sum;
}

static void connect_row(const connection *run, const int8_t *x, int8_t *y) {
    const fully_connected *p = run->shape;
    const int8_t *w = run->filter;
    for (int32_t c = 0; c < p->outputs; c++, w += p->inputs) {
        tg_multiplier multiplier = tg_channel_multiplier(&run->multipliers, p->scales > 1 ? c : 0);
        int32_t value = tg_wrap_add(tg_rescale(dot(p, x, w, bias_of(run, c)), multiplier), p->output_zero);
        y[c] = (int8_t)tg_clamp(value, p->range.low, p->range.high);
    }
}

#if TG_DSP

typedef struct {
    int32_t a, b;
} sums;

static inline sums step(uint32_t word, uint32_t a, uint32_t b, uint32_t zero, sums s) {
    uint32_t even = tg_sub16(tg_even16(word), zero), odd = tg_sub16(tg_odd16(word), zero);
    s.a = tg_dot16(odd, tg_odd16(a), tg_dot16(even, tg_even16(a), s.a));
    s.b = tg_dot16(odd, tg_odd16(b), tg_dot16(even, tg_even16(b), s.b));
    return s;
}

/* The input with two rows of weights. */
static inline sums dot_of_two(const int8_t *x, const int8_t *a, const int8_t *b, int32_t count, int32_t input_zero,
                              sums s) {
    uint32_t zero = tg_twice16(input_zero);
    for (const int8_t *end = x + (count & ~3); x != end; x += 4, a += 4, b += 4)
        s = step(tg_load4(x), tg_load4(a), tg_load4(b), zero, s);
    for (int32_t i = 0; i < (count & 3); i++) {
        s.a = tg_wrap_add(s.a, (x[i] - input_zero) * a[i]);
        s.b = tg_wrap_add(s.b, (x[i] - input_zero) * b[i]);
    }
    return s;
}

static inline int8_t fast_output(const connection *run, int32_t output, int32_t sum) {
    const fully_connected *p = run->shape;
    int32_t scale = p->scales > 1 ? output : 0;
    return tg_fast_requantize(sum, run->multipliers.doubled[scale], run->multipliers.right[scale], p->output_zero,
                              p->range.low, p->range.high, 0);
}

/* An odd last output is computed twice. */
static void connect_row_fast(const connection *run, const int8_t *x, int8_t *y) {
    const fully_connected *p = run->shape;
    const int8_t *w = run->filter;
    for (int32_t c = 0; c < p->outputs; c += 2, w += 2 * p->inputs) {
        int32_t d = c + 1 < p->outputs ? c + 1 : c;
        sums s = {bias_of(run, c), bias_of(run, d)};
        s = dot_of_two(x, w, w + (d - c) * p->inputs, p->inputs, p->input_zero, s);
        y[c] = fast_output(run, c, s.a);
        y[d] = fast_output(run, d, s.b);
    }
}

#endif

void tg_run_fully_connected(const tg_engine *engine, const tg_node *node) {
    const fully_connected *p = tg_node_parameters(node);
    connection run = {p, multipliers_of(p), node->inputs > 2 ? tg_node_input(engine, node, 2) : 0,
                      (const int8_t *)tg_node_input(engine, node, 1)};
    const int8_t *x = (const int8_t *)tg_node_input(engine, node, 0);
    int8_t *y = (int8_t *)tg_node_output(engine, node);
    for (int32_t row = 0; row < p->rows; row++, x += p->inputs, y += p->outputs) {
#if TG_DSP
        if (p->fast)
            connect_row_fast(&run, x, y);
        else
#endif
            connect_row(&run, x, y);
    }
}
