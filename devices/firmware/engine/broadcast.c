#include "broadcast.h"

#include <stddef.h>
#include <string.h>

bool tg_open_binary(tg_loader *loader, tg_tensor inputs[2], tg_tensor *output) {
    return tg_expect_arity(loader, 2, 2) && tg_open_input(loader, 0, &inputs[0]) &&
           tg_open_input(loader, 1, &inputs[1]) && tg_open_output(loader, output) &&
           tg_expect_int8(loader, &inputs[0]) && tg_expect_int8(loader, &inputs[1]) && tg_expect_int8(loader, output) &&
           tg_expect_scales(loader, &inputs[0], output) && tg_expect_scales(loader, &inputs[1], output);
}

/* The size of `tensor` along `axis` of an output of `rank` dimensions, shapes aligned at the right. */
static int32_t size_along(const tg_tensor *tensor, int32_t axis, int32_t rank) {
    int32_t own = axis - (rank - tensor->rank);
    return own < 0 ? 1 : tensor->dims[own];
}

static bool mergeable(const tg_axis *outer, const tg_axis *inner) {
    return outer->step[0] == inner->step[0] * inner->count && outer->step[1] == inner->step[1] * inner->count;
}

/* Put `axis` before the ones collected so far, which stand reversed: the innermost first. */
static void collect(tg_axes *axes, tg_axis axis) {
    tg_axis *inner = axes->rank ? &axes->axes[axes->rank - 1] : 0;
    if (axis.count == 1)
        return;
    if (inner && mergeable(&axis, inner))
        inner->count *= axis.count;
    else
        axes->axes[axes->rank++] = axis;
}

static void reverse(tg_axes *axes) {
    for (int32_t i = 0, j = axes->rank - 1; i < j; i++, j--) {
        tg_axis axis = axes->axes[i];
        axes->axes[i] = axes->axes[j];
        axes->axes[j] = axis;
    }
}

bool tg_broadcast(tg_loader *loader, const tg_tensor inputs[2], const tg_tensor *output, tg_axes *axes) {
    int32_t stride[2] = {1, 1};
    bool fits = inputs[0].rank <= output->rank && inputs[1].rank <= output->rank;
    axes->rank = 0;
    for (int32_t i = output->rank - 1; fits && i >= 0; i--) {
        tg_axis axis = {output->dims[i], {0, 0}};
        int32_t widest = 1;
        for (int k = 0; k < 2; k++) {
            int32_t size = size_along(&inputs[k], i, output->rank);
            fits = fits && (size == 1 || size == axis.count);
            widest = size > widest ? size : widest;
            axis.step[k] = size == 1 ? 0 : stride[k];
            stride[k] *= size;
        }
        fits = fits && widest == axis.count;
        collect(axes, axis);
    }
    if (axes->rank == 0)
        axes->axes[axes->rank++] = (tg_axis){1, {0, 0}};
    reverse(axes);
    return tg_well_formed(loader, fits, "the output's shape is not the broadcast of the inputs'");
}

uint32_t tg_axes_bytes(const tg_axes *axes) {
    return (uint32_t)(offsetof(tg_axes, axes) + (uint32_t)axes->rank * sizeof(tg_axis));
}

/* Offsets of row `row` in both operands. */
static void locate(const tg_axes *axes, int32_t row, int32_t offset[2]) {
    offset[0] = offset[1] = 0;
    for (int32_t i = axes->rank - 2; i >= 0; i--) {
        const tg_axis *axis = &axes->axes[i];
        int32_t index = row % axis->count;
        row /= axis->count;
        offset[0] += index * axis->step[0];
        offset[1] += index * axis->step[1];
    }
}

void tg_run_rows(const tg_engine *engine, const tg_node *node, const tg_axes *axes, tg_row row) {
    const int8_t *x1 = (const int8_t *)tg_node_input(engine, node, 0),
                 *x2 = (const int8_t *)tg_node_input(engine, node, 1);
    int8_t *y = (int8_t *)tg_node_output(engine, node);
    const tg_axis *innermost = &axes->axes[axes->rank - 1];
    int32_t rows = (int32_t)node->output_bytes / innermost->count;
    for (int32_t i = 0; i < rows; i++) {
        int32_t offset[2];
        locate(axes, i, offset);
        row(tg_node_parameters(node), x1 + offset[0], x2 + offset[1], y + i * innermost->count, innermost);
    }
}
