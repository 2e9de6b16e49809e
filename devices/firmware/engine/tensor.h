/* tensor.h: one tensor as the file states it, checked. */
#ifndef TG_TENSOR_H
#define TG_TENSOR_H
#include "flatbuffer.h"
#include "schema.h"

#define TG_MAX_RANK 7

typedef struct {
    uint32_t index;
    int32_t type; /* tg_type */
    int32_t rank;
    int32_t dims[TG_MAX_RANK];
    uint32_t elements, bytes;
    const uint8_t *data; /* NULL: an activation */
    float scale;         /* element 0, or 0 where the tensor is not quantized */
    int32_t zero_point;  /* element 0, or 0 */
    tg_vector scales, zero_points;
    int32_t quantized_dimension;
} tg_tensor;

struct tg_loader;

/* Read tensor `index`. False (recorded) where an index, a shape or the size of its data does not hold. */
bool tg_tensor_open(struct tg_loader *loader, int32_t index, tg_tensor *tensor);

/* Bytes of one element, 0 for types the engine cannot hold. */
uint32_t tg_type_bytes(int32_t type);

static inline bool tg_is_constant(const tg_tensor *tensor) {
    return tensor->data != 0;
}
static inline bool tg_is_quantized(const tg_tensor *tensor) {
    return tensor->scales.count > 0 && tensor->zero_points.count > 0;
}
#endif
