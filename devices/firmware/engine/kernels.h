/* kernels.h: the operators this engine has. */
#ifndef TG_KERNELS_H
#define TG_KERNELS_H
#include "loader.h"

typedef struct {
    int32_t builtin;
    tg_sharing sharing;
    bool (*prepare)(tg_loader *loader);                        /* checks the current operator and makes its node */
    void (*run)(const tg_engine *engine, const tg_node *node); /* cannot fail */
} tg_kernel;

#define TG_NO_KERNEL 0xffffu

/* Index of the kernel for `builtin`, TG_NO_KERNEL where there is none. */
uint16_t tg_kernel_find(int32_t builtin);
const tg_kernel *tg_kernel_at(uint16_t index);

bool tg_prepare_add(tg_loader *loader); /* and SUB */
bool tg_prepare_mul(tg_loader *loader);
bool tg_prepare_conv(tg_loader *loader);
bool tg_prepare_depthwise(tg_loader *loader);
bool tg_prepare_fully_connected(tg_loader *loader);
bool tg_prepare_pool(tg_loader *loader);
bool tg_prepare_reduce(tg_loader *loader); /* MEAN and SUM */
bool tg_prepare_pad(tg_loader *loader);    /* and PADV2 */
bool tg_prepare_reshape(tg_loader *loader);
bool tg_prepare_transpose(tg_loader *loader);
bool tg_prepare_concatenation(tg_loader *loader);
bool tg_prepare_softmax(tg_loader *loader);
bool tg_prepare_relu(tg_loader *loader);
bool tg_prepare_relu6(tg_loader *loader);
bool tg_prepare_leaky_relu(tg_loader *loader);
bool tg_prepare_hard_swish(tg_loader *loader);
bool tg_prepare_logistic(tg_loader *loader);
bool tg_prepare_quantize(tg_loader *loader);
bool tg_prepare_dequantize(tg_loader *loader);

void tg_run_add(const tg_engine *engine, const tg_node *node);
void tg_run_sub(const tg_engine *engine, const tg_node *node);
void tg_run_mul(const tg_engine *engine, const tg_node *node);
void tg_run_conv(const tg_engine *engine, const tg_node *node);
void tg_run_depthwise(const tg_engine *engine, const tg_node *node);
void tg_run_fully_connected(const tg_engine *engine, const tg_node *node);
void tg_run_average_pool(const tg_engine *engine, const tg_node *node);
void tg_run_max_pool(const tg_engine *engine, const tg_node *node);
void tg_run_mean(const tg_engine *engine, const tg_node *node);
void tg_run_pad(const tg_engine *engine, const tg_node *node);
void tg_run_reshape(const tg_engine *engine, const tg_node *node);
void tg_run_transpose(const tg_engine *engine, const tg_node *node);
void tg_run_concatenation(const tg_engine *engine, const tg_node *node);
void tg_run_softmax(const tg_engine *engine, const tg_node *node);
void tg_run_rescale(const tg_engine *engine, const tg_node *node); /* RELU and QUANTIZE of integers */
void tg_run_relu6(const tg_engine *engine, const tg_node *node);
void tg_run_leaky_relu(const tg_engine *engine, const tg_node *node);
void tg_run_hard_swish(const tg_engine *engine, const tg_node *node);
void tg_run_logistic(const tg_engine *engine, const tg_node *node);
void tg_run_quantize(const tg_engine *engine, const tg_node *node);
void tg_run_dequantize(const tg_engine *engine, const tg_node *node);
#endif
