#include "tflm_runtime.h"

#include <string.h>

#include <new>

#include "tensorflow/lite/schema/schema_generated.h"
#include "text.h"

namespace {

tg_status refuse(tg_model_info *info, tg_status status, const char *why) {
    tg_text text = tg_text_start(info->detail, sizeof info->detail);
    tg_text_add(&text, why);
    return status;
}

tg_status load_engine(void *engine, const uint8_t *model, uint32_t model_bytes, tg_model_info *info) {
    return static_cast<TflmEngine *>(engine)->load(model, model_bytes, info);
}

/* TFLM offers no operator's output from outside: a trace has no operators, and load says 0 of them. */
tg_status infer_engine(void *engine, const uint8_t *input, uint8_t *output, const tg_observer *) {
    return static_cast<TflmEngine *>(engine)->infer(input, output);
}

} // namespace

tg_runtime TflmEngine::runtime() {
    return {load_engine, infer_engine, this};
}

void TflmEngine::drop() {
    if (interpreter_ != nullptr)
        interpreter_->~MicroInterpreter();
    interpreter_ = nullptr;
}

/* TFLM trusts a model's offsets: the session has checked that the bytes are those the host sent, nobody that the host's
 * are sound. */
tg_status TflmEngine::load(const uint8_t *bytes, uint32_t, tg_model_info *info) {
    drop();
    const tflite::Model *model = tflite::GetModel(bytes);
    if (model->version() != TFLITE_SCHEMA_VERSION)
        return refuse(info, TG_MODEL_MALFORMED, "another version of the schema");
    interpreter_ = new (place_) tflite::MicroInterpreter(model, resolver_, arena_, arena_bytes_);
    if (interpreter_->AllocateTensors() != kTfLiteOk) {
        drop();
        return refuse(info, TG_MODEL_REFUSED, "TFLM: AllocateTensors failed: an operator it lacks, or a small arena");
    }
    if (interpreter_->inputs_size() != 1 || interpreter_->outputs_size() != 1) {
        drop();
        return refuse(info, TG_MODEL_UNSUPPORTED, "one input and one output are supported");
    }
    const TfLiteTensor *output = interpreter_->output(0);
    info->input_bytes = static_cast<uint32_t>(interpreter_->input(0)->bytes);
    info->output_bytes = static_cast<uint32_t>(output->bytes);
    info->arena_bytes = static_cast<uint32_t>(interpreter_->arena_used_bytes());
    if (output->type == kTfLiteInt8) {
        info->output_scale = output->params.scale;
        info->output_zero_point = output->params.zero_point;
    }
    return TG_OK;
}

tg_status TflmEngine::infer(const uint8_t *input, uint8_t *output) {
    memcpy(interpreter_->input(0)->data.raw, input, interpreter_->input(0)->bytes);
    if (interpreter_->Invoke() != kTfLiteOk)
        return TG_INFER_FAILED;
    memcpy(output, interpreter_->output(0)->data.raw, interpreter_->output(0)->bytes);
    return TG_OK;
}
