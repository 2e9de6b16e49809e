/* engine.h: int8 inference straight from the bytes of a .tflite file, with the bytes of TensorFlow Lite Micro.
 *
 *     static _Alignas(16) uint8_t arena[65536];
 *     tg_engine engine;
 *     tg_engine_init(&engine, arena, sizeof arena);
 *     tg_runtime runtime = tg_engine_runtime(&engine);   // load, then infer: see runtime.h
 *
 * The caller owns engine, arena and model; nothing is allocated, nothing is global. Weights stay where they are, in
 * flash or RAM, at any alignment. `load` checks the whole file before the first inference and returns
 *     TG_MODEL_MALFORMED    an offset, index, size or shape of the file does not hold
 *     TG_MODEL_UNSUPPORTED  an operator, type or option is not in this engine; the detail names it
 *     TG_MODEL_REFUSED      TensorFlow Lite Micro refuses the model, aborts on it or reads out of bounds
 *     TG_ARENA_TOO_SMALL    the detail says by how many bytes
 * After a failed load the engine holds no model and `infer` returns TG_NO_MODEL. A loaded model cannot fail in `infer`.
 *
 * Floating-point arithmetic must follow IEEE 754: build without -ffast-math and with -ffp-contract=off.
 */
#ifndef TG_ENGINE_H
#define TG_ENGINE_H
#include <stdint.h>

#include "runtime.h"

typedef struct {
    uint8_t *arena; /* aligned to TG_ARENA_ALIGNMENT */
    uint32_t arena_bytes;
    uint32_t skipped_bytes; /* of the caller's arena, for alignment */
    const uint8_t *model;   /* NULL: none is loaded */
    uint32_t node_count;
    uint32_t input_at, input_bytes; /* input_at, output_at: places (node.h) */
    uint32_t output_at, output_bytes;
} tg_engine;

#define TG_ARENA_ALIGNMENT 16u

/* Sets the engine up without a model. An arena of any address and size is taken; leading bytes are left unused to align
 * it. */
void tg_engine_init(tg_engine *engine, uint8_t *arena, uint32_t arena_bytes);

/* The two functions of runtime.h, bound to `engine`, which must stay where it is. */
tg_runtime tg_engine_runtime(tg_engine *engine);
#endif
