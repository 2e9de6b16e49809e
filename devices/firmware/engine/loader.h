/* loader.h: what a kernel's prepare function asks while a model is being loaded.
 *
 * One operator is current at a time. Everything that returns bool returns false after it has recorded the failure (the
 * first one stands): callers just return false in turn.
 */
#ifndef TG_LOADER_H
#define TG_LOADER_H
#include "bytes.h"
#include "engine.h"
#include "flatbuffer.h"
#include "node.h"
#include "plan.h"
#include "quantization.h"
#include "tensor.h"

typedef struct {
    uint32_t index;
    int32_t builtin;
    uint16_t kernel;
    tg_vector inputs, outputs;
    uint32_t table, options; /* options: 0 where the file has none of the right kind */
} tg_operator;

typedef struct tg_loader {
    tg_file file;
    tg_engine *engine;
    tg_model_info *info;
    tg_status status;
    tg_vector tensors, buffers, codes, operators, inputs, outputs;
    tg_operator current;
    tg_plan plan;
    uint32_t kept_bytes;     /* nodes, from the start of the arena */
    uint32_t borrowed_bytes; /* tables of the loading itself, from its end */
    bool overflowed;         /* the nodes no longer fit: they are counted, not kept */
} tg_loader;

/* Record a failure: `format` may hold %d, once or twice, for a and b. Always false. The operator, where one is current,
 * is put before the text. */
bool tg_refuse(tg_loader *loader, tg_status status, const char *format, int32_t a, int32_t b);

/* `holds`, recorded as a failure where it is false. */
bool tg_expect(tg_loader *loader, bool holds, tg_status status, const char *format, int32_t a, int32_t b);

/* Shorthands for the three kinds of refusal. */
bool tg_well_formed(tg_loader *loader, bool holds, const char *text);
bool tg_supported(tg_loader *loader, bool holds, const char *text);
bool tg_accepted(tg_loader *loader, bool holds, const char *text);

/* The number of inputs must lie in [low, high] and there must be one output. */
bool tg_expect_arity(tg_loader *loader, uint32_t low, uint32_t high);

/* Input `index` is there (neither missing nor -1). */
bool tg_has_input(tg_loader *loader, uint32_t index);
bool tg_open_input(tg_loader *loader, uint32_t index, tg_tensor *tensor);
bool tg_open_output(tg_loader *loader, tg_tensor *tensor);

/* As tg_open_output, and one dimension may still be -1. */
bool tg_open_reshaped(tg_loader *loader, tg_tensor *tensor);
bool tg_expect_sized(tg_loader *loader, const tg_tensor *tensor);

/* The only input and the output, both int8. */
bool tg_open_unary(tg_loader *loader, tg_tensor *input, tg_tensor *output);
/* The input's scale is finite and not negative, the output's is finite and positive. */
bool tg_expect_scales(tg_loader *loader, const tg_tensor *input, const tg_tensor *output);
bool tg_expect_int8(tg_loader *loader, const tg_tensor *tensor);
bool tg_expect_constant(tg_loader *loader, const tg_tensor *tensor, const char *text);
bool tg_expect_same_shape(tg_loader *loader, const tg_tensor *a, const tg_tensor *b);

int32_t tg_option_i8(tg_loader *loader, uint32_t id, int32_t absent);
int32_t tg_option_i32(tg_loader *loader, uint32_t id, int32_t absent);
float tg_option_f32(tg_loader *loader, uint32_t id, float absent);
bool tg_activation(tg_loader *loader, uint32_t id, const tg_tensor *output, tg_range *range);

/* A node with `parameter_bytes` of zeroed parameters, its places taken from the tensors. NULL: out of arena, recorded.
 * `scratch_bytes` of working memory are planned for the time the operator runs. */
tg_node *tg_new_node(tg_loader *loader, const tg_tensor *inputs, uint32_t count, const tg_tensor *output,
                     uint32_t parameter_bytes, uint32_t scratch_bytes);
static inline void *tg_parameters(tg_node *node) {
    return node->input + node->inputs;
}

/* Plan the arena and turn the nodes' places into offsets. */
bool tg_finish_nodes(tg_loader *loader);

/* Check the model and build its nodes and its plan in the arena. On success the engine is ready and `info` is filled.
 */
tg_status tg_load_model(tg_engine *engine, const uint8_t *model, uint32_t model_bytes, tg_model_info *info);
#endif
