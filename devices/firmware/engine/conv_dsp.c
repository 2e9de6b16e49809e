/* conv_dsp.c: CONV_2D with two 16-bit products an instruction: two pixels by two channels at a time.
 *
 * The windows of two neighbouring pixels are widened to 16 bits into one column, four taps at a time:
 * pixel 0 taps (0, 2), pixel 0 taps (1, 3), pixel 1 taps (0, 2), pixel 1 taps (1, 3) - the order in which weights come out of tg_even16 and tg_odd16.
 * Taps outside the image are the input's zero point, for which the folded bias makes up.
 */
#include "conv.h"
#include "dsp.h"

#if TG_DSP

#define PIXELS 2

typedef struct {
    const tg_conv_run *run;
    const int8_t *image;
    uint32_t *column; /* 4 words for 4 taps of two pixels */
    int8_t *bytes;    /* one window, where its runs are no multiple of 4 */
    int32_t taps;     /* of a window */
    uint32_t outside; /* four zero points */
} job;

static int32_t taps_of(const tg_conv *p) { return p->height.filter * p->width.filter * p->input_channels; }

static bool in_one_run(const tg_conv *p) { return p->height.filter == 1 && p->width.filter == 1; }

/* Rows of taps are runs of whole words. */
static bool in_words(const tg_conv *p) { return p->input_channels % 4 == 0 && p->width.dilation == 1; }

static uint32_t rounded4(int32_t count) { return ((uint32_t)count + 3u) & ~3u; }

uint32_t tg_conv_dsp_scratch(const tg_conv *shape) {
    uint32_t taps = rounded4(taps_of(shape));
    return taps * 2u * PIXELS + (in_one_run(shape) || in_words(shape) ? 0u : taps);
}

/* ---- columns ---- */

/* Widen `count` bytes (a multiple of 4) into every other pair of words from `to`. */
static uint32_t *widen(uint32_t *to, const int8_t *from, int32_t count) {
    for (const int8_t *end = from + count; from != end; from += 4, to += 2 * PIXELS) {
        uint32_t word = tg_load4(from);
        to[0] = tg_even16(word);
        to[1] = tg_odd16(word);
    }
    return to;
}

static uint32_t *widen_same(uint32_t *to, uint32_t word, int32_t count) {
    uint32_t pair = tg_even16(word);
    for (; count > 0; count -= 4, to += 2 * PIXELS) to[0] = to[1] = pair;
    return to;
}

static void widen_rest(uint32_t *to, const int8_t *from, int32_t count) {
    uint32_t word = 0;
    for (int32_t i = 0; i < count; i++) word |= (uint32_t)(uint8_t)from[i] << (8 * i);
    if (count) widen(to, (const int8_t *)&word, 4);
}

static void widen_all(uint32_t *to, const int8_t *from, int32_t count) {
    int32_t whole = count & ~3;
    widen_rest(widen(to, from, whole), from + whole, count - whole);
}

/* The part of a row of taps that lies inside the image, dilation 1: taps before it, in it and after it. */
typedef struct {
    int32_t before, inside, after;
} split;

static split split_row(const tg_span *width, int32_t left) {
    int32_t before = left < 0 ? -left : 0, over = left + width->filter - width->input, after = over > 0 ? over : 0;
    if (before > width->filter) before = width->filter;
    if (after > width->filter - before) after = width->filter - before;
    split parts = {before, width->filter - before - after, after};
    return parts;
}

static const int8_t *row_at(const job *j, int32_t y) {
    const tg_conv *p = j->run->shape;
    return y >= 0 && y < p->height.input ? j->image + y * p->width.input * p->input_channels : 0;
}

/* A window of a multiple of 4 channels, without dilation along the width. */
static void widen_window(const job *j, uint32_t *to, int32_t top, int32_t left) {
    const tg_conv *p = j->run->shape;
    int32_t channels = p->input_channels;
    split parts = split_row(&p->width, left);
    for (int32_t ky = 0; ky < p->height.filter; ky++) {
        const int8_t *row = row_at(j, top + ky * p->height.dilation);
        if (!row) {
            to = widen_same(to, j->outside, p->width.filter * channels);
            continue;
        }
        to = widen_same(to, j->outside, parts.before * channels);
        to = widen(to, row + (left + parts.before) * channels, parts.inside * channels);
        to = widen_same(to, j->outside, parts.after * channels);
    }
}

/* Any window, tap by tap. */
static void gather_window(const job *j, int32_t top, int32_t left) {
    const tg_conv *p = j->run->shape;
    int32_t channels = p->input_channels;
    int8_t *to = j->bytes;
    for (int32_t ky = 0; ky < p->height.filter; ky++) {
        const int8_t *row = row_at(j, top + ky * p->height.dilation);
        for (int32_t kx = 0; kx < p->width.filter; kx++) {
            int32_t x = left + kx * p->width.dilation;
            bool inside = row && x >= 0 && x < p->width.input;
            const int8_t *from = inside ? row + x * channels : 0;
            for (int32_t c = 0; c < channels; c++) *to++ = from ? from[c] : (int8_t)j->outside;
        }
    }
}

