"""An ONNX graph through TensorFlow's own TFLiteConverter, in a process of its own."""
