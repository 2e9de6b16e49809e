/* runtime.h: the two functions that stand between the session and an inference engine.
 *
 * The session calls `load` once a complete model has arrived (or for the model linked into flash), then `infer` once per sample.
 * An engine is ours (devices/firmware/engine), TFLM, ExecuTorch or a vendor's: it implements these two and nothing else.
 * The caller owns all memory: `model` stays readable and unmoved until the next `load`.
 */
#ifndef TG_RUNTIME_H
#define TG_RUNTIME_H
#include <stdint.h>

#define TG_DETAIL_BYTES 96u /* text that explains an error, NUL-terminated, e.g. "operator 3 CONV_2D: dilation 3 is not supported" */

/* Codes shared with the wire protocol (ERROR message, field `code`); 0 is success. The ranges: 1..31 protocol/session, 32..63 model, 64.. engine. */
typedef enum {
    TG_OK = 0,
    TG_MODEL_MALFORMED = 32,     /* an offset, size or enum of the file does not hold */
    TG_MODEL_UNSUPPORTED = 33,   /* an operator, type or option the engine lacks; detail names it */
    TG_MODEL_TOO_LARGE = 34,     /* model store too small; detail says by how many bytes */
    TG_ARENA_TOO_SMALL = 35,     /* detail says by how many bytes */
    TG_MODEL_REFUSED = 36,       /* TFLM itself would abort, refuse, or read out of bounds */
    TG_MODEL_HASH = 37,          /* sha256 differs from the announced one */
    TG_NO_MODEL = 38,
    TG_INFER_FAILED = 64,
} tg_status;

typedef struct {
    uint32_t input_bytes, output_bytes;   /* of the single input and the single output tensor */
    uint32_t arena_bytes;                 /* working memory the engine uses, all of it except model and code */
    uint32_t planned_bytes;               /* the activation plan alone: comparable with TFLM's head figure */
    uint32_t operators;
    float output_scale;                   /* of an int8 output, real = scale * (code - zero point); 0: not known, or not int8 */
    int32_t output_zero_point;
    char detail[TG_DETAIL_BYTES];         /* filled on failure */
} tg_model_info;

/* Called after each operator of a traced inference. `crc32` (IEEE 802.3, as zlib) is over the operator's output tensors' bytes in order. */
typedef struct {
    void (*operator_done)(void *context, uint32_t index, uint32_t builtin_code, uint32_t output_bytes, uint32_t crc32);
    void *context;
} tg_observer;

typedef struct {
    tg_status (*load)(void *engine, const uint8_t *model, uint32_t model_bytes, tg_model_info *info);
    tg_status (*infer)(void *engine, const uint8_t *input, uint8_t *output, const tg_observer *observer /* NULL: no trace */);
    void *engine; /* passed back as the first argument */
} tg_runtime;
#endif
