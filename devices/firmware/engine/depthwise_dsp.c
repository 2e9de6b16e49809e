/* depthwise_dsp.c: DEPTHWISE_CONV_2D, four channels at a time: their weights are widened once, then every pixel passes.
 *
 * A channel count that is no multiple of 4 ends with four channels that overlap the ones before: those are computed
 * twice.
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
    sums bias;     /* with the zero point folded in, for windows inside the image */
    sums raw_bias; /* without, for windows at its border */
    uint32_t zero; /* the input's zero point in both lanes */
} job;

uint32_t tg_depthwise_dsp_scratch(const tg_depthwise *shape) {
    return (uint32_t)(shape->height.filter * shape->width.filter) * (uint32_t)sizeof(pair);
}

static inline sums tap_difference(sums s, uint32_t x, pair w, uint32_t zero) {
    uint32_t even = tg_sub16(tg_even16(x), zero), odd = tg_sub16(tg_odd16(x), zero);
    s.c0 = tg_mac_low(even, w.even, s.c0);
    s.c2 = tg_mac_high(even, w.even, s.c2);
    s.c1 = tg_mac_low(odd, w.odd, s.c1);
    s.c3 = tg_mac_high(odd, w.odd, s.c3);
    return s;
}

#if defined(__ARM_FEATURE_SIMD32)

/* One tap: x at `address`, weights from r3, sums in r8 to r11. */
#define TAP(address)                                                                                                   \
    "ldr r5, " address "\n\t"                                                                                          \
    "ldrd r6, r7, [r3], #8\n\t"                                                                                        \
    "sxtb16 r4, r5\n\t"                                                                                                \
    "sxtb16 r5, r5, ror #8\n\t"                                                                                        \
    "smlabb r8, r4, r6, r8\n\t"                                                                                        \
    "smlatt r10, r4, r6, r10\n\t"                                                                                      \
    "smlabb r9, r5, r7, r9\n\t"                                                                                        \
    "smlatt r11, r5, r7, r11\n\t"
#define ROW_OF_3 TAP("[r0]") TAP("[r0, r1]") TAP("[r0, r1, lsl #1]")

/* s[1] = s[0] + a window of 3x3 taps at x: pixels `step` bytes apart, rows `row`. In assembly: the compiler spills half
 * of it. */
__attribute__((naked, noinline)) static void window_of_3x3(__attribute__((unused)) const int8_t *x,
                                                           __attribute__((unused)) int32_t step,
                                                           __attribute__((unused)) int32_t row,
                                                           __attribute__((unused)) const pair *w,
                                                           __attribute__((unused)) sums s[2]) {
    __asm__("push {r4-r11, lr}\n\t"
            "ldr lr, [sp, #36]\n\t"
            "ldmia lr!, {r8-r11}\n\t" ROW_OF_3 "add r0, r0, r2\n\t" ROW_OF_3 "add r0, r0, r2\n\t" ROW_OF_3
            "stmia lr, {r8-r11}\n\t"
            "pop {r4-r11, pc}\n\t");
}

#else

static inline sums tap(sums s, uint32_t x, pair w) {
    uint32_t even = tg_even16(x), odd = tg_odd16(x);
    s.c0 = tg_mac_low(even, w.even, s.c0);
    s.c2 = tg_mac_high(even, w.even, s.c2);
    s.c1 = tg_mac_low(odd, w.odd, s.c1);
    s.c3 = tg_mac_high(odd, w.odd, s.c3);
    return s;
}

static void window_of_3x3(const int8_t *x, int32_t step, int32_t row, const pair *w, sums s[2]) {
    s[1] = s[0];
    for (int32_t ky = 0; ky < 3; ky++) {
        for (int32_t kx = 0; kx < 3; kx++)
            s[1] = tap(s[1], tg_load4(x + ky * row + kx * step), *w++);
    }
}

#endif

/* Taps first to end - 1 of a window that starts at `origin` lie inside the image. */
typedef struct {
    int32_t first, end;
} taps;

static inline taps taps_inside(const tg_span *span, int32_t origin) {
    int32_t end = (span->input - origin + span->dilation - 1) / span->dilation;
    taps inside = {origin < 0 ? (span->dilation - 1 - origin) / span->dilation : 0,
                   end < span->filter ? end : span->filter};
    return inside;
}

