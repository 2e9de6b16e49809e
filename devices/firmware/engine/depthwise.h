/* depthwise.h: DEPTHWISE_CONV_2D as it lies in its node. */
#ifndef TG_DEPTHWISE_H
#define TG_DEPTHWISE_H
#include "channels.h"
#include "span.h"

typedef struct {
    tg_span height, width;
    int32_t batches;
    int32_t input_channels, output_channels, multiplier; /* output channel c reads input channel c / multiplier */
    int32_t input_zero, output_zero;
    tg_range range;
    bool fast;       /* tg_depthwise_dsp_image may run it */
    int32_t table[]; /* channels.h */
} tg_depthwise;

/* The tensors of one run; image: of the current batch. */
typedef struct {
    const tg_depthwise *shape;
    tg_channels channels;
    const int8_t *image, *filter;
} tg_depthwise_run;

/* For cores with the DSP extension (depthwise_dsp.c): depth multiplier 1 and 4 channels or more. */
uint32_t tg_depthwise_dsp_scratch(const tg_depthwise *shape); /* bytes */
void tg_depthwise_dsp_image(const tg_depthwise_run *run, int8_t *y, uint8_t *scratch);
#endif
