#pragma once
#include "tensorflow/lite/micro/micro_op_resolver.h"

namespace tflite {
template <unsigned int count> class MicroMutableOpResolver : public MicroOpResolver {
  public:
    TfLiteStatus AddConv2D();
    TfLiteStatus AddDepthwiseConv2D();
    TfLiteStatus AddFullyConnected();
    TfLiteStatus AddMean();
    TfLiteStatus AddReshape();
};
} // namespace tflite
