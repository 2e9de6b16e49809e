#include "loader.h"

#include <string.h>

#include "kernels.h"

#define BUFFER_LIMIT 60000u /* tensors and operators together: buffers and times are 16 bits wide */

/* ---- the file's outer tables ---- */

static bool open_tables(tg_loader *loader) {
    tg_file *file = &loader->file;
    uint32_t root = tg_file_root(file);
    loader->codes = tg_field_vector(file, root, TG_MODEL_OPERATOR_CODES, 4);
    loader->buffers = tg_field_vector(file, root, TG_MODEL_BUFFERS, 4);
    tg_vector subgraphs = tg_field_vector(file, root, TG_MODEL_SUBGRAPHS, 4);
    if (!tg_well_formed(loader, subgraphs.count > 0, "the model has no subgraph"))
        return false;
    uint32_t graph = tg_vector_table(file, subgraphs, 0);
    loader->tensors = tg_field_vector(file, graph, TG_GRAPH_TENSORS, 4);
    loader->inputs = tg_field_vector(file, graph, TG_GRAPH_INPUTS, 4);
    loader->outputs = tg_field_vector(file, graph, TG_GRAPH_OUTPUTS, 4);
    loader->operators = tg_field_vector(file, graph, TG_GRAPH_OPERATORS, 4);
    return tg_well_formed(loader, !file->broken, "an offset leaves the file");
}

static bool open_file(tg_loader *loader) {
    const tg_file *file = &loader->file;
    bool marked = file->size >= 8 && memcmp(file->bytes + 4, "TFL3", 4) == 0;
    return tg_well_formed(loader, marked, "not a .tflite file: bytes 4..7 are not TFL3") &&
           tg_expect(loader, file->size < TG_IN_MODEL, TG_MODEL_TOO_LARGE, "models end at 2 GiB", 0, 0) &&
           open_tables(loader);
}

static bool expect_one_input_and_output(tg_loader *loader) {
    return tg_expect(loader, loader->inputs.count == 1, TG_MODEL_UNSUPPORTED, "the model has %d inputs, not 1",
                     (int32_t)loader->inputs.count, 0) &&
           tg_expect(loader, loader->outputs.count == 1, TG_MODEL_UNSUPPORTED, "the model has %d outputs, not 1",
                     (int32_t)loader->outputs.count, 0);
}

/* ---- the plan's table, at the far end of the arena while the model loads ---- */

static bool borrow_buffers(tg_loader *loader) {
    tg_plan *plan = &loader->plan;
    uint32_t tensors = loader->tensors.count, operators = loader->operators.count;
    if (!tg_expect(loader, tensors < BUFFER_LIMIT && operators < BUFFER_LIMIT - tensors, TG_MODEL_UNSUPPORTED,
                   "more than %d tensors and operators", (int32_t)BUFFER_LIMIT, 0))
        return false;
    plan->count = tensors;
    plan->capacity = tensors + operators;
    loader->borrowed_bytes = plan->capacity * (uint32_t)sizeof(tg_buffer);
    uint32_t room = loader->engine->arena_bytes;
    if (!tg_expect(loader, loader->borrowed_bytes <= room, TG_ARENA_TOO_SMALL,
                   "the arena is at least %d bytes too small", (int32_t)(loader->borrowed_bytes - room), 0))
        return false;
    plan->buffers = (tg_buffer *)(void *)(loader->engine->arena + room - loader->borrowed_bytes);
    for (uint32_t i = 0; i < plan->capacity; i++) {
        tg_buffer unused = {0, 0, TG_NO_BUFFER, 0, (uint16_t)i, TG_NO_BUFFER};
        plan->buffers[i] = unused;
    }
    return true;
}

static void write_at(tg_loader *loader, const tg_tensor *tensor, uint32_t time) {
    tg_buffer *buffer = &loader->plan.buffers[tensor->index];
    buffer->bytes = tensor->bytes;
    buffer->first = buffer->last = (uint16_t)time;
}

static bool open_graph_input(tg_loader *loader) {
    tg_tensor input;
    if (!tg_tensor_open(loader, tg_vector_i32(&loader->file, loader->inputs, 0), &input))
        return false;
    if (!tg_expect_sized(loader, &input) ||
        !tg_well_formed(loader, !tg_is_constant(&input), "the model's input is constant"))
        return false;
    write_at(loader, &input, 0);
    loader->engine->input_at = input.index;
    loader->engine->input_bytes = loader->info->input_bytes = input.bytes;
    return true;
}

static bool open_graph_output(tg_loader *loader) {
    tg_tensor output;
    if (!tg_tensor_open(loader, tg_vector_i32(&loader->file, loader->outputs, 0), &output))
        return false;
    tg_buffer *buffer = &loader->plan.buffers[output.index];
    if (!tg_well_formed(loader, tg_is_written(buffer), "no operator writes the model's output"))
        return false;
    buffer->last = (uint16_t)(loader->operators.count + 1u); /* past every operator: nothing may overwrite it */
    loader->engine->output_at = output.index;
    loader->engine->output_bytes = loader->info->output_bytes = buffer->bytes;
    if (output.type == TG_INT8 && tg_is_quantized(&output)) {
        loader->info->output_scale = output.scale;
        loader->info->output_zero_point = output.zero_point;
    }
    return true;
}

/* ---- operators ---- */

