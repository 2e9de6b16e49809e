"""Small .tflite files built by hand with the schema's object API, valid or deliberately not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

TYPES = {"float32": 0, "int32": 2, "uint8": 3, "int16": 7, "int8": 9}


@dataclass
class T:
    shape: tuple[int, ...]
    dtype: str = "int8"
    scale: float | None = None
    zero_point: int = 0
    data: np.ndarray | None = None


@dataclass
class Op:
    code: int
    inputs: list[int]
    outputs: list[int]
    options_type: int = 0
    options: object = None
    custom: str | None = None


@dataclass
class Made:
    tensors: list[T]
    operators: list[Op]
    inputs: list[int] = field(default_factory=lambda: [0])
    outputs: list[int] = field(default_factory=lambda: [1])
    metadata: dict[str, bytes] = field(default_factory=dict)

    def pack(self) -> bytes:
        model = schema.ModelT()
        model.version, model.description = 3, "made by a test"
        model.buffers = [schema.BufferT()]
        graph = schema.SubGraphT()
        graph.tensors = [self._tensor(model, one) for one in self.tensors]
        graph.inputs, graph.outputs = self.inputs, self.outputs
        graph.operators = [self._operator(model, one) for one in self.operators]
        model.subgraphs = [graph]
        model.metadata = [self._entry(model, *item) for item in self.metadata.items()]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    @staticmethod
    def _buffer(model: Any, content: bytes) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(content, dtype=np.uint8)
        model.buffers.append(buffer)
        return len(model.buffers) - 1

    def _tensor(self, model: Any, one: T) -> Any:
        tensor = schema.TensorT()
        tensor.shape, tensor.type, tensor.name = list(one.shape), TYPES[one.dtype], "t"
        tensor.buffer = 0 if one.data is None else self._buffer(model, one.data.tobytes())
        if one.scale is not None:
            tensor.quantization = schema.QuantizationParametersT()
            tensor.quantization.scale = [one.scale]
            tensor.quantization.zeroPoint = [one.zero_point]
        return tensor

    @staticmethod
    def _operator(model: Any, one: Op) -> Any:
        code = schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode = one.code, min(one.code, 127)
        code.customCode, code.version = one.custom, 1
        model.operatorCodes = [*(model.operatorCodes or []), code]
        operator = schema.OperatorT()
        operator.opcodeIndex = len(model.operatorCodes) - 1
        operator.inputs, operator.outputs = one.inputs, one.outputs
        operator.builtinOptionsType, operator.builtinOptions = one.options_type, one.options
        return operator

    def _entry(self, model: Any, name: str, content: bytes) -> Any:
        entry = schema.MetadataT()
        entry.name, entry.buffer = name, self._buffer(model, content)
        return entry


def quantize_model(features: int, scale: float, zero_point: int) -> Made:
    """float32 (1, features) -> QUANTIZE -> int8."""
    return Made(
        [T((1, features), "float32"), T((1, features), "int8", scale, zero_point)],
        [Op(114, [0], [1])],
    )


def softmax_model(classes: int) -> Made:
    """int8 (1, classes) -> SOFTMAX -> int8."""
    options = schema.SoftmaxOptionsT()
    options.beta = 1.0
    return Made(
        [T((1, classes), "int8", 0.1, 0), T((1, classes), "int8", 1 / 256, -128)],
        [Op(25, [0], [1], 9, options)],
    )


def dense_model(features: int = 4, classes: int = 3, dtype: str = "int8") -> Made:
    """(1, features) -> FULLY_CONNECTED -> (1, classes)."""
    weights = np.arange(classes * features).reshape(classes, features).astype(dtype)
    bias = np.zeros(classes, "float32" if dtype == "float32" else "int32")
    scales = (None, None, None, None) if dtype == "float32" else (0.5, 0.25, 0.125, 1.0)
    return Made(
        [
            T((1, features), dtype, scales[0]),
            T((1, classes), dtype, scales[3]),
            T((classes, features), dtype, scales[1], data=weights),
            T((classes,), bias.dtype.name, scales[2], data=bias),
        ],
        [Op(9, [0, 2, 3], [1], 8, schema.FullyConnectedOptionsT())],
    )
