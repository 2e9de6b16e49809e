/* channels.h: what a convolution knows of each output channel: the bias with the input's zero point folded in, and the
 * multiplier.
 *
 * sum W * (X - Zi) + bias = sum W * X + (bias - Zi * sum W), exactly, mod 2^32. A tap outside the image counts as X =
 * Zi.
 */
#ifndef TG_CHANNELS_H
#define TG_CHANNELS_H
#include "loader.h"

/* Three arrays of `count` follow one another in memory: int32 folded biases, int32 multipliers doubled mod 2^32 (as
 * dsp.h wants them), int8 right shifts. */
typedef struct {
    const int32_t *bias, *doubled;
    const int8_t *right;
} tg_channels;

/* How the weights of a channel lie: tap t of channel c at c * channel_step + t * tap_step. */
typedef struct {
    int32_t channels, taps;
    int32_t channel_step, tap_step;
} tg_weights;

static inline uint32_t tg_channels_bytes(int32_t count) {
    return 9u * (uint32_t)count;
}

static inline tg_channels tg_channels_at(const void *table, int32_t count) {
    const int32_t *words = table;
    tg_channels channels = {words, words + count, (const int8_t *)(words + 2 * count)};
    return channels;
}

static inline tg_multiplier tg_channel_multiplier(const tg_channels *channels, int32_t channel) {
    tg_multiplier multiplier = {(int32_t)((uint32_t)channels->doubled[channel] >> 1), -channels->right[channel]};
    return multiplier;
}

/* Optional input 2, checked: constant int32, `count` elements. `bias` is NULL where there is none. */
bool tg_open_bias(tg_loader *loader, int32_t count, tg_tensor *tensor, const uint8_t **bias);

/* The filter's scales: one, or `count` along the quantized dimension; all of them scales. */
bool tg_expect_filter_scales(tg_loader *loader, const tg_tensor *filter, int32_t count);

/* Input, filter and output of a convolution or a fully connected layer: int8, the filter constant, scales usable. */
bool tg_open_weighted(tg_loader *loader, tg_tensor inputs[2], tg_tensor *output);

/* Every multiplier is nonzero and shifts right, zero points and range lie in int8: what tg_fast_requantize asks for. */
bool tg_channels_are_fast(const tg_channels *channels, int32_t count, int32_t input_zero, int32_t output_zero,
                          tg_range range);

/* The multipliers alone: `count` doubled ones, then as many right shifts. */
void tg_fill_multipliers(tg_loader *loader, int32_t *doubled, const tg_tensor inputs[2], const tg_tensor *output,
                         int32_t count);

/* Fill the table. `bias` may be NULL. */
void tg_fill_channels(tg_loader *loader, void *table, const tg_tensor inputs[2], const tg_tensor *output,
                      const uint8_t *bias, const tg_weights *weights);
#endif
