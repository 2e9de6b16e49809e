/* tflm_runtime.h: TensorFlow Lite Micro as the inference engine. Needs TFLM's sources; see docs/how-to/own-firmware.md. */
#ifndef TFLM_RUNTIME_H
#define TFLM_RUNTIME_H
#include <stdint.h>

#include "runtime.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_op_resolver.h"

class TflmEngine {
  public:
    /* `resolver` knows the operators that models may use; it and `arena` outlive this object. */
    TflmEngine(const tflite::MicroOpResolver &resolver, uint8_t *arena, uint32_t arena_bytes)
        : resolver_(resolver), arena_(arena), arena_bytes_(arena_bytes) {
    }

    tg_runtime runtime();
    tg_status load(const uint8_t *model, uint32_t model_bytes, tg_model_info *info);
    tg_status infer(const uint8_t *input, uint8_t *output);

  private:
    void drop();

    const tflite::MicroOpResolver &resolver_;
    uint8_t *arena_;
    uint32_t arena_bytes_;
    tflite::MicroInterpreter *interpreter_ = nullptr;
    alignas(tflite::MicroInterpreter) uint8_t place_[sizeof(tflite::MicroInterpreter)];
};
#endif
