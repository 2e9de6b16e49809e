#include "column.h"

#include "dot.h"
#include "dsp.h"
#include "kernels.h"

static bool expect_shapes(tg_loader *loader, const tg_tensor inputs[2], const tg_tensor *output) {
    const tg_tensor *input = &inputs[0], *filter = &inputs[1];
    bool rank = input->rank == 4 && filter->rank == 4 && output->rank == 4;
    if (!tg_well_formed(loader, rank, "input, filter and output must have 4 dimensions"))
        return false;
    bool grouped = input->dims[3] % filter->dims[3] == 0 && filter->dims[0] % (input->dims[3] / filter->dims[3]) == 0;
    return tg_expect(loader, grouped, TG_MODEL_REFUSED, "%d input channels do not divide into groups of %d",
                     input->dims[3], filter->dims[3]) &&
           tg_well_formed(loader, output->dims[0] == input->dims[0] && output->dims[3] == filter->dims[0],
                          "the output's batch or channels differ from input's and filter's");
}

static void set_channels(const tg_tensor inputs[2], const tg_tensor *output, tg_conv *p) {
    p->batches = inputs[0].dims[0];
    p->input_channels = inputs[0].dims[3];
    p->output_channels = inputs[1].dims[0];
    p->group_inputs = inputs[1].dims[3];
    p->group_outputs = p->output_channels / (p->input_channels / p->group_inputs);
    p->input_zero = inputs[0].zero_point;
    p->output_zero = output->zero_point;
}

bool tg_prepare_conv(tg_loader *loader) {
    tg_tensor inputs[2], output, bias;
    const uint8_t *biases;
    tg_conv p;
    if (!tg_open_weighted(loader, inputs, &output) || !expect_shapes(loader, inputs, &output))
        return false;
    set_channels(inputs, &output, &p);
    if (!tg_expect_filter_scales(loader, &inputs[1], p.output_channels) ||
        !tg_open_bias(loader, p.output_channels, &bias, &biases))
        return false;
    if (!tg_spans_open(loader, inputs, &output, TG_CONV_DILATION_W, &p.height, &p.width) ||
        !tg_activation(loader, TG_CONV_ACTIVATION, &output, &p.range))
        return false;
    uint32_t bytes = (uint32_t)sizeof p + tg_channels_bytes(p.output_channels);
    tg_node *node = tg_new_node(loader, inputs, 2, &output, bytes, TG_DSP ? tg_column_bytes(&p) : 0);
    if (!node)
        return false;
    tg_conv *kept = tg_parameters(node);
    *kept = p;
    int32_t taps = (int32_t)inputs[1].elements / p.output_channels;
    tg_weights weights = {p.output_channels, taps, taps, 1};
    tg_fill_channels(loader, kept->table, inputs, &output, biases, &weights);
    tg_channels channels = tg_channels_at(kept->table, p.output_channels);
    kept->fast = TG_DSP && p.group_inputs == p.input_channels &&
                 tg_channels_are_fast(&channels, p.output_channels, p.input_zero, p.output_zero, p.range);
    return true;
}

/* One row of taps; `row` is NULL where it lies outside the image. */
static int32_t filter_row(const tg_conv *p, const int8_t *row, int32_t left, const int8_t *w) {
    int32_t sum = 0;
    for (int32_t kx = 0; kx < p->width.filter; kx++, w += p->group_inputs) {
        int32_t x = left + kx * p->width.dilation;
        bool inside = row && x >= 0 && x < p->width.input;
        int32_t term = inside ? tg_dot(row + x * p->input_channels, w, p->group_inputs)
                              : tg_wrap_mul(p->input_zero, tg_sum(w, p->group_inputs, 1));
        sum = tg_wrap_add(sum, term);
    }
    return sum;
}

static int32_t filter_window(const tg_conv *p, const int8_t *image, int32_t top, int32_t left, const int8_t *w) {
    int32_t sum = 0;
    for (int32_t ky = 0; ky < p->height.filter; ky++, w += p->width.filter * p->group_inputs) {
        int32_t y = top + ky * p->height.dilation;
        bool inside = y >= 0 && y < p->height.input;
        const int8_t *row = inside ? image + y * p->width.input * p->input_channels : 0;
        sum = tg_wrap_add(sum, filter_row(p, row, left, w));
    }
    return sum;
}

static void conv_pixel(const tg_conv_run *run, const int8_t *image, int32_t top, int32_t left, int8_t *y) {
    const tg_conv *p = run->shape;
    int32_t taps = p->height.filter * p->width.filter * p->group_inputs;
    for (int32_t c = 0; c < p->output_channels; c++) {
        const int8_t *group = image + c / p->group_outputs * p->group_inputs;
        int32_t sum = filter_window(p, group, top, left, run->filter + c * taps);
        y[c] = tg_conv_output(run, c, tg_wrap_add(run->channels.bias[c], sum));
    }
}

static void conv_image(const tg_conv_run *run, const int8_t *image, int8_t *y) {
    const tg_conv *p = run->shape;
    for (int32_t oy = 0; oy < p->height.output; oy++) {
        for (int32_t ox = 0; ox < p->width.output; ox++, y += p->output_channels) {
            conv_pixel(run, image, tg_span_origin(&p->height, oy), tg_span_origin(&p->width, ox), y);
        }
    }
}

void tg_run_conv(const tg_engine *engine, const tg_node *node) {
    const tg_conv *p = tg_node_parameters(node);
    tg_conv_run run = {p, tg_channels_at(p->table, p->output_channels), (const int8_t *)tg_node_input(engine, node, 1)};
    const int8_t *x = (const int8_t *)tg_node_input(engine, node, 0);
    int8_t *y = (int8_t *)tg_node_output(engine, node);
    int32_t input_bytes = p->height.input * p->width.input * p->input_channels;
    int32_t output_bytes = p->height.output * p->width.output * p->output_channels;
    for (int32_t b = 0; b < p->batches; b++) {
#if TG_DSP
        if (p->fast) {
            tg_conv_dsp_image(&run, x + b * input_bytes, y + b * output_bytes, tg_node_scratch(engine, node));
            continue;
        }
#endif
        conv_image(&run, x + b * input_bytes, y + b * output_bytes);
    }
}