static int32_t builtin_of(tg_loader *loader, uint32_t code_index) {
    uint32_t code = tg_vector_table(&loader->file, loader->codes, code_index);
    int32_t old = tg_field_i8(&loader->file, code, TG_CODE_DEPRECATED, 0);
    int32_t wide = tg_field_i32(&loader->file, code, TG_CODE_BUILTIN, 0);
    return old > wide ? old : wide;
}

static int32_t options_tag(int32_t builtin) {
    switch (builtin) {
    case TG_OP_CONV_2D:
        return TG_OPTIONS_CONV;
    case TG_OP_DEPTHWISE_CONV_2D:
        return TG_OPTIONS_DEPTHWISE;
    case TG_OP_AVERAGE_POOL_2D:
    case TG_OP_MAX_POOL_2D:
        return TG_OPTIONS_POOL;
    case TG_OP_FULLY_CONNECTED:
        return TG_OPTIONS_FULLY_CONNECTED;
    case TG_OP_SOFTMAX:
        return TG_OPTIONS_SOFTMAX;
    case TG_OP_CONCATENATION:
        return TG_OPTIONS_CONCATENATION;
    case TG_OP_ADD:
        return TG_OPTIONS_ADD;
    case TG_OP_SUB:
        return TG_OPTIONS_SUB;
    case TG_OP_MUL:
        return TG_OPTIONS_MUL;
    case TG_OP_LEAKY_RELU:
        return TG_OPTIONS_LEAKY_RELU;
    default:
        return -1;
    }
}

/* Make operator `index` the current one. */
static bool open_operator(tg_loader *loader, uint32_t index) {
    tg_file *file = &loader->file;
    tg_operator *current = &loader->current;
    current->index = index;
    current->table = tg_vector_table(file, loader->operators, index);
    current->builtin = builtin_of(loader, (uint32_t)tg_field_i32(file, current->table, TG_OPERATOR_CODE, 0));
    current->kernel = tg_kernel_find(current->builtin);
    current->inputs = tg_field_vector(file, current->table, TG_OPERATOR_INPUTS, 4);
    current->outputs = tg_field_vector(file, current->table, TG_OPERATOR_OUTPUTS, 4);
    bool tagged = tg_field_i8(file, current->table, TG_OPERATOR_OPTIONS_TYPE, 0) == options_tag(current->builtin);
    current->options = tagged ? tg_field_table(file, current->table, TG_OPERATOR_OPTIONS) : 0;
    return tg_well_formed(loader, !file->broken, "an offset leaves the file") &&
           tg_supported(loader, current->kernel != TG_NO_KERNEL, "this operator is not in the engine");
}

/* Every input lives until now, also those that the kernel does not read. */
static bool extend_inputs(tg_loader *loader) {
    for (uint32_t i = 0; i < loader->current.inputs.count; i++) {
        tg_tensor input;
        if (!tg_has_input(loader, i))
            continue;
        if (!tg_open_input(loader, i, &input))
            return false;
        if (!tg_is_constant(&input))
            loader->plan.buffers[input.index].last = (uint16_t)(loader->current.index + 1u);
    }
    return true;
}

static bool prepare_operator(tg_loader *loader, uint32_t index) {
    if (!open_operator(loader, index) || !extend_inputs(loader))
        return false;
    return tg_kernel_at(loader->current.kernel)->prepare(loader) &&
           tg_well_formed(loader, !loader->file.broken, "an offset leaves the file");
}

/* Names a missing operator before anything else is judged. */
static bool know_operators(tg_loader *loader) {
    for (uint32_t i = 0; i < loader->operators.count; i++) {
        if (!open_operator(loader, i))
            return false;
    }
    return true;
}

static bool prepare_operators(tg_loader *loader) {
    for (uint32_t i = 0; i < loader->operators.count; i++) {
        if (!prepare_operator(loader, i))
            return false;
    }
    loader->current.table = 0;
    return true;
}

static void share_operator(tg_loader *loader) {
    tg_sharing sharing = tg_kernel_at(loader->current.kernel)->sharing;
    uint32_t output = (uint32_t)tg_vector_i32(&loader->file, loader->current.outputs, 0);
    uint32_t candidates = loader->current.inputs.count < 2 || sharing == TG_VIEW ? 1 : 2;
    for (uint32_t i = 0; sharing != TG_SEPARATE && i < candidates; i++) {
        if (tg_has_input(loader, i))
            tg_plan_share(&loader->plan, (uint32_t)tg_vector_i32(&loader->file, loader->current.inputs, i), output,
                          sharing);
    }
}

static void share_buffers(tg_loader *loader) {
    for (uint32_t i = 0; i < loader->operators.count; i++) {
        if (open_operator(loader, i))
            share_operator(loader);
    }
    loader->current.table = 0;
}

static bool load(tg_loader *loader) {
    if (!open_file(loader) || !know_operators(loader))
        return false;
    loader->current.table = 0;
    if (!expect_one_input_and_output(loader) || !borrow_buffers(loader) || !open_graph_input(loader))
        return false;
    if (!prepare_operators(loader) || !open_graph_output(loader))
        return false;
    share_buffers(loader);
    return tg_finish_nodes(loader);
}

tg_status tg_load_model(tg_engine *engine, const uint8_t *model, uint32_t model_bytes, tg_model_info *info) {
    tg_loader loader = {.file = {model, model_bytes, false}, .engine = engine, .info = info};
    memset(info, 0, sizeof *info);
    engine->model = 0;
    if (!load(&loader))
        return loader.status;
    engine->model = model;
    return TG_OK;
}
