#include "kernels.h"

#define INPUT_LIMIT 10u

typedef struct {
    int32_t outer;                  /* runs */
    int32_t run_bytes[INPUT_LIMIT]; /* of each input, one after the other */
} concatenation;

static bool same_quantization(const tg_tensor *a, const tg_tensor *b) {
    return a->scale >= b->scale && a->scale <= b->scale && a->zero_point == b->zero_point;
}

/* Checks one input and returns the bytes of a run of it, 0 where it does not fit. */
static int32_t expect_input(tg_loader *loader, const tg_tensor *input, const tg_tensor *output, int32_t axis) {
    bool fits = input->rank == output->rank;
    int32_t run = 1;
    for (int32_t i = 0; fits && i < output->rank; i++) {
        fits = i == axis || input->dims[i] == output->dims[i];
        if (i >= axis)
            run *= input->dims[i];
    }
    bool holds =
        tg_expect_int8(loader, input) && tg_well_formed(loader, fits, "an input does not fit the output's shape") &&
        tg_accepted(loader, same_quantization(input, output), "an input differs from the output in quantization");
    return holds ? run : 0;
}

static bool open_axis(tg_loader *loader, const tg_tensor *output, int32_t *axis) {
    int32_t stated = tg_option_i32(loader, TG_CONCATENATION_AXIS, 0);
    *axis = stated < 0 ? stated + output->rank : stated;
    bool plain = tg_option_i8(loader, TG_CONCATENATION_ACTIVATION, TG_ACTIVATION_NONE) == TG_ACTIVATION_NONE;
    return tg_expect(loader, *axis >= 0 && *axis < output->rank, TG_MODEL_REFUSED, "axis %d of %d dimensions", stated,
                     output->rank) &&
           tg_accepted(loader, plain, "has a fused activation");
}

bool tg_prepare_concatenation(tg_loader *loader) {
    tg_tensor inputs[INPUT_LIMIT], output;
    concatenation p = {1, {0}};
    int32_t axis, total = 0;
    uint32_t count = loader->current.inputs.count;
    if (!tg_expect_arity(loader, 1, INPUT_LIMIT) || !tg_open_output(loader, &output) ||
        !tg_expect_int8(loader, &output))
        return false;
    if (!open_axis(loader, &output, &axis))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!tg_open_input(loader, i, &inputs[i]))
            return false;
        p.run_bytes[i] = expect_input(loader, &inputs[i], &output, axis);
        if (p.run_bytes[i] == 0)
            return false;
        total += inputs[i].dims[axis];
    }
    if (!tg_well_formed(loader, total == output.dims[axis], "the inputs do not fill the output"))
        return false;
    for (int32_t i = 0; i < axis; i++)
        p.outer *= output.dims[i];
    uint32_t bytes = 4u + 4u * count;
    tg_node *node = tg_new_node(loader, inputs, count, &output, bytes, 0);
    if (!node)
        return false;
    memcpy(tg_parameters(node), &p, bytes);
    return true;
}

void tg_run_concatenation(const tg_engine *engine, const tg_node *node) {
    const concatenation *p = tg_node_parameters(node);
    uint8_t *y = tg_node_output(engine, node);
    for (int32_t run = 0; run < p->outer; run++) {
        for (uint32_t i = 0; i < node->inputs; i++) {
            size_t bytes = (size_t)p->run_bytes[i];
            memcpy(y, tg_node_input(engine, node, i) + (size_t)run * bytes, bytes);
            y += bytes;
        }
    }
}
