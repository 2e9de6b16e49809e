/* depthwise_dsp.c: DEPTHWISE_CONV_2D, four channels at a time: their weights are widened once, then every pixel passes.
 *
 * A channel count that is no multiple of 4 ends with four channels that overlap the ones before: those are computed twice.
 */
#include "depthwise.h"
#include "dsp.h"

#if TG_DSP

/* Channels 0 and 2, then 1 and 3, of one tap. */
typedef struct {
    uint32_t even, odd;
} pair;

typedef struct {
    int32_t c0, c1, c2, c3;
} sums;

typedef struct {
    const tg_depthwise_run *run;
    const pair *weights;
    const int8_t *image; /* at the first of the four channels */
    int32_t channel;
    sums bias;
    uint32_t outside; /* four zero points */
} job;

uint32_t tg_depthwise_dsp_scratch(const tg_depthwise *shape) {
    return (uint32_t)(shape->height.filter * shape->width.filter) * (uint32_t)sizeof(pair);
}

static inline sums tap(sums s, uint32_t x, pair w) {
    uint32_t even = tg_even16(x), odd = tg_odd16(x);
    s.c0 = tg_mac_low(even, w.even, s.c0);
    s.c2 = tg_mac_high(even, w.even, s.c2);
    s.c1 = tg_mac_low(odd, w.odd, s.c1);
    s.c3 = tg_mac_high(odd, w.odd, s.c3);
    return s;
}

static inline sums row_of_3(sums s, const int8_t *x, int32_t step, const pair *w) {
    s = tap(s, tg_load4(x), w[0]);
    s = tap(s, tg_load4(x + step), w[1]);
    return tap(s, tg_load4(x + 2 * step), w[2]);
}

static inline sums window_of_3x3(const job *j, int32_t top, int32_t left) {
    const tg_depthwise *p = j->run->shape;
    int32_t step = p->input_channels, row = p->width.input * step;
    const int8_t *x = j->image + top * row + left * step;
    sums s = row_of_3(j->bias, x, step, j->weights);
    s = row_of_3(s, x + row, step, j->weights + 3);
    return row_of_3(s, x + 2 * row, step, j->weights + 6);
}

static sums any_row(const job *j, sums s, const int8_t *row, int32_t left, const pair *w) {
    const tg_depthwise *p = j->run->shape;
    for (int32_t kx = 0, x = left; kx < p->width.filter; kx++, x += p->width.dilation) {
        bool inside = row && x >= 0 && x < p->width.input;
        s = tap(s, inside ? tg_load4(row + x * p->input_channels) : j->outside, w[kx]);
    }
    return s;
}

static sums any_window(const job *j, int32_t top, int32_t left) {
    const tg_depthwise *p = j->run->shape;
    sums s = j->bias;
    const pair *w = j->weights;
    for (int32_t ky = 0, y = top; ky < p->height.filter; ky++, y += p->height.dilation, w += p->width.filter) {
        const int8_t *row = y >= 0 && y < p->height.input ? j->image + y * p->width.input * p->input_channels : 0;
        s = any_row(j, s, row, left, w);
    }
    return s;
}

/* What every output needs, in registers: stores of int8 might change anything behind a pointer. */
typedef struct {
    const int32_t *doubled;
    const int8_t *right;
    int32_t zero, low, high;
} scaling;

static inline void write(scaling by, sums s, int8_t *y, int plain) {
    y[0] = tg_fast_requantize(s.c0, by.doubled[0], by.right[0], by.zero, by.low, by.high, plain);
    y[1] = tg_fast_requantize(s.c1, by.doubled[1], by.right[1], by.zero, by.low, by.high, plain);
    y[2] = tg_fast_requantize(s.c2, by.doubled[2], by.right[2], by.zero, by.low, by.high, plain);
    y[3] = tg_fast_requantize(s.c3, by.doubled[3], by.right[3], by.zero, by.low, by.high, plain);
}

static bool is_inside(const tg_span *span, int32_t origin) { return origin >= 0 && origin + span->filter <= span->input; }

static bool is_3x3(const tg_depthwise *p) {
    return p->height.filter == 3 && p->width.filter == 3 && p->height.dilation == 1 && p->width.dilation == 1;
}

static inline __attribute__((always_inline)) void run_row(const job *j, int32_t top, int8_t *y, int plain) {
    const tg_depthwise *p = j->run->shape;
    const tg_channels *channels = &j->run->channels;
    const scaling by = {channels->doubled + j->channel, channels->right + j->channel, p->output_zero, p->range.low, p->range.high};
    const int32_t step = p->output_channels, stride = p->width.stride, end = p->width.output * stride - p->width.pad;
    bool small = is_3x3(p) && is_inside(&p->height, top);
    for (int32_t left = -p->width.pad; left != end; left += stride, y += step) {
        bool inside = small && is_inside(&p->width, left);
        write(by, inside ? window_of_3x3(j, top, left) : any_window(j, top, left), y, plain);
    }
}

static void run_plain_row(const job *j, int32_t top, int8_t *y) { run_row(j, top, y, 1); }

static void run_bounded_row(const job *j, int32_t top, int8_t *y) { run_row(j, top, y, 0); }

static void widen_weights(const tg_depthwise *p, const int8_t *filter, pair *to) {
    for (int32_t i = 0; i < p->height.filter * p->width.filter; i++, filter += p->output_channels) {
        uint32_t word = tg_load4(filter);
        to[i].even = tg_even16(word);
        to[i].odd = tg_odd16(word);
    }
}

static void run_four(const tg_depthwise_run *run, int32_t channel, int8_t *y, pair *weights) {
    const tg_depthwise *p = run->shape;
    const int32_t *bias = run->channels.bias + channel;
    job j = {run, weights, run->image + channel, channel, {bias[0], bias[1], bias[2], bias[3]}, tg_spread4(p->input_zero)};
    bool plain = p->range.low == -128 && p->range.high == 127;
    widen_weights(p, run->filter + channel, weights);
    for (int32_t oy = 0; oy < p->height.output; oy++, y += p->width.output * p->output_channels) {
        if (plain) run_plain_row(&j, tg_span_origin(&p->height, oy), y + channel);
        else run_bounded_row(&j, tg_span_origin(&p->height, oy), y + channel);
    }
}

void tg_depthwise_dsp_image(const tg_depthwise_run *run, int8_t *y, uint8_t *scratch) {
    int32_t last = run->shape->output_channels - 4;
    for (int32_t channel = 0; channel < last + 4; channel += 4) {
        run_four(run, channel < last ? channel : last, y, (pair *)(void *)scratch);
    }
}

#else
typedef int tg_depthwise_dsp_is_empty;
#endif
