#include "kernels.h"

#define TRANSPOSE_RANK 5

typedef struct {
    int32_t rank, element_bytes;
    int32_t size[TRANSPOSE_RANK], step[TRANSPOSE_RANK]; /* of the output's dimensions; steps in the input */
} transpose;

static bool open_permutation(tg_loader *loader, const tg_tensor *input, tg_tensor *permutation) {
    if (!tg_open_input(loader, 1, permutation) ||
        !tg_expect_constant(loader, permutation, "the permutation is not constant"))
        return false;
    bool fits = permutation->type == TG_INT32 && permutation->elements == (uint32_t)input->rank;
    return tg_expect(loader, fits, TG_MODEL_REFUSED, "the permutation is not int32[%d]", input->rank, 0);
}

static int32_t step_of(const tg_tensor *tensor, int32_t dimension) {
    int32_t step = 1;
    for (int32_t i = dimension + 1; i < tensor->rank; i++)
        step *= tensor->dims[i];
    return step;
}

static bool permute(tg_loader *loader, const tg_tensor *input, const tg_tensor *output, const tg_tensor *permutation,
                    transpose *p) {
    uint32_t seen = 0;
    p->rank = input->rank;
    for (int32_t i = 0; i < p->rank; i++) {
        int32_t from = tg_read_i32(permutation->data + 4 * i);
        bool fits = from >= 0 && from < input->rank && !(seen >> from & 1u) && output->dims[i] == input->dims[from];
        if (!tg_expect(loader, fits, TG_MODEL_REFUSED, "dimension %d of the output cannot be %d of the input", i, from))
            return false;
        seen |= 1u << from;
        p->size[i] = output->dims[i];
        p->step[i] = step_of(input, from);
    }
    return true;
}

bool tg_prepare_transpose(tg_loader *loader) {
    tg_tensor input, permutation, output;
    transpose p;
    if (!tg_expect_arity(loader, 2, 2) || !tg_open_input(loader, 0, &input) || !tg_open_output(loader, &output))
        return false;
    bool known = input.type == output.type && (input.type == TG_INT8 || input.type == TG_FLOAT32);
    if (!tg_expect(loader, known, TG_MODEL_UNSUPPORTED, "type %d to type %d", input.type, output.type))
        return false;
    bool rank = input.rank == output.rank && input.rank > 0 && input.rank <= TRANSPOSE_RANK;
    if (!tg_expect(loader, rank, TG_MODEL_REFUSED, "%d dimensions to %d", input.rank, output.rank))
        return false;
    if (!open_permutation(loader, &input, &permutation) || !permute(loader, &input, &output, &permutation, &p))
        return false;
    p.element_bytes = (int32_t)tg_type_bytes(input.type);
    tg_node *node = tg_new_node(loader, &input, 1, &output, sizeof p, 0);
    if (!node)
        return false;
    *(transpose *)tg_parameters(node) = p;
    return true;
}

static int32_t source_of(const transpose *p, int32_t index) {
    int32_t source = 0;
    for (int32_t i = p->rank - 1; i >= 0; i--) {
        source += index % p->size[i] * p->step[i];
        index /= p->size[i];
    }
    return source;
}

void tg_run_transpose(const tg_engine *engine, const tg_node *node) {
    const transpose *p = tg_node_parameters(node);
    const uint8_t *x = tg_node_input(engine, node, 0);
    uint8_t *y = tg_node_output(engine, node);
    int32_t width = p->size[p->rank - 1], step = p->step[p->rank - 1] * p->element_bytes;
    int32_t rows = (int32_t)node->output_bytes / p->element_bytes / width;
    for (int32_t row = 0; row < rows; row++) {
        const uint8_t *from = x + source_of(p, row * width) * p->element_bytes;
        for (int32_t i = 0; i < width; i++, y += p->element_bytes)
            memcpy(y, from + i * step, (size_t)p->element_bytes);
    }
}
