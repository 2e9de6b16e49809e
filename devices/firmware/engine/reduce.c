/* reduce.c: MEAN and SUM over any axes: a sum, then one multiplier that also divides. */
#include "dot.h"
#include "kernels.h"

/* Dimensions in the order of memory, neighbours that are both kept or both reduced merged. */
typedef struct {
    int32_t size, step; /* step: in the input */
} extent;

typedef struct {
    tg_multiplier multiplier;
    int32_t correction; /* the zero point times the number of elements summed */
    int32_t output_zero;
    int32_t kept_count, reduced_count;
    extent kept[TG_MAX_RANK], reduced[TG_MAX_RANK]; /* the innermost first */
} reduce;

static bool mark_axes(tg_loader *loader, const tg_tensor *input, const tg_tensor *axes, bool marked[TG_MAX_RANK]) {
    for (int32_t i = 0; i < input->rank; i++)
        marked[i] = false;
    for (uint32_t i = 0; i < axes->elements; i++) {
        int32_t axis = tg_read_i32(axes->data + 4u * i);
        int32_t resolved = axis < 0 ? axis + input->rank : axis;
        if (!tg_expect(loader, resolved >= 0 && resolved < input->rank, TG_MODEL_REFUSED, "axis %d of %d dimensions",
                       axis, input->rank))
            return false;
        marked[resolved] = true;
    }
    return true;
}

static void append(extent *list, int32_t *count, int32_t size, int32_t step) {
    extent *last = *count ? &list[*count - 1] : 0;
    if (size == 1)
        return;
    if (last && last->step * last->size == step)
        last->size *= size;
    else
        list[(*count)++] = (extent){size, step};
}

static int32_t split_dimensions(const tg_tensor *input, const bool marked[TG_MAX_RANK], reduce *p) {
    int32_t step = 1, elements = 1;
    p->kept_count = p->reduced_count = 0;
    for (int32_t i = input->rank - 1; i >= 0; i--) {
        if (marked[i]) {
            append(p->reduced, &p->reduced_count, input->dims[i], step);
            elements *= input->dims[i];
        } else {
            append(p->kept, &p->kept_count, input->dims[i], step);
        }
        step *= input->dims[i];
    }
    return elements;
}

/* The multiplier with the division by `count` folded in; the quotient is truncated. */
static tg_multiplier divided(tg_multiplier multiplier, int32_t count) {
    int32_t bits = 0;
    while (bits < 30 && count >> (bits + 1))
        bits++;
    if (bits > 31 + multiplier.shift)
        bits = 31 + multiplier.shift;
    tg_multiplier result = {(int32_t)(((int64_t)multiplier.value << bits) / count), multiplier.shift - bits};
    return result;
}

static bool open_axes(tg_loader *loader, tg_tensor *axes) {
    return tg_open_input(loader, 1, axes) && tg_expect_constant(loader, axes, "the axes are not constant") &&
           tg_expect(loader, axes->type == TG_INT32, TG_MODEL_REFUSED, "the axes have type %d, not int32", axes->type,
                     0);
}

bool tg_prepare_reduce(tg_loader *loader) {
    tg_tensor input, axes, output;
    bool marked[TG_MAX_RANK];
    reduce p;
    if (!tg_expect_arity(loader, 2, 2) || !tg_open_input(loader, 0, &input) || !open_axes(loader, &axes) ||
        !tg_open_output(loader, &output))
        return false;
    if (!tg_expect_int8(loader, &input) || !tg_expect_int8(loader, &output) ||
        !tg_expect_scales(loader, &input, &output))
        return false;
    if (!mark_axes(loader, &input, &axes, marked))
        return false;
    int32_t count = split_dimensions(&input, marked, &p);
    bool fits = input.elements / (uint32_t)count == output.elements;
    if (!tg_well_formed(loader, fits, "the output's shape does not hold what the axes leave"))
        return false;
    p.multiplier = tg_multiplier_of((double)input.scale / (double)output.scale);
    if (loader->current.builtin == TG_OP_MEAN)
        p.multiplier = divided(p.multiplier, count);
    p.correction = tg_wrap_mul(input.zero_point, count);
    p.output_zero = output.zero_point;
    tg_node *node = tg_new_node(loader, &input, 1, &output, sizeof p, 0);
    if (!node)
        return false;
    *(reduce *)tg_parameters(node) = p;
    return true;
}

/* Offset of the element number `index`, the innermost extent running fastest. */
static int32_t offset_of(const extent *list, int32_t count, int32_t index) {
    int32_t offset = 0;
    for (int32_t i = 0; i < count; i++) {
        offset += index % list[i].size * list[i].step;
        index /= list[i].size;
    }
    return offset;
}

static int32_t sum_from(const reduce *p, const int8_t *x) {
    if (p->reduced_count == 0)
        return *x;
    int32_t runs = 1, sum = 0;
    for (int32_t i = 1; i < p->reduced_count; i++)
        runs *= p->reduced[i].size;
    for (int32_t run = 0; run < runs; run++) {
        const int8_t *start = x + offset_of(p->reduced + 1, p->reduced_count - 1, run);
        sum = tg_wrap_add(sum, tg_sum(start, p->reduced[0].size, p->reduced[0].step));
    }
    return sum;
}

void tg_run_mean(const tg_engine *engine, const tg_node *node) {
    const reduce *p = tg_node_parameters(node);
    const int8_t *x = (const int8_t *)tg_node_input(engine, node, 0);
    int8_t *y = (int8_t *)tg_node_output(engine, node);
    for (uint32_t i = 0; i < node->output_bytes; i++) {
        int32_t sum = tg_wrap_sub(sum_from(p, x + offset_of(p->kept, p->kept_count, (int32_t)i)), p->correction);
        y[i] = tg_saturate8(tg_wrap_add(tg_rescale(sum, p->multiplier), p->output_zero));
    }
}
