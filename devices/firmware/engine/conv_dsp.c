/* conv_dsp.c: CONV_2D with two 16-bit products an instruction: two pixels by two channels at a time, from the columns
 * of column.h. */
#include "column.h"
#include "dsp.h"

#if TG_DSP

/* Sums of pixels 0 and 1 with channel a, then with channel b. */
typedef struct {
    int32_t a0, a1, b0, b1;
} block;

#if defined(__ARM_FEATURE_SIMD32)

/* Four taps: x in r0, channel a in r1 and b in r2, sums in r8 to r11. */
#define STEP                                                                                                           \
    "ldmia r0!, {r4-r7}\n\t"                                                                                           \
    "ldr lr, [r1], #4\n\t"                                                                                             \
    "sxtb16 r12, lr\n\t"                                                                                               \
    "sxtb16 lr, lr, ror #8\n\t"                                                                                        \
    "smlad r8, r4, r12, r8\n\t"                                                                                        \
    "smlad r9, r6, r12, r9\n\t"                                                                                        \
    "smlad r8, r5, lr, r8\n\t"                                                                                         \
    "smlad r9, r7, lr, r9\n\t"                                                                                         \
    "ldr lr, [r2], #4\n\t"                                                                                             \
    "sxtb16 r12, lr\n\t"                                                                                               \
    "sxtb16 lr, lr, ror #8\n\t"                                                                                        \
    "smlad r10, r4, r12, r10\n\t"                                                                                      \
    "smlad r11, r6, r12, r11\n\t"                                                                                      \
    "smlad r10, r5, lr, r10\n\t"                                                                                       \
    "smlad r11, r7, lr, r11\n\t"

/* Adds `fours` (at least 1) times four taps of both pixels and both channels to the sums. In assembly because it takes
 * every register. */
__attribute__((naked, noinline)) static void multiply_fours(__attribute__((unused)) const uint32_t *x,
                                                            __attribute__((unused)) const int8_t *a,
                                                            __attribute__((unused)) const int8_t *b,
                                                            __attribute__((unused)) int32_t fours,
                                                            __attribute__((unused)) block *sums) {
    __asm__("push {r4-r11, lr}\n\t"
            "ldr r12, [sp, #36]\n\t"
            "ldmia r12, {r8-r11}\n\t"
            "lsrs r3, r3, #1\n\t"
            "bcc 1f\n\t" STEP "cbz r3, 2f\n\t"
            "1:\n\t" STEP STEP "subs r3, r3, #1\n\t"
            "bne 1b\n\t"
            "2:\n\t"
            "ldr r12, [sp, #36]\n\t"
            "stmia r12, {r8-r11}\n\t"
            "pop {r4-r11, pc}\n\t");
}

#endif

static inline block multiply_word(block sums, const uint32_t *x, uint32_t a, uint32_t b) {
    uint32_t even = tg_even16(a), odd = tg_odd16(a);
    sums.a0 = tg_dot16(x[1], odd, tg_dot16(x[0], even, sums.a0));
    sums.a1 = tg_dot16(x[3], odd, tg_dot16(x[2], even, sums.a1));
    even = tg_even16(b);
    odd = tg_odd16(b);
    sums.b0 = tg_dot16(x[1], odd, tg_dot16(x[0], even, sums.b0));
    sums.b1 = tg_dot16(x[3], odd, tg_dot16(x[2], even, sums.b1));
    return sums;
}

#if !defined(__ARM_FEATURE_SIMD32)

static void multiply_fours(const uint32_t *x, const int8_t *a, const int8_t *b, int32_t fours, block *sums) {
    for (; fours; fours--, a += 4, b += 4, x += TG_COLUMN_WORDS)
        *sums = multiply_word(*sums, x, tg_load4(a), tg_load4(b));
}

#endif

/* Up to three bytes: a filter may end where the file does. */
static uint32_t load_rest(const int8_t *from, int32_t count) {
    uint32_t word = (uint8_t)from[0];
    if (count > 1)
        word |= (uint32_t)(uint8_t)from[1] << 8;
    if (count > 2)
        word |= (uint32_t)(uint8_t)from[2] << 16;
    return word;
}

