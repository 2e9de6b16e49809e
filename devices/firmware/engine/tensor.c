#include "tensor.h"

#include "loader.h"

#define ELEMENT_LIMIT 0x07000000u /* so that bytes and sums of a few tensors stay in 31 bits */

uint32_t tg_type_bytes(int32_t type) {
    switch (type) {
    case TG_INT8:
    case TG_UINT8:
    case TG_BOOL:
        return 1;
    case TG_INT16:
        return 2;
    case TG_FLOAT32:
    case TG_INT32:
        return 4;
    case TG_INT64:
        return 8;
    default:
        return 0;
    }
}

/* A stored -1 stands for what RESHAPE found when it ran through the loader: the buffer knows its bytes. */
static bool resolve_dimension(tg_loader *loader, tg_tensor *tensor, int32_t unknown) {
    uint32_t known = tensor->elements * tg_type_bytes(tensor->type);
    uint32_t bytes = loader->plan.buffers[tensor->index].bytes;
    if (bytes == 0)
        return true;
    tensor->dims[unknown] = (int32_t)(bytes / known);
    tensor->elements *= bytes / known;
    return true;
}

static bool read_shape(tg_loader *loader, uint32_t table, tg_tensor *tensor) {
    tg_vector shape = tg_field_vector(&loader->file, table, TG_TENSOR_SHAPE, 4);
    if (!tg_expect(loader, shape.count <= TG_MAX_RANK, TG_MODEL_UNSUPPORTED, "tensor %d has more than 7 dimensions",
                   (int32_t)tensor->index, 0))
        return false;
    int32_t unknown = -1;
    tensor->rank = (int32_t)shape.count;
    tensor->elements = 1;
    for (uint32_t i = 0; i < shape.count; i++) {
        int32_t size = tg_vector_i32(&loader->file, shape, i);
        bool open = size == -1 && unknown < 0;
        if (open)
            unknown = (int32_t)i;
        bool fits = open || (size > 0 && (uint32_t)size <= ELEMENT_LIMIT / tensor->elements);
        if (!tg_expect(loader, fits, TG_MODEL_MALFORMED, "tensor %d has a dimension of %d", (int32_t)tensor->index,
                       size))
            return false;
        tensor->dims[i] = size;
        if (!open)
            tensor->elements *= (uint32_t)size;
    }
    return unknown < 0 || resolve_dimension(loader, tensor, unknown);
}

static bool read_type(tg_loader *loader, uint32_t table, tg_tensor *tensor) {
    tensor->type = tg_field_i8(&loader->file, table, TG_TENSOR_TYPE, TG_FLOAT32);
    bool variable = tg_field_i8(&loader->file, table, TG_TENSOR_IS_VARIABLE, 0) != 0;
    return tg_expect(loader, tg_type_bytes(tensor->type) > 0, TG_MODEL_UNSUPPORTED, "tensor %d has type %d",
                     (int32_t)tensor->index, tensor->type) &&
           tg_expect(loader, !variable, TG_MODEL_UNSUPPORTED, "tensor %d is a variable", (int32_t)tensor->index, 0);
}

static void read_quantization(tg_loader *loader, uint32_t table, tg_tensor *tensor) {
    tg_file *file = &loader->file;
    uint32_t quantization = tg_field_table(file, table, TG_TENSOR_QUANTIZATION);
    tensor->scales = tg_field_vector(file, quantization, TG_QUANTIZATION_SCALE, 4);
    tensor->zero_points = tg_field_vector(file, quantization, TG_QUANTIZATION_ZERO_POINT, 8);
    tensor->quantized_dimension = tg_field_i32(file, quantization, TG_QUANTIZATION_DIMENSION, 0);
    tensor->scale = 0.0f;
    tensor->zero_point = 0;
    if (!tg_is_quantized(tensor))
        return;
    tensor->scale = tg_vector_f32(file, tensor->scales, 0);
    tensor->zero_point = tg_vector_i64(file, tensor->zero_points, 0);
}

/* A tensor is constant where its buffer has bytes. */
static bool read_data(tg_loader *loader, uint32_t table, tg_tensor *tensor) {
    tg_file *file = &loader->file;
    int32_t index = tg_field_i32(file, table, TG_TENSOR_BUFFER, 0);
    bool known = index >= 0 && (uint32_t)index < loader->buffers.count;
    if (!tg_expect(loader, known, TG_MODEL_MALFORMED, "tensor %d names buffer %d", (int32_t)tensor->index, index))
        return false;
    uint32_t buffer = tg_vector_table(file, loader->buffers, (uint32_t)index);
    tg_vector data = tg_field_vector(file, buffer, TG_BUFFER_DATA, 1);
    tensor->data = data.count ? file->bytes + data.at : 0;
    bool inside = data.count > 0 || (uint32_t)tg_field_i32(file, buffer, TG_BUFFER_OFFSET, 0) <= 1u;
    if (!tg_expect(loader, inside, TG_MODEL_REFUSED, "tensor %d has its data behind the flatbuffer, unread by TFLM",
                   (int32_t)tensor->index, 0))
        return false;
    bool whole = data.count == 0 || data.count >= tensor->bytes;
    return tg_expect(loader, whole, TG_MODEL_MALFORMED, "tensor %d has %d bytes of data too few",
                     (int32_t)tensor->index, (int32_t)(tensor->bytes - data.count));
}

bool tg_tensor_open(tg_loader *loader, int32_t index, tg_tensor *tensor) {
    bool known = index >= 0 && (uint32_t)index < loader->tensors.count;
    if (!tg_expect(loader, known, TG_MODEL_MALFORMED, "tensor %d of %d is named", index,
                   (int32_t)loader->tensors.count))
        return false;
    tensor->index = (uint32_t)index;
    uint32_t table = tg_vector_table(&loader->file, loader->tensors, tensor->index);
    if (!read_type(loader, table, tensor) || !read_shape(loader, table, tensor))
        return false;
    tensor->bytes = tensor->elements * tg_type_bytes(tensor->type);
    read_quantization(loader, table, tensor);
    if (!read_data(loader, table, tensor))
        return false;
    return tg_well_formed(loader, !loader->file.broken, "an offset leaves the file");
}
