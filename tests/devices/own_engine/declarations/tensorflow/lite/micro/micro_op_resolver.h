/* What the glue uses of TensorFlow Lite Micro, declared here for a check of its syntax and types: no TFLM is compiled.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };
enum TfLiteType { kTfLiteNoType = 0, kTfLiteFloat32 = 1, kTfLiteInt8 = 9 };

union TfLitePtrUnion {
    char *raw;
    int8_t *int8;
};

struct TfLiteQuantizationParams {
    float scale;
    int32_t zero_point;
};

struct TfLiteTensor {
    TfLiteType type;
    TfLitePtrUnion data;
    TfLiteQuantizationParams params;
    size_t bytes;
};

namespace tflite {
class MicroOpResolver {
  public:
    virtual ~MicroOpResolver() {
    }
};
} // namespace tflite