/* Only the taps inside, as differences from the zero point: those outside are then nothing. */
static sums clipped_window(const job *j, taps rows, int32_t top, int32_t left) {
    const tg_depthwise *p = j->run->shape;
    const taps columns = taps_inside(&p->width, left);
    const int32_t step = p->input_channels, stride = p->width.dilation * step;
    const uint32_t zero = j->zero;
    sums s = j->raw_bias;
    for (int32_t ky = rows.first; ky < rows.end; ky++) {
        const int8_t *x =
            j->image +
            ((top + ky * p->height.dilation) * p->width.input + left + columns.first * p->width.dilation) * step;
        const pair *w = j->weights + ky * p->width.filter + columns.first;
        for (int32_t kx = columns.first; kx < columns.end; kx++, w++, x += stride)
            s = tap_difference(s, tg_load4(x), *w, zero);
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

static bool is_inside(const tg_span *span, int32_t origin) {
    return origin >= 0 && origin + span->filter <= span->input;
}

static bool is_3x3(const tg_depthwise *p) {
    return p->height.filter == 3 && p->width.filter == 3 && p->height.dilation == 1 && p->width.dilation == 1;
}

static inline __attribute__((always_inline)) void run_row(const job *j, int32_t top, int8_t *y, int plain) {
    const tg_depthwise *p = j->run->shape;
    const tg_channels *channels = &j->run->channels;
    const scaling by = {channels->doubled + j->channel, channels->right + j->channel, p->output_zero, p->range.low,
                        p->range.high};
    const int32_t step = p->output_channels, stride = p->width.stride, end = p->width.output * stride - p->width.pad;
    const taps rows = taps_inside(&p->height, top);
    bool small = is_3x3(p) && is_inside(&p->height, top);
    sums s[2] = {j->bias, {0, 0, 0, 0}};
    for (int32_t left = -p->width.pad; left != end; left += stride, y += step) {
        const int32_t cell = (top * p->width.input + left) * step;
        if (small && is_inside(&p->width, left))
            window_of_3x3(j->image + cell, step, p->width.input * step, j->weights, s);
        else
            s[1] = clipped_window(j, rows, top, left);
        write(by, s[1], y, plain);
    }
}

static void run_plain_row(const job *j, int32_t top, int8_t *y) {
    run_row(j, top, y, 1);
}

static void run_bounded_row(const job *j, int32_t top, int8_t *y) {
    run_row(j, top, y, 0);
}

/* Widens the weights of four channels and returns their sums. */
static sums widen_weights(const tg_depthwise *p, const int8_t *filter, pair *to) {
    sums s = {0, 0, 0, 0};
    for (int32_t i = 0; i < p->height.filter * p->width.filter; i++, filter += p->output_channels) {
        uint32_t word = tg_load4(filter);
        to[i].even = tg_even16(word);
        to[i].odd = tg_odd16(word);
        s = (sums){s.c0 + filter[0], s.c1 + filter[1], s.c2 + filter[2], s.c3 + filter[3]};
    }
    return s;
}

static sums unfolded(sums bias, sums weights, int32_t zero) {
    sums raw = {
        tg_wrap_add(bias.c0, tg_wrap_mul(zero, weights.c0)), tg_wrap_add(bias.c1, tg_wrap_mul(zero, weights.c1)),
        tg_wrap_add(bias.c2, tg_wrap_mul(zero, weights.c2)), tg_wrap_add(bias.c3, tg_wrap_mul(zero, weights.c3))};
    return raw;
}

static void run_four(const tg_depthwise_run *run, int32_t channel, int8_t *y, pair *weights) {
    const tg_depthwise *p = run->shape;
    const int32_t *bias = run->channels.bias + channel;
    sums folded = {bias[0], bias[1], bias[2], bias[3]};
    sums raw = unfolded(folded, widen_weights(p, run->filter + channel, weights), p->input_zero);
    job j = {run, weights, run->image + channel, channel, folded, raw, tg_twice16(p->input_zero)};
    bool plain = p->range.low == -128 && p->range.high == 127;
    for (int32_t oy = 0; oy < p->height.output; oy++, y += p->width.output * p->output_channels) {
        if (plain)
            run_plain_row(&j, tg_span_origin(&p->height, oy), y + channel);
        else
            run_bounded_row(&j, tg_span_origin(&p->height, oy), y + channel);
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
