"""From a torch module to ONNX and int8 TFLite, and what an exported artifact is."""
