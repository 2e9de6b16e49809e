/* span.h: one spatial axis of a sliding window. */
#ifndef TG_SPAN_H
#define TG_SPAN_H
#include "loader.h"

typedef struct {
    int32_t input, filter, output; /* cells */
    int32_t stride, dilation, pad; /* pad: cells before the image */
} tg_span;

/* Fills in `span->pad` from the padding mode (TG_PADDING_SAME or _VALID); all other members are set by the caller and
 * checked here. */
bool tg_span_settle(tg_loader *loader, tg_span *span, int32_t padding);

/* Fills in and settles both axes of a convolution from input, filter and output; its stride and padding options have
 * the ids of CONV_2D, and the option of the vertical dilation follows that of the horizontal one, `dilation_w`. */
bool tg_spans_open(tg_loader *loader, const tg_tensor inputs[2], const tg_tensor *output, uint32_t dilation_w,
                   tg_span *height, tg_span *width);

/* Position in the input of the window's first cell. */
static inline int32_t tg_span_origin(const tg_span *span, int32_t output) {
    return output * span->stride - span->pad;
}
#endif