static void fill_column(const job *j, uint32_t *to, int32_t oy, int32_t ox) {
    const tg_conv *p = j->run->shape;
    int32_t top = tg_span_origin(&p->height, oy), left = tg_span_origin(&p->width, ox);
    if (in_one_run(p)) {
        widen_all(to, j->image + (top * p->width.input + left) * p->input_channels, j->taps);
    } else if (in_words(p)) {
        widen_window(j, to, top, left);
    } else {
        gather_window(j, top, left);
        widen_all(to, j->bytes, j->taps);
    }
}

/* ---- products ---- */

/* Sums of pixel 0 and 1 with channel a, then with channel b. */
typedef struct {
    int32_t a0, a1, b0, b1;
} block;

static inline block block_step(block sums, const uint32_t *column, uint32_t a, uint32_t b) {
    uint32_t x0 = column[0], x1 = column[1], x2 = column[2], x3 = column[3];
    uint32_t even = tg_even16(a), odd = tg_odd16(a);
    sums.a0 = tg_dot16(x1, odd, tg_dot16(x0, even, sums.a0));
    sums.a1 = tg_dot16(x3, odd, tg_dot16(x2, even, sums.a1));
    even = tg_even16(b);
    odd = tg_odd16(b);
    sums.b0 = tg_dot16(x1, odd, tg_dot16(x0, even, sums.b0));
    sums.b1 = tg_dot16(x3, odd, tg_dot16(x2, even, sums.b1));
    return sums;
}

/* Up to three bytes: a filter may end where the file does. */
static uint32_t load_rest(const int8_t *from, int32_t count) {
    uint32_t word = (uint8_t)from[0];
    if (count > 1) word |= (uint32_t)(uint8_t)from[1] << 8;
    if (count > 2) word |= (uint32_t)(uint8_t)from[2] << 16;
    return word;
}

static inline block multiply(block sums, const uint32_t *column, const int8_t *a, const int8_t *b, int32_t taps) {
    for (const int8_t *end = a + (taps & ~3); a != end; a += 4, b += 4, column += 4) sums = block_step(sums, column, tg_load4(a), tg_load4(b));
    if (taps & 3) sums = block_step(sums, column, load_rest(a, taps & 3), load_rest(b, taps & 3));
    return sums;
}

static inline int8_t output_of(const tg_conv_run *run, int32_t sum, int32_t channel, int plain) {
    const tg_conv *p = run->shape;
    return tg_fast_requantize(sum, run->channels.doubled[channel], run->channels.right[channel], p->output_zero, p->range.low, p->range.high, plain);
}

/* Two pixels, all channels; y1 may be y0 where there is only one pixel left: it is written first. */
static inline void multiply_pixels(const job *j, int8_t *y0, int8_t *y1, int plain) {
    const tg_conv_run *run = j->run;
    int32_t channels = run->shape->output_channels;
    const int8_t *filter = run->filter;
    for (int32_t c = 0; c < channels; c += 2, filter += 2 * j->taps) {
        int32_t second = c + 1 < channels ? 1 : 0;
        int32_t bias_a = run->channels.bias[c], bias_b = run->channels.bias[c + second];
        block sums = {bias_a, bias_a, bias_b, bias_b};
        sums = multiply(sums, j->column, filter, filter + second * j->taps, j->taps);
        y1[c] = output_of(run, sums.a1, c, plain);
        y0[c] = output_of(run, sums.a0, c, plain);
        if (!second) break;
        y1[c + 1] = output_of(run, sums.b1, c + 1, plain);
        y0[c + 1] = output_of(run, sums.b0, c + 1, plain);
    }
}

void tg_conv_dsp_image(const tg_conv_run *run, const int8_t *image, int8_t *y, uint8_t *scratch) {
    const tg_conv *p = run->shape;
    int32_t taps = taps_of(p), pixels = p->height.output * p->width.output;
    uint32_t *column = (uint32_t *)(void *)scratch;
    job j = {run, image, column, (int8_t *)(column + rounded4(taps)), taps, tg_spread4(p->input_zero)};
    bool plain = p->range.low == -128 && p->range.high == 127;
    for (int32_t pixel = 0, oy = 0, ox = 0; pixel < pixels; pixel += PIXELS, y += PIXELS * p->output_channels) {
        for (int32_t k = 0; k < PIXELS && pixel + k < pixels; k++) {
            fill_column(&j, column + 2 * k, oy, ox);
            if (++ox == p->width.output) {
                ox = 0;
                oy++;
            }
        }
        int8_t *y1 = pixel + 1 < pixels ? y + p->output_channels : y;
        if (plain) multiply_pixels(&j, y, y1, 1);
        else multiply_pixels(&j, y, y1, 0);
    }
}

#else
typedef int tg_conv_dsp_is_empty;
#endif
