#include "span.h"

#define SPAN_LIMIT 32767 /* filter, stride, dilation: their products stay in 31 bits */

static bool in_limits(int32_t value) {
    return value >= 1 && value <= SPAN_LIMIT;
}

bool tg_span_settle(tg_loader *loader, tg_span *span, int32_t padding) {
    bool sane = in_limits(span->filter) && in_limits(span->stride) && in_limits(span->dilation);
    if (!tg_expect(loader, sane, TG_MODEL_REFUSED, "stride %d or dilation %d is out of range", span->stride,
                   span->dilation))
        return false;
    if (!tg_expect(loader, padding == TG_PADDING_SAME || padding == TG_PADDING_VALID, TG_MODEL_REFUSED,
                   "padding %d is unknown", padding, 0))
        return false;
    int32_t extent = (span->filter - 1) * span->dilation + 1;
    int32_t cells = span->input + span->stride - (padding == TG_PADDING_SAME ? 1 : extent);
    int32_t output = cells > 0 ? cells / span->stride : 0;
    int32_t total = (output - 1) * span->stride + extent - span->input;
    span->pad = total > 0 ? total / 2 : 0;
    return tg_expect(loader, output == span->output, TG_MODEL_MALFORMED,
                     "the output has %d cells on an axis that gives %d", span->output, output);
}

bool tg_spans_open(tg_loader *loader, const tg_tensor inputs[2], const tg_tensor *output, uint32_t dilation_w,
                   tg_span *height, tg_span *width) {
    const tg_tensor *input = &inputs[0], *filter = &inputs[1];
    int32_t padding = tg_option_i8(loader, TG_CONV_PADDING, TG_PADDING_SAME);
    *height = (tg_span){.input = input->dims[1],
                        .filter = filter->dims[1],
                        .output = output->dims[1],
                        .stride = tg_option_i32(loader, TG_CONV_STRIDE_H, 0),
                        .dilation = tg_option_i32(loader, dilation_w + 1, 1)};
    *width = (tg_span){.input = input->dims[2],
                       .filter = filter->dims[2],
                       .output = output->dims[2],
                       .stride = tg_option_i32(loader, TG_CONV_STRIDE_W, 0),
                       .dilation = tg_option_i32(loader, dilation_w, 1)};
    return tg_span_settle(loader, height, padding) && tg_span_settle(loader, width, padding);
}
