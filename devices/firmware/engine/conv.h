/* conv.h: CONV_2D as it lies in its node. */
#ifndef TG_CONV_H
#define TG_CONV_H
#include "channels.h"
#include "span.h"

typedef struct {
    tg_span height, width;
    int32_t batches;
    int32_t input_channels, output_channels;
    int32_t group_inputs, group_outputs; /* channels of one group */
    int32_t input_zero, output_zero;
    tg_range range;
    bool fast;       /* tg_run_conv_dsp may run it */
    int32_t table[]; /* channels.h */
} tg_conv;

/* The tensors of one run. */
typedef struct {
    const tg_conv *shape;
    tg_channels channels;
    const int8_t *filter;
} tg_conv_run;

static inline int8_t tg_conv_output(const tg_conv_run *run, int32_t channel, int32_t sum) {
    const tg_conv *p = run->shape;
    int32_t y = tg_wrap_add(tg_rescale(sum, tg_channel_multiplier(&run->channels, channel)), p->output_zero);
    return (int8_t)tg_clamp(y, p->range.low, p->range.high);
}

/* The same for cores with the DSP extension (conv_dsp.c); both read one table. */
void tg_conv_dsp_image(const tg_conv_run *run, const int8_t *image, int8_t *y, uint8_t *scratch);
#endif
