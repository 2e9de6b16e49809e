/* softmax.c: SOFTMAX over the last dimension, int8 to int8 or int16. */
#include "fixed_exp.h"
#include "kernels.h"

typedef struct {
    tg_multiplier multiplier; /* to Q5 */
    int32_t least;            /* differences from the maximum below this count as exp = 0 */
    int32_t depth, rows;
    int32_t output_bits; /* 8 or 16 */
} softmax;

static bool expect_output(tg_loader *loader, const tg_tensor *output) {
    if (output->type == TG_INT16) {
        float error = output->scale - 1.0f / 65536.0f;
        bool near = (error < 0.0f ? -error : error) <= 0.001f / 65536.0f;
        return tg_accepted(loader, output->zero_point == -32768 && near,
                           "the output's quantization is not 1/65536, -32768");
    }
    bool exact = output->zero_point == -128 && output->scale >= 1.0f / 256.0f && output->scale <= 1.0f / 256.0f;
    return tg_expect_int8(loader, output) && tg_accepted(loader, exact, "the output's quantization is not 1/256, -128");
}

static bool expect_scale(tg_loader *loader, const tg_tensor *input, double *scale) {
    double beta = (double)tg_option_f32(loader, TG_FIRST_OPTION, 0.0f);
    *scale = beta * (double)input->scale * (double)((int32_t)1 << 26);
    if (*scale > 2147483647.0)
        *scale = 2147483647.0;
    return tg_accepted(loader, *scale > 1.0, "beta times the input's scale is 2^-26 or less");
}

bool tg_prepare_softmax(tg_loader *loader) {
    tg_tensor input, output;
    double scale;
    if (!tg_expect_arity(loader, 1, 1) || !tg_open_input(loader, 0, &input) || !tg_open_output(loader, &output))
        return false;
    if (!tg_expect_int8(loader, &input) || !expect_output(loader, &output) || !expect_scale(loader, &input, &scale))
        return false;
    if (!tg_expect_same_shape(loader, &input, &output))
        return false;
    if (!tg_accepted(loader, input.rank > 0, "the input is a scalar"))
        return false;
    tg_node *node = tg_new_node(loader, &input, 1, &output, sizeof(softmax), 0);
    if (!node)
        return false;
    softmax *p = tg_parameters(node);
    p->multiplier = tg_multiplier_of(scale);
    p->least = -((31 << 26) >> p->multiplier.shift);
    p->depth = input.dims[input.rank - 1];
    p->rows = (int32_t)input.elements / p->depth;
    p->output_bits = output.type == TG_INT16 ? 16 : 8;
    return true;
}

static int32_t largest_of(const int8_t *x, int32_t count) {
    int32_t largest = x[0];
    for (int32_t i = 1; i < count; i++)
        largest = x[i] > largest ? x[i] : largest;
    return largest;
}

/* exp of a difference that is not below `least`, in Q0. */
static int32_t exp_of(const softmax *p, int32_t difference) {
    return tg_fixed_exp(tg_high_product(tg_wrap_shift(difference, p->multiplier.shift), p->multiplier.value), 5);
}

static int32_t leading_zeros(uint32_t x) {
    int32_t count = 0;
    while (count < 32 && !(x & 0x80000000u >> count))
        count++;
    return count;
}

static void write_row(const softmax *p, const int8_t *x, uint8_t *y, int32_t largest, int32_t sum) {
    int32_t zeros = leading_zeros((uint32_t)sum);
    int32_t reciprocal = tg_fixed_reciprocal((int32_t)(((uint32_t)sum << (zeros & 31)) - 0x80000000u));
    int32_t shift = 12 - zeros + 31 - p->output_bits;
    int32_t least = -((int32_t)1 << (p->output_bits - 1));
    for (int32_t i = 0; i < p->depth; i++) {
        int32_t difference = x[i] - largest, value = least;
        if (difference >= p->least && shift <= 31) {
            int32_t share = tg_round_shift(tg_high_product(reciprocal, exp_of(p, difference)), shift);
            value = tg_clamp(share + least, least, -least - 1);
        }
        if (p->output_bits == 8)
            ((int8_t *)y)[i] = (int8_t)value;
        else
            ((int16_t *)(void *)y)[i] = (int16_t)value;
    }
}

static void softmax_row(const softmax *p, const int8_t *x, uint8_t *y) {
    int32_t largest = largest_of(x, p->depth);
    int32_t sum = 0;
    for (int32_t i = 0; i < p->depth; i++) {
        int32_t difference = x[i] - largest;
        if (difference >= p->least)
            sum = tg_wrap_add(sum, tg_round_shift(exp_of(p, difference), 12));
    }
    write_row(p, x, y, largest, sum);
}

void tg_run_softmax(const tg_engine *engine, const tg_node *node) {
    const softmax *p = tg_node_parameters(node);
    const int8_t *x = (const int8_t *)tg_node_input(engine, node, 0);
    uint8_t *y = tg_node_output(engine, node);
    for (int32_t row = 0; row < p->rows; row++)
        softmax_row(p, x + row * p->depth, y + row * p->depth * (p->output_bits / 8));
}
