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
    int32_t table[]; /* channels.h */
} tg_depthwise;
#endif
