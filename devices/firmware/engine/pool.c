/* pool.c: MAX_POOL_2D and AVERAGE_POOL_2D over windows clipped to the image. */
#include "dsp.h"
#include "kernels.h"
#include "span.h"

typedef struct {
    tg_span height, width;
    int32_t batches, channels;
    tg_range range;
} pool;

static bool expect_same_quantization(tg_loader *loader, const tg_tensor *input, const tg_tensor *output) {
    float difference = input->scale - output->scale;
    bool same = difference <= 1e-6f && -difference <= 1e-6f && input->zero_point == output->zero_point;
    return tg_accepted(loader, same, "input and output differ in quantization");
}

static bool settle_spans(tg_loader *loader, const tg_tensor *input, const tg_tensor *output, pool *p) {
    int32_t padding = tg_option_i8(loader, TG_POOL_PADDING, TG_PADDING_SAME);
    tg_span height = {input->dims[1],
                      tg_option_i32(loader, TG_POOL_FILTER_H, 0),
                      output->dims[1],
                      tg_option_i32(loader, TG_POOL_STRIDE_H, 0),
                      1,
                      0};
    tg_span width = {input->dims[2],
                     tg_option_i32(loader, TG_POOL_FILTER_W, 0),
                     output->dims[2],
                     tg_option_i32(loader, TG_POOL_STRIDE_W, 0),
                     1,
                     0};
    p->height = height;
    p->width = width;
    return tg_span_settle(loader, &p->height, padding) && tg_span_settle(loader, &p->width, padding);
}

/* The maximum is bounded in 8 bits, which shows where a zero point lies outside them. */
static tg_range range_of(int32_t builtin, tg_range range) {
    tg_range narrow = {(int8_t)range.low, (int8_t)range.high};
    return builtin == TG_OP_MAX_POOL_2D ? narrow : range;
}

bool tg_prepare_pool(tg_loader *loader) {
    tg_tensor input, output;
    pool p;
    if (!tg_open_unary(loader, &input, &output) || !expect_same_quantization(loader, &input, &output))
        return false;
    if (!tg_well_formed(loader, input.rank == 4 && output.rank == 4, "input and output must have 4 dimensions"))
        return false;
    bool same = input.dims[0] == output.dims[0] && input.dims[3] == output.dims[3];
    if (!tg_well_formed(loader, same, "input and output differ in batch or channels"))
        return false;
    if (!settle_spans(loader, &input, &output, &p) || !tg_activation(loader, TG_POOL_ACTIVATION, &output, &p.range))
        return false;
    p.range = range_of(loader->current.builtin, p.range);
    p.batches = input.dims[0];
    p.channels = input.dims[3];
    tg_node *node = tg_new_node(loader, &input, 1, &output, sizeof p, 0);
    if (!node)
        return false;
    *(pool *)tg_parameters(node) = p;
    return true;
}

/* The part of a window that lies inside the image: rows x columns cells, the first at `first`. */
typedef struct {
    const int8_t *first;
    int32_t rows, columns;
    int32_t row_step, column_step;
} window;

static int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}
static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static window window_at(const pool *p, const int8_t *image, int32_t oy, int32_t ox) {
    int32_t top = tg_span_origin(&p->height, oy), left = tg_span_origin(&p->width, ox);
    int32_t bottom = smaller(top + p->height.filter, p->height.input),
            right = smaller(left + p->width.filter, p->width.input);
    int32_t y = larger(top, 0), x = larger(left, 0);
    window inside = {image + (y * p->width.input + x) * p->channels, bottom - y, right - x,
                     p->width.input * p->channels, p->channels};
    return inside;
}

typedef int32_t (*reduction)(const window *inside, int32_t channel);

static int32_t largest(const window *inside, int32_t channel) {
    int32_t result = -128;
    for (int32_t y = 0; y < inside->rows; y++) {
        const int8_t *cell = inside->first + channel + y * inside->row_step;
        for (int32_t x = 0; x < inside->columns; x++, cell += inside->column_step)
            result = larger(result, *cell);
    }
    return result;
}

/* Of the bytes as they are, without the zero point; rounded half away from zero. */
static int32_t average(const window *inside, int32_t channel) {
    int32_t sum = 0, cells = inside->rows * inside->columns;
    for (int32_t y = 0; y < inside->rows; y++) {
        const int8_t *cell = inside->first + channel + y * inside->row_step;
        for (int32_t x = 0; x < inside->columns; x++, cell += inside->column_step)
            sum += *cell;
    }
    return sum > 0 ? (sum + cells / 2) / cells : (sum - cells / 2) / cells;
}

#if TG_DSP

/* The maxima of four channels. */
static uint32_t largest_of_four(const window *inside, const int8_t *row) {
    uint32_t result = tg_load4(row);
    for (int32_t y = inside->rows; y > 0; y--, row += inside->row_step) {
        const int8_t *cell = row;
        for (int32_t x = inside->columns; x > 0; x--, cell += inside->column_step)
            result = tg_max8(result, tg_load4(cell));
    }
    return result;
}

/* Returns how many channels it has done: all but up to 3. */
static int32_t largest_by_four(const window *inside, int32_t channels, int8_t *y) {
    int32_t whole = channels & ~3;
    for (int32_t c = 0; c < whole; c += 4) {
        uint32_t four = largest_of_four(inside, inside->first + c);
        memcpy(y + c, &four, sizeof four);
    }
    return whole;
}

#endif

static void pool_image(const pool *p, const int8_t *image, int8_t *y, reduction reduce) {
    for (int32_t oy = 0; oy < p->height.output; oy++) {
        for (int32_t ox = 0; ox < p->width.output; ox++, y += p->channels) {
            window inside = window_at(p, image, oy, ox);
            int32_t c = 0;
#if TG_DSP
            if (reduce == largest && p->range.low == -128 && p->range.high == 127)
                c = largest_by_four(&inside, p->channels, y);
#endif
            for (; c < p->channels; c++)
                y[c] = (int8_t)tg_clamp(reduce(&inside, c), p->range.low, p->range.high);
        }
    }
}

static void run(const tg_engine *engine, const tg_node *node, reduction reduce) {
    const pool *p = tg_node_parameters(node);
    const int8_t *x = (const int8_t *)tg_node_input(engine, node, 0);
    int8_t *y = (int8_t *)tg_node_output(engine, node);
    int32_t input_bytes = p->height.input * p->width.input * p->channels,
            output_bytes = p->height.output * p->width.output * p->channels;
    for (int32_t b = 0; b < p->batches; b++)
        pool_image(p, x + b * input_bytes, y + b * output_bytes, reduce);
}

void tg_run_average_pool(const tg_engine *engine, const tg_node *node) {
    run(engine, node, average);
}

void tg_run_max_pool(const tg_engine *engine, const tg_node *node) {
    run(engine, node, largest);
}
