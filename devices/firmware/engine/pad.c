/* pad.c: PAD with the output's zero point, PADV2 with a given byte. */
#include "kernels.h"

#define PAD_RANK 5

typedef struct {
    int32_t rank, value;
    int32_t input[PAD_RANK], before[PAD_RANK], output[PAD_RANK];
} pad;

static bool read_paddings(tg_loader *loader, const tg_tensor *input, const tg_tensor *paddings, const tg_tensor *output,
                          pad *p) {
    for (int32_t i = 0; i < input->rank; i++) {
        int32_t before = tg_read_i32(paddings->data + 8 * i), after = tg_read_i32(paddings->data + 8 * i + 4);
        if (!tg_expect(loader, before >= 0 && after >= 0, TG_MODEL_REFUSED, "paddings %d and %d: one is negative",
                       before, after))
            return false;
        int64_t sum = (int64_t)input->dims[i] + before + after;
        if (!tg_expect(loader, sum == output->dims[i], TG_MODEL_REFUSED, "the output has %d cells on dimension %d",
                       output->dims[i], i))
            return false;
        p->input[i] = input->dims[i];
        p->before[i] = before;
        p->output[i] = output->dims[i];
    }
    p->rank = input->rank;
    return true;
}

static bool open_paddings(tg_loader *loader, const tg_tensor *input, tg_tensor *paddings) {
    if (!tg_open_input(loader, 1, paddings) || !tg_expect_constant(loader, paddings, "the paddings are not constant"))
        return false;
    bool fits = paddings->type == TG_INT32 && paddings->elements == 2u * (uint32_t)input->rank;
    return tg_expect(loader, fits, TG_MODEL_REFUSED, "the paddings are not int32[%d, 2]", input->rank, 0);
}

static bool read_value(tg_loader *loader, const tg_tensor *output, pad *p) {
    tg_tensor value;
    p->value = output->zero_point;
    if (!tg_has_input(loader, 2))
        return true;
    if (!tg_open_input(loader, 2, &value) || !tg_expect_int8(loader, &value))
        return false;
    bool same = value.scale >= output->scale && value.scale <= output->scale && value.zero_point == output->zero_point;
    if (!tg_expect_constant(loader, &value, "the pad value is not constant"))
        return false;
    p->value = (int8_t)value.data[0];
    return tg_accepted(loader, value.elements == 1 && same,
                       "the pad value is not one element of the output's quantization");
}

bool tg_prepare_pad(tg_loader *loader) {
    tg_tensor input, paddings, output;
    pad p;
    uint32_t inputs = loader->current.builtin == TG_OP_PADV2 ? 3 : 2;
    if (!tg_expect_arity(loader, inputs, inputs) || !tg_open_input(loader, 0, &input) ||
        !tg_open_output(loader, &output))
        return false;
    if (!tg_expect_int8(loader, &input) || !tg_expect_int8(loader, &output) ||
        !open_paddings(loader, &input, &paddings))
        return false;
    bool fits = inputs == 3 || (output.zero_point >= -128 && output.zero_point <= 127);
    if (!tg_accepted(loader, fits, "the output's zero point does not fit int8"))
        return false;
    bool rank = input.rank == output.rank && input.rank <= PAD_RANK && input.rank > 0;
    if (!tg_expect(loader, rank, TG_MODEL_REFUSED, "%d dimensions to %d", input.rank, output.rank))
        return false;
    if (!read_paddings(loader, &input, &paddings, &output, &p) || !read_value(loader, &output, &p))
        return false;
    tg_node *node = tg_new_node(loader, &input, 1, &output, sizeof p, 0);
    if (!node)
        return false;
    *(pad *)tg_parameters(node) = p;
    return true;
}

/* Where row `row` of the output lies in the input; -1 where it is padding. A row is a run of the last dimension. */
static int32_t source_row(const pad *p, int32_t row) {
    int32_t source = 0, step = 1;
    for (int32_t i = p->rank - 2; i >= 0; i--) {
        int32_t cell = row % p->output[i] - p->before[i];
        if (cell < 0 || cell >= p->input[i])
            return -1;
        row /= p->output[i];
        source += cell * step;
        step *= p->input[i];
    }
    return source;
}

/* From the last row to the first: no byte moves towards the start, so the output may grow over its own input. */
void tg_run_pad(const tg_engine *engine, const tg_node *node) {
    const pad *p = tg_node_parameters(node);
    const uint8_t *x = tg_node_input(engine, node, 0);
    uint8_t *y = tg_node_output(engine, node);
    size_t width = (size_t)p->output[p->rank - 1], copied = (size_t)p->input[p->rank - 1],
           before = (size_t)p->before[p->rank - 1];
    for (int32_t row = (int32_t)(node->output_bytes / width) - 1; row >= 0; row--) {
        uint8_t *to = y + (size_t)row * width;
        int32_t source = source_row(p, row);
        if (source < 0) {
            memset(to, p->value, width);
            continue;
        }
        memmove(to + before, x + (size_t)source * copied, copied);
        memset(to, p->value, before);
        memset(to + before + copied, p->value, width - before - copied);
    }
}