/* The last one to three taps. Apart, so that its registers do not burden the loop over the channels. */
__attribute__((noinline)) static void multiply_rest(const uint32_t *x, const int8_t *a, const int8_t *b, int32_t rest,
                                                    block *sums) {
    *sums = multiply_word(*sums, x, load_rest(a, rest), load_rest(b, rest));
}

static inline void multiply(const uint32_t *x, const int8_t *a, const int8_t *b, int32_t taps, block *sums) {
    int32_t whole = taps & ~3, rest = taps & 3;
    if (whole)
        multiply_fours(x, a, b, whole / 4, sums);
    if (rest)
        multiply_rest(x + whole, a + whole, b + whole, rest, sums);
}

/* What every output needs, in registers: stores of int8 might change anything behind a pointer. */
typedef struct {
    tg_channels channels;
    int32_t zero, low, high;
    int8_t *y0, *y1;
} sink;

/* Both pixels of channel c, the second one first: where only one pixel is left, y1 is y0. */
static inline void write(sink to, int32_t c, int32_t sum0, int32_t sum1, int plain) {
    int32_t doubled = to.channels.doubled[c], right = to.channels.right[c];
    to.y1[c] = tg_fast_requantize(sum1, doubled, right, to.zero, to.low, to.high, plain);
    to.y0[c] = tg_fast_requantize(sum0, doubled, right, to.zero, to.low, to.high, plain);
}

static inline __attribute__((always_inline)) void multiply_pixels(const tg_conv_run *run, const tg_column *column,
                                                                  int8_t *y0, int8_t *y1, int plain) {
    const tg_conv *p = run->shape;
    const sink to = {run->channels, p->output_zero, p->range.low, p->range.high, y0, y1};
    const int32_t channels = p->output_channels, taps = column->taps;
    const uint32_t *words = column->words;
    const int8_t *filter = run->filter;
    int32_t c = 0;
    for (; c + 1 < channels; c += 2, filter += 2 * taps) {
        int32_t a = to.channels.bias[c], b = to.channels.bias[c + 1];
        block sums = {a, a, b, b};
        multiply(words, filter, filter + taps, taps, &sums);
        write(to, c, sums.a0, sums.a1, plain);
        write(to, c + 1, sums.b0, sums.b1, plain);
    }
    if (c == channels)
        return;
    int32_t a = to.channels.bias[c];
    block sums = {a, a, a, a};
    multiply(words, filter, filter, taps, &sums);
    write(to, c, sums.a0, sums.a1, plain);
}

__attribute__((noinline)) static void multiply_plain(const tg_conv_run *run, const tg_column *column, int8_t *y0,
                                                     int8_t *y1) {
    multiply_pixels(run, column, y0, y1, 1);
}

__attribute__((noinline)) static void multiply_bounded(const tg_conv_run *run, const tg_column *column, int8_t *y0,
                                                       int8_t *y1) {
    multiply_pixels(run, column, y0, y1, 0);
}

void tg_conv_dsp_image(const tg_conv_run *run, const int8_t *image, int8_t *y, uint8_t *scratch) {
    const tg_conv *p = run->shape;
    tg_column column = tg_column_open(p, image, scratch);
    int32_t pixels = p->height.output * p->width.output;
    bool plain = p->range.low == -128 && p->range.high == 127;
    for (int32_t pixel = 0, oy = 0, ox = 0; pixel < pixels;
         pixel += TG_COLUMN_PIXELS, y += TG_COLUMN_PIXELS * p->output_channels) {
        for (int32_t k = 0; k < TG_COLUMN_PIXELS && pixel + k < pixels; k++) {
            tg_column_fill(&column, k, oy, ox);
            if (++ox < p->width.output)
                continue;
            ox = 0;
            oy++;
        }
        int8_t *y1 = pixel + 1 < pixels ? y + p->output_channels : y;
        if (plain)
            multiply_plain(run, &column, y, y1);
        else
            multiply_bounded(run, &column, y, y1);
    }
}

#else
typedef int tg_conv_dsp_is_empty;
#endif
