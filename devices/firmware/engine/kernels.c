#include "kernels.h"

static const tg_kernel kernels[] = {
    {TG_OP_ADD, TG_IN_PLACE, tg_prepare_add, tg_run_add},
    {TG_OP_AVERAGE_POOL_2D, TG_SEPARATE, tg_prepare_pool, tg_run_average_pool},
    {TG_OP_CONCATENATION, TG_SEPARATE, tg_prepare_concatenation, tg_run_concatenation},
    {TG_OP_CONV_2D, TG_SEPARATE, tg_prepare_conv, tg_run_conv},
    {TG_OP_DEPTHWISE_CONV_2D, TG_SEPARATE, tg_prepare_depthwise, tg_run_depthwise},
    {TG_OP_DEQUANTIZE, TG_SEPARATE, tg_prepare_dequantize, tg_run_dequantize},
    {TG_OP_FULLY_CONNECTED, TG_SEPARATE, tg_prepare_fully_connected, tg_run_fully_connected},
    {TG_OP_HARD_SWISH, TG_IN_PLACE, tg_prepare_hard_swish, tg_run_hard_swish},
    {TG_OP_LEAKY_RELU, TG_IN_PLACE, tg_prepare_leaky_relu, tg_run_leaky_relu},
    {TG_OP_LOGISTIC, TG_IN_PLACE, tg_prepare_logistic, tg_run_logistic},
    {TG_OP_MAX_POOL_2D, TG_SEPARATE, tg_prepare_pool, tg_run_max_pool},
    {TG_OP_MEAN, TG_SEPARATE, tg_prepare_reduce, tg_run_mean},
    {TG_OP_MUL, TG_IN_PLACE, tg_prepare_mul, tg_run_mul},
    {TG_OP_PAD, TG_GROWING, tg_prepare_pad, tg_run_pad},
    {TG_OP_PADV2, TG_GROWING, tg_prepare_pad, tg_run_pad},
    {TG_OP_QUANTIZE, TG_IN_PLACE, tg_prepare_quantize, tg_run_quantize},
    {TG_OP_RELU, TG_IN_PLACE, tg_prepare_relu, tg_run_rescale},
    {TG_OP_RELU6, TG_IN_PLACE, tg_prepare_relu6, tg_run_relu6},
    {TG_OP_RESHAPE, TG_VIEW, tg_prepare_reshape, tg_run_reshape},
    {TG_OP_SOFTMAX, TG_IN_PLACE, tg_prepare_softmax, tg_run_softmax},
    {TG_OP_SUB, TG_IN_PLACE, tg_prepare_add, tg_run_sub},
    {TG_OP_SUM, TG_SEPARATE, tg_prepare_reduce, tg_run_mean},
    {TG_OP_TRANSPOSE, TG_SEPARATE, tg_prepare_transpose, tg_run_transpose},
};

uint16_t tg_kernel_find(int32_t builtin) {
    for (uint16_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        if (kernels[i].builtin == builtin)
            return i;
    }
    return TG_NO_KERNEL;
}

const tg_kernel *tg_kernel_at(uint16_t index) {
    return &kernels[index];
}
