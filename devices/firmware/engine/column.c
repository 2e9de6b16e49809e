#include "column.h"

#include "dsp.h"

#if TG_DSP

static bool is_one_tap(const tg_conv *p) {
    return p->height.filter == 1 && p->width.filter == 1;
}

/* Rows of taps are runs of whole words. */
static bool in_words(const tg_conv *p) {
    return p->input_channels % 4 == 0 && p->width.dilation == 1;
}

static uint32_t rounded4(int32_t count) {
    return ((uint32_t)count + 3u) & ~3u;
}

static int32_t taps_of(const tg_conv *p) {
    return p->height.filter * p->width.filter * p->input_channels;
}

uint32_t tg_column_bytes(const tg_conv *shape) {
    uint32_t taps = rounded4(taps_of(shape));
    return taps * 2u * TG_COLUMN_PIXELS + (is_one_tap(shape) || in_words(shape) ? 0u : taps);
}

tg_column tg_column_open(const tg_conv *shape, const int8_t *image, uint8_t *scratch) {
    uint32_t *words = (uint32_t *)(void *)scratch;
    int32_t taps = taps_of(shape);
    tg_column column = {shape, image, words, (int8_t *)(words + rounded4(taps)), taps, tg_spread4(shape->input_zero)};
    return column;
}

/* ---- into words ---- */

static inline uint32_t *widen(uint32_t *to, const int8_t *from, int32_t count) {
    for (const int8_t *end = from + count; from != end; from += 4, to += TG_COLUMN_WORDS) {
        uint32_t word = tg_load4(from);
        to[0] = tg_even16(word);
        to[1] = tg_odd16(word);
    }
    return to;
}

static uint32_t *widen_same(uint32_t *to, uint32_t word, int32_t count) {
    uint32_t pair = tg_even16(word);
    for (; count > 0; count -= 4, to += TG_COLUMN_WORDS)
        to[0] = to[1] = pair;
    return to;
}

static void widen_any(uint32_t *to, const int8_t *from, int32_t count) {
    int32_t whole = count & ~3;
    uint32_t rest = 0;
    to = widen(to, from, whole);
    for (int32_t i = whole; i < count; i++)
        rest |= (uint32_t)(uint8_t)from[i] << (8 * (i - whole));
    if (whole != count)
        widen(to, (const int8_t *)&rest, 4);
}

/* ---- the rows of a window ---- */

/* How many taps of a row, without dilation, lie before the image, in it and after it. */
typedef struct {
    int32_t before, inside, after;
} split;

static split split_row(const tg_span *width, int32_t left) {
    int32_t before = left < 0 ? -left : 0, over = left + width->filter - width->input, after = over > 0 ? over : 0;
    if (before > width->filter)
        before = width->filter;
    if (after > width->filter - before)
        after = width->filter - before;
    split parts = {before, width->filter - before - after, after};
    return parts;
}

/* Row y of the image, NULL where there is none. */
static const int8_t *row_at(const tg_column *column, int32_t y) {
    const tg_conv *p = column->shape;
    return y >= 0 && y < p->height.input ? column->image + y * p->width.input * p->input_channels : 0;
}

static void widen_window(const tg_column *column, uint32_t *to, int32_t top, int32_t left) {
    const tg_conv *p = column->shape;
    int32_t channels = p->input_channels;
    split parts = split_row(&p->width, left);
    for (int32_t ky = 0; ky < p->height.filter; ky++) {
        const int8_t *row = row_at(column, top + ky * p->height.dilation);
        if (!row) {
            to = widen_same(to, column->outside, p->width.filter * channels);
            continue;
        }
        if (parts.before)
            to = widen_same(to, column->outside, parts.before * channels);
        to = widen(to, row + (left + parts.before) * channels, parts.inside * channels);
        if (parts.after)
            to = widen_same(to, column->outside, parts.after * channels);
    }
}

/* ---- into bytes ---- */

static inline int8_t *copy(int8_t *to, const int8_t *from, int32_t count) {
    for (; count >= 4; count -= 4, from += 4, to += 4) {
        uint32_t word = tg_load4(from);
        memcpy(to, &word, sizeof word);
    }
    for (; count > 0; count--)
        *to++ = *from++;
    return to;
}

static int8_t *repeat(int8_t *to, uint32_t byte, int32_t count) {
    for (; count > 0; count--)
        *to++ = (int8_t)byte;
    return to;
}

static int8_t *gather_row(const tg_column *column, int8_t *to, const int8_t *row, int32_t left) {
    int32_t channels = column->shape->input_channels;
    split parts = split_row(&column->shape->width, left);
    to = repeat(to, column->outside, parts.before * channels);
    to = copy(to, row + (left + parts.before) * channels, parts.inside * channels);
    return repeat(to, column->outside, parts.after * channels);
}

static int8_t *gather_dilated_row(const tg_column *column, int8_t *to, const int8_t *row, int32_t left) {
    const tg_span *width = &column->shape->width;
    int32_t channels = column->shape->input_channels;
    for (int32_t kx = 0, x = left; kx < width->filter; kx++, x += width->dilation) {
        bool inside = x >= 0 && x < width->input;
        to = inside ? copy(to, row + x * channels, channels) : repeat(to, column->outside, channels);
    }
    return to;
}

static void gather_window(const tg_column *column, int32_t top, int32_t left) {
    const tg_conv *p = column->shape;
    int8_t *to = column->bytes;
    for (int32_t ky = 0; ky < p->height.filter; ky++) {
        const int8_t *row = row_at(column, top + ky * p->height.dilation);
        if (!row)
            to = repeat(to, column->outside, p->width.filter * p->input_channels);
        else
            to = p->width.dilation == 1 ? gather_row(column, to, row, left) : gather_dilated_row(column, to, row, left);
    }
}

/* The whole window lies in the image and its rows are runs: no tap needs a test. */
static bool is_interior(const tg_conv *p, int32_t top, int32_t left) {
    return p->width.dilation == 1 && top >= 0 && left >= 0 && left + p->width.filter <= p->width.input &&
           top + (p->height.filter - 1) * p->height.dilation < p->height.input;
}

static void fill_interior(const tg_column *column, uint32_t *to, int32_t top, int32_t left) {
    const tg_conv *p = column->shape;
    int32_t channels = p->input_channels, run = p->width.filter * channels, line = p->width.input * channels;
    const int8_t *from = column->image + top * line + left * channels;
    int32_t step = line * p->height.dilation;
    if (in_words(p)) {
        for (int32_t ky = p->height.filter; ky > 0; ky--, from += step)
            to = widen(to, from, run);
        return;
    }
    int8_t *bytes = column->bytes;
    for (int32_t ky = p->height.filter; ky > 0; ky--, from += step)
        bytes = copy(bytes, from, run);
    widen_any(to, column->bytes, column->taps);
}

void tg_column_fill(const tg_column *column, int32_t pixel, int32_t oy, int32_t ox) {
    const tg_conv *p = column->shape;
    uint32_t *to = column->words + 2 * pixel;
    int32_t top = tg_span_origin(&p->height, oy), left = tg_span_origin(&p->width, ox);
    if (is_one_tap(p)) {
        widen_any(to, column->image + (top * p->width.input + left) * p->input_channels, column->taps);
    } else if (is_interior(p, top, left)) {
        fill_interior(column, to, top, left);
    } else if (in_words(p)) {
        widen_window(column, to, top, left);
    } else {
        gather_window(column, top, left);
        widen_any(to, column->bytes, column->taps);
    }
}

#else
typedef int tg_column_is_empty;
#endif
