/* dense_engine.h: an inference engine of its own, for networks of dense int8 layers in a file format of its own.
 *
 * A file is little-endian: "DNS1", u32 layers (1 to 16), f32 scale and i32 zero point of the output; then each layer:
 * u32 inputs, u32 outputs (1 to 16384), i32 zero point of the input, i32 zero point of the output, i32 lowest output
 * code (a ReLU is the zero point), i32 multiplier (not negative), u32 shift (0 to 30), i32 bias[outputs],
 * i8 weights[outputs][inputs], zeros up to a multiple of 4.
 *
 * output = clamp(zero + (sum * multiplier + 2^(30 + shift)) >> (31 + shift), lowest, 127),
 * sum = bias + sum over inputs of weight * (input - zero point of the input).
 */
#ifndef DENSE_ENGINE_H
#define DENSE_ENGINE_H
#include <stdint.h>

#include "runtime.h"

class DenseEngine {
  public:
    static constexpr uint32_t most_layers = 16, most_units = 16384;

    DenseEngine(uint8_t *arena, uint32_t arena_bytes) : arena_(arena), arena_bytes_(arena_bytes) {
    }

    /* The interface that the session calls; this object must outlive it. */
    tg_runtime runtime();

    tg_status load(const uint8_t *model, uint32_t model_bytes, tg_model_info *info);
    void infer(const uint8_t *input, uint8_t *output, const tg_observer *observer) const;

  private:
    struct Layer {
        uint32_t inputs, outputs;
        int32_t input_zero, output_zero, lowest, multiplier;
        uint32_t shift;
        const uint8_t *bias, *weights;

        void run(const uint8_t *input, uint8_t *output) const;
        bool sound() const;
    };

    struct Cursor {
        const uint8_t *at;
        uint32_t left;
        bool broken;

        uint32_t word();
        const uint8_t *take(uint32_t count, uint32_t each);
    };

    static Layer read_layer(Cursor *file);
    tg_status read_layers(Cursor *file, uint32_t count, tg_model_info *info);
    uint32_t widest_between() const;
    const Layer &last() const {
        return layers_[layer_count_ - 1];
    }

    uint8_t *arena_;
    uint32_t arena_bytes_;
    Layer layers_[most_layers];
    uint32_t layer_count_ = 0;
    uint32_t half_ = 0; /* of the working memory: layers write the one half and read the other */
};
#endif
