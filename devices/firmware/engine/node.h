/* node.h: an operator ready to run, as it lies in the arena: a header, the places of its tensors, then the parameters
 * of its kernel.
 *
 * Nodes follow one another from the arena's first byte and hold no pointers, so they are the same bytes on 32-bit and
 * 64-bit machines.
 */
#ifndef TG_NODE_H
#define TG_NODE_H
#include <stdint.h>

#include "engine.h"

/* Where a tensor lies: with the top bit set, an offset into the model file (a constant); else an offset into the arena.
 */
typedef uint32_t tg_place;
#define TG_IN_MODEL 0x80000000u

typedef struct {
    uint32_t bytes; /* of the whole node: the next one follows */
    uint16_t kernel, inputs;
    uint32_t output_bytes;
    tg_place output, scratch;
    tg_place input[]; /* `inputs` of them, then the parameters */
} tg_node;

static inline const void *tg_node_parameters(const tg_node *node) {
    return node->input + node->inputs;
}

static inline uint8_t *tg_node_output(const tg_engine *engine, const tg_node *node) {
    return engine->arena + node->output;
}

static inline uint8_t *tg_node_scratch(const tg_engine *engine, const tg_node *node) {
    return engine->arena + node->scratch;
}

static inline const uint8_t *tg_at(const tg_engine *engine, tg_place place) {
    return place & TG_IN_MODEL ? engine->model + (place & ~TG_IN_MODEL) : engine->arena + place;
}

static inline const uint8_t *tg_node_input(const tg_engine *engine, const tg_node *node, uint32_t index) {
    return tg_at(engine, node->input[index]);
}
#endif
