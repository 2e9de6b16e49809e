#include "dense_engine.h"

#include <string.h>

#include "crc32.h"
#include "text.h"
#include "wire.h"

namespace {

constexpr uint32_t fully_connected = 9; /* TensorFlow Lite's number of the operator, for the trace */

tg_status refuse(tg_model_info *info, tg_status status, const char *what, uint32_t number) {
    tg_text text = tg_text_start(info->detail, sizeof info->detail);
    tg_text_add(&text, what);
    tg_text_add_number(&text, number);
    return status;
}

bool is_code(int32_t value) {
    return value >= -128 && value <= 127;
}

int32_t code(uint8_t byte) {
    return static_cast<int8_t>(byte);
}

tg_status load_engine(void *engine, const uint8_t *model, uint32_t model_bytes, tg_model_info *info) {
    return static_cast<DenseEngine *>(engine)->load(model, model_bytes, info);
}

tg_status infer_engine(void *engine, const uint8_t *input, uint8_t *output, const tg_observer *observer) {
    static_cast<const DenseEngine *>(engine)->infer(input, output, observer);
    return TG_OK;
}

} // namespace

tg_runtime DenseEngine::runtime() {
    return {load_engine, infer_engine, this};
}

uint32_t DenseEngine::Cursor::word() {
    const uint8_t *from = take(1, 4);
    return from == nullptr ? 0 : tg_get32(from);
}

const uint8_t *DenseEngine::Cursor::take(uint32_t count, uint32_t each) {
    uint64_t bytes = (static_cast<uint64_t>(count) * each + 3) / 4 * 4;
    broken = broken || bytes > left;
    if (broken)
        return nullptr;
    const uint8_t *from = at;
    at += bytes;
    left -= static_cast<uint32_t>(bytes);
    return from;
}

bool DenseEngine::Layer::sound() const {
    return inputs >= 1 && inputs <= most_units && outputs >= 1 && outputs <= most_units && is_code(input_zero) &&
           is_code(output_zero) && is_code(lowest) && multiplier >= 0 && shift <= 30;
}

DenseEngine::Layer DenseEngine::read_layer(Cursor *file) {
    Layer layer = {};
    layer.inputs = file->word();
    layer.outputs = file->word();
    layer.input_zero = static_cast<int32_t>(file->word());
    layer.output_zero = static_cast<int32_t>(file->word());
    layer.lowest = static_cast<int32_t>(file->word());
    layer.multiplier = static_cast<int32_t>(file->word());
    layer.shift = file->word();
    if (!layer.sound())
        file->broken = true;
    layer.bias = file->take(layer.outputs, 4);
    layer.weights = file->take(layer.outputs * layer.inputs, 1);
    return layer;
}

tg_status DenseEngine::read_layers(Cursor *file, uint32_t count, tg_model_info *info) {
    for (layer_count_ = 0; layer_count_ < count; layer_count_++) {
        layers_[layer_count_] = read_layer(file);
        if (file->broken)
            return refuse(info, TG_MODEL_MALFORMED, "the file does not hold layer ", layer_count_);
        if (layer_count_ > 0 && layers_[layer_count_].inputs != layers_[layer_count_ - 1].outputs)
            return refuse(info, TG_MODEL_MALFORMED, "other inputs than the outputs before it has layer ", layer_count_);
    }
    if (file->left > 0)
        return refuse(info, TG_MODEL_MALFORMED, "bytes behind the last layer: ", file->left);
    return TG_OK;
}

uint32_t DenseEngine::widest_between() const {
    uint32_t widest = 0;
    for (uint32_t i = 0; i + 1 < layer_count_; i++)
        widest = layers_[i].outputs > widest ? layers_[i].outputs : widest;
    return widest;
}

tg_status DenseEngine::load(const uint8_t *model, uint32_t model_bytes, tg_model_info *info) {
    Cursor file = {model, model_bytes, false};
    uint32_t magic = file.word(), count = file.word(), scale = file.word(), zero = file.word();
    if (file.broken || magic != 0x31534E44) /* "DNS1" */
        return refuse(info, TG_MODEL_MALFORMED, "no DNS1 file; bytes: ", model_bytes);
    if (count < 1 || count > most_layers)
        return refuse(info, TG_MODEL_UNSUPPORTED, "1 to 16 layers are supported, not ", count);
    tg_status status = read_layers(&file, count, info);
    if (status != TG_OK)
        return status;
    half_ = (widest_between() + 7) / 8 * 8;
    if (2 * half_ > arena_bytes_)
        return refuse(info, TG_ARENA_TOO_SMALL, "bytes of working memory missing: ", 2 * half_ - arena_bytes_);
    info->input_bytes = layers_[0].inputs;
    info->output_bytes = last().outputs;
    info->arena_bytes = info->planned_bytes = 2 * half_;
    info->operators = layer_count_;
    memcpy(&info->output_scale, &scale, sizeof scale);
    info->output_zero_point = static_cast<int32_t>(zero);
    return TG_OK;
}

void DenseEngine::Layer::run(const uint8_t *input, uint8_t *output) const {
    const uint8_t *weight = weights;
    for (uint32_t o = 0; o < outputs; o++) {
        int32_t products = 0; /* 16384 inputs of 255 * 128 at most */
        for (uint32_t i = 0; i < inputs; i++)
            products += code(*weight++) * (code(input[i]) - input_zero);
        int64_t sum = static_cast<int64_t>(static_cast<int32_t>(tg_get32(bias + 4 * o))) + products;
        int64_t scaled = (sum * multiplier + (INT64_C(1) << (30 + shift))) >> (31 + shift);
        int64_t value = scaled + output_zero;
        value = value < lowest ? lowest : value > 127 ? 127 : value;
        output[o] = static_cast<uint8_t>(value);
    }
}

void DenseEngine::infer(const uint8_t *input, uint8_t *output, const tg_observer *observer) const {
    for (uint32_t k = 0; k < layer_count_; k++) {
        uint8_t *to = k + 1 == layer_count_ ? output : arena_ + (k % 2) * half_;
        layers_[k].run(input, to);
        if (observer != nullptr)
            observer->operator_done(observer->context, k, fully_connected, layers_[k].outputs,
                                    tg_crc32(0, to, layers_[k].outputs));
        input = to;
    }
}
