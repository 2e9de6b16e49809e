"""What the process that converts and its parent leave each other in a folder."""

from __future__ import annotations

ONNX = "model.onnx"
CALIBRATION = "calibration.npy"
FLOAT = "float.tflite"
INT8 = "int8.tflite"
REFUSED = "refused.txt"
EXIT_REFUSED = 3
