#include "depthwise.h"

#include "dsp.h"
#include "kernels.h"

static bool expect_shapes(tg_loader *loader, const tg_tensor inputs[2], const tg_tensor *output) {
    const tg_tensor *input = &inputs[0], *filter = &inputs[1];
    bool rank = input->rank == 4 && filter->rank == 4 && output->rank == 4;
    if (!tg_well_formed(loader, rank, "input, filter and output must have 4 dimensions"))
        return false;
    int32_t multiplier = tg_option_i32(loader, TG_DEPTHWISE_MULTIPLIER, 0), channels = filter->dims[3];
    bool divides = multiplier > 0 && channels % multiplier == 0 && channels / multiplier == input->dims[3];
    return tg_expect(loader, divides, TG_MODEL_REFUSED, "depth multiplier %d does not give %d channels", multiplier,
                     channels) &&
           tg_well_formed(loader,
                          filter->dims[0] == 1 && output->dims[0] == input->dims[0] && output->dims[3] == channels,
                          "the output's batch or channels differ from input's and filter's");
}

static void set_channels(const tg_tensor inputs[2], const tg_tensor *output, tg_depthwise *p) {
    p->batches = inputs[0].dims[0];
    p->input_channels = inputs[0].dims[3];
    p->output_channels = inputs[1].dims[3];
    p->multiplier = p->output_channels / p->input_channels;
    p->input_zero = inputs[0].zero_point;
    p->output_zero = output->zero_point;
}

bool tg_prepare_depthwise(tg_loader *loader) {
    tg_tensor inputs[2], output, bias;
    const uint8_t *biases;
    tg_depthwise p;
    bool bound = loader->current.inputs.count == 2 || tg_has_input(loader, 2);
    if (!tg_accepted(loader, bound, "its bias is tensor -1"))
        return false;
    if (!tg_open_weighted(loader, inputs, &output) || !expect_shapes(loader, inputs, &output))
        return false;
    set_channels(inputs, &output, &p);
    if (!tg_expect_filter_scales(loader, &inputs[1], p.output_channels) ||
        !tg_open_bias(loader, p.output_channels, &bias, &biases))
        return false;
    if (!tg_spans_open(loader, inputs, &output, TG_DEPTHWISE_DILATION_W, &p.height, &p.width) ||
        !tg_activation(loader, TG_DEPTHWISE_ACTIVATION, &output, &p.range))
        return false;
    uint32_t bytes = (uint32_t)sizeof p + tg_channels_bytes(p.output_channels);
    tg_node *node = tg_new_node(loader, inputs, 2, &output, bytes, TG_DSP ? tg_depthwise_dsp_scratch(&p) : 0);
    if (!node)
        return false;
    tg_depthwise *kept = tg_parameters(node);
    *kept = p;
    tg_weights weights = {p.output_channels, p.height.filter * p.width.filter, 1, p.output_channels};
    tg_fill_channels(loader, kept->table, inputs, &output, biases, &weights);
    tg_channels channels = tg_channels_at(kept->table, p.output_channels);
    kept->fast = TG_DSP && p.multiplier == 1 && p.output_channels >= 4 &&
                 tg_channels_are_fast(&channels, p.output_channels, p.input_zero, p.output_zero, p.range);
    return true;
}

/* One row of taps of one channel; `row` is NULL where it lies outside the image. */
static int32_t filter_row(const tg_depthwise *p, const int8_t *row, int32_t left, const int8_t *w) {
    int32_t sum = 0;
    for (int32_t kx = 0; kx < p->width.filter; kx++, w += p->output_channels) {
        int32_t x = left + kx * p->width.dilation;
        bool inside = row && x >= 0 && x < p->width.input;
        sum = tg_wrap_add(sum, tg_wrap_mul(inside ? row[x * p->input_channels] : p->input_zero, *w));
    }
    return sum;
}

static int32_t filter_window(const tg_depthwise_run *run, int32_t top, int32_t left, int32_t channel) {
    const tg_depthwise *p = run->shape;
    int32_t sum = run->channels.bias[channel];
    const int8_t *image = run->image + channel / p->multiplier, *w = run->filter + channel;
    for (int32_t ky = 0; ky < p->height.filter; ky++, w += p->width.filter * p->output_channels) {
        int32_t y = top + ky * p->height.dilation;
        bool inside = y >= 0 && y < p->height.input;
        sum = tg_wrap_add(sum, filter_row(p, inside ? image + y * p->width.input * p->input_channels : 0, left, w));
    }
    return sum;
}

static void depthwise_pixel(const tg_depthwise_run *run, int32_t top, int32_t left, int8_t *y) {
    const tg_depthwise *p = run->shape;
    for (int32_t c = 0; c < p->output_channels; c++) {
        int32_t value = tg_rescale(filter_window(run, top, left, c), tg_channel_multiplier(&run->channels, c));
        y[c] = (int8_t)tg_clamp(tg_wrap_add(value, p->output_zero), p->range.low, p->range.high);
    }
}

static void depthwise_image(const tg_depthwise_run *run, int8_t *y) {
    const tg_depthwise *p = run->shape;
    for (int32_t oy = 0; oy < p->height.output; oy++) {
        for (int32_t ox = 0; ox < p->width.output; ox++, y += p->output_channels) {
            depthwise_pixel(run, tg_span_origin(&p->height, oy), tg_span_origin(&p->width, ox), y);
        }
    }
}

void tg_run_depthwise(const tg_engine *engine, const tg_node *node) {
    const tg_depthwise *p = tg_node_parameters(node);
    tg_depthwise_run run = {p, tg_channels_at(p->table, p->output_channels),
                            (const int8_t *)tg_node_input(engine, node, 0),
                            (const int8_t *)tg_node_input(engine, node, 1)};
    int8_t *y = (int8_t *)tg_node_output(engine, node);
    for (int32_t b = 0; b < p->batches; b++) {
#if TG_DSP
        if (p->fast)
            tg_depthwise_dsp_image(&run, y, tg_node_scratch(engine, node));
        else
#endif
            depthwise_image(&run, y);
        run.image += p->height.input * p->width.input * p->input_channels;
        y += p->height.output * p->width.output * p->output_channels;
    }
}
