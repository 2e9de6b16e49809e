/* operands.c: an operator's tensors and options, as its prepare function asks for them. */
#include "loader.h"

static const tg_buffer *buffer_of(const tg_loader *loader, const tg_tensor *tensor) {
    return &loader->plan.buffers[tensor->index];
}

bool tg_expect_arity(tg_loader *loader, uint32_t low, uint32_t high) {
    uint32_t inputs = loader->current.inputs.count;
    return tg_expect(loader, inputs >= low && inputs <= high, TG_MODEL_REFUSED, "has %d inputs", (int32_t)inputs, 0) &&
           tg_expect(loader, loader->current.outputs.count == 1, TG_MODEL_REFUSED, "has %d outputs",
                     (int32_t)loader->current.outputs.count, 0);
}

bool tg_has_input(tg_loader *loader, uint32_t index) {
    return index < loader->current.inputs.count && tg_vector_i32(&loader->file, loader->current.inputs, index) != -1;
}

bool tg_expect_sized(tg_loader *loader, const tg_tensor *tensor) {
    bool sized = true;
    for (int32_t i = 0; i < tensor->rank; i++)
        sized = sized && tensor->dims[i] > 0;
    return tg_expect(loader, sized, TG_MODEL_MALFORMED, "tensor %d has a dimension of -1", (int32_t)tensor->index, 0);
}

bool tg_open_input(tg_loader *loader, uint32_t index, tg_tensor *tensor) {
    if (!tg_tensor_open(loader, tg_vector_i32(&loader->file, loader->current.inputs, index), tensor))
        return false;
    bool ready = tg_is_constant(tensor) || tg_is_written(buffer_of(loader, tensor));
    return tg_expect(loader, ready, TG_MODEL_MALFORMED, "reads tensor %d before it is written", (int32_t)tensor->index,
                     0) &&
           tg_expect_sized(loader, tensor);
}

bool tg_open_reshaped(tg_loader *loader, tg_tensor *tensor) {
    if (!tg_tensor_open(loader, tg_vector_i32(&loader->file, loader->current.outputs, 0), tensor))
        return false;
    bool fresh = !tg_is_constant(tensor) && !tg_is_written(buffer_of(loader, tensor));
    return tg_expect(loader, fresh, TG_MODEL_MALFORMED, "writes tensor %d, which has a value", (int32_t)tensor->index,
                     0);
}

bool tg_open_output(tg_loader *loader, tg_tensor *tensor) {
    return tg_open_reshaped(loader, tensor) && tg_expect_sized(loader, tensor);
}

bool tg_expect_int8(tg_loader *loader, const tg_tensor *tensor) {
    return tg_expect(loader, tensor->type == TG_INT8, TG_MODEL_UNSUPPORTED, "tensor %d has type %d, not int8",
                     (int32_t)tensor->index, tensor->type);
}

bool tg_expect_scales(tg_loader *loader, const tg_tensor *input, const tg_tensor *output) {
    return tg_expect(loader, tg_is_scale(input->scale), TG_MODEL_REFUSED, "tensor %d has no usable scale",
                     (int32_t)input->index, 0) &&
           tg_expect(loader, tg_is_divisor(output->scale), TG_MODEL_REFUSED, "tensor %d has no usable scale",
                     (int32_t)output->index, 0);
}

bool tg_open_unary(tg_loader *loader, tg_tensor *input, tg_tensor *output) {
    return tg_expect_arity(loader, 1, 1) && tg_open_input(loader, 0, input) && tg_open_output(loader, output) &&
           tg_expect_int8(loader, input) && tg_expect_int8(loader, output);
}

bool tg_expect_constant(tg_loader *loader, const tg_tensor *tensor, const char *text) {
    return tg_supported(loader, tg_is_constant(tensor), text);
}

bool tg_expect_same_shape(tg_loader *loader, const tg_tensor *a, const tg_tensor *b) {
    bool same = a->rank == b->rank;
    for (int32_t i = 0; same && i < a->rank; i++)
        same = a->dims[i] == b->dims[i];
    return tg_well_formed(loader, same, "input and output differ in shape");
}

int32_t tg_option_i8(tg_loader *loader, uint32_t id, int32_t absent) {
    return tg_field_i8(&loader->file, loader->current.options, id, absent);
}

int32_t tg_option_i32(tg_loader *loader, uint32_t id, int32_t absent) {
    return tg_field_i32(&loader->file, loader->current.options, id, absent);
}

float tg_option_f32(tg_loader *loader, uint32_t id, float absent) {
    return tg_field_f32(&loader->file, loader->current.options, id, absent);
}

bool tg_activation(tg_loader *loader, uint32_t id, const tg_tensor *output, tg_range *range) {
    int32_t activation = tg_option_i8(loader, id, TG_ACTIVATION_NONE);
    bool fits = tg_activation_range(activation, output->scale, output->zero_point, range);
    return tg_expect(loader, fits, TG_MODEL_REFUSED, "activation %d does not fit the output's scale", activation, 0);
}
