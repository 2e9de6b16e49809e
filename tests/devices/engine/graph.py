"""Writes small .tflite files, operator by operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

TYPES: dict[str, int] = {
    "float32": 0,
    "int32": 2,
    "uint8": 3,
    "int64": 4,
    "int16": 7,
    "int8": 9,
}

BUILTINS: dict[str, int] = {
    name: code for name, code in vars(schema.BuiltinOperator).items() if not name.startswith("_")
}

# Operator -> (options class, options with defaults are absent otherwise)
OPTIONS: dict[str, str] = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "ADD": "AddOptions",
    "SUB": "SubOptions",
    "MUL": "MulOptions",
    "MEAN": "ReducerOptions",
    "SUM": "ReducerOptions",
    "SOFTMAX": "SoftmaxOptions",
    "CONCATENATION": "ConcatenationOptions",
    "LEAKY_RELU": "LeakyReluOptions",
    "RESHAPE": "ReshapeOptions",
}


@dataclass(frozen=True)
class Quantization:
    """Affine quantization: real = scale * (q - zero_point); several scales are per channel."""

    scales: tuple[float, ...]
    zero_points: tuple[int, ...] = (0,)
    dimension: int = 0


def affine(scale: float, zero_point: int = 0) -> Quantization:
    """Per-tensor quantization."""
    return Quantization((scale,), (zero_point,))


class Graph:
    """One subgraph under construction; tensors are named by their index."""

    def __init__(self) -> None:
        self.model: Any = schema.ModelT()
        self.model.version = 3
        self.model.operatorCodes = []
        self.model.buffers = [schema.BufferT()]
        self.subgraph: Any = schema.SubGraphT()
        self.subgraph.tensors = []
        self.subgraph.operators = []

    def tensor(
        self,
        shape: Sequence[int],
        dtype: str = "int8",
        quantization: Quantization | None = None,
        data: npt.ArrayLike | None = None,
    ) -> int:
        """Index of a new tensor; with `data` it is constant."""
        tensor: Any = schema.TensorT()
        tensor.shape = [int(n) for n in shape]
        tensor.type = TYPES[dtype]
        tensor.buffer = 0 if data is None else self._buffer(np.asarray(data, dtype))
        tensor.quantization = _quantization(quantization)
        self.subgraph.tensors.append(tensor)
        return len(self.subgraph.tensors) - 1

    def constant(
        self, values: npt.ArrayLike, dtype: str, quantization: Quantization | None = None
    ) -> int:
        """Index of a new constant tensor of the values' shape."""
        array = np.asarray(values, dtype)
        return self.tensor(array.shape, dtype, quantization, array)

    def add(
        self, builtin: str, inputs: Sequence[int], outputs: Sequence[int], **options: Any
    ) -> None:
        """Append an operator; `options` are fields of its options table."""
        operator: Any = schema.OperatorT()
        operator.opcodeIndex = self._code(BUILTINS[builtin])
        operator.inputs = list(inputs)
        operator.outputs = list(outputs)
        if builtin in OPTIONS:
            kind = OPTIONS[builtin]
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            operator.builtinOptions = getattr(schema, kind + "T")()
            for field, value in options.items():
                setattr(operator.builtinOptions, field, value)
        self.subgraph.operators.append(operator)

    def build(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        """The finished file."""
        self.subgraph.inputs = list(inputs)
        self.subgraph.outputs = list(outputs)
        self.model.subgraphs = [self.subgraph]
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    def _buffer(self, array: npt.NDArray[Any]) -> int:
        buffer: Any = schema.BufferT()
        buffer.data = np.frombuffer(array.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        return len(self.model.buffers) - 1

    def _code(self, builtin: int) -> int:
        for index, known in enumerate(self.model.operatorCodes):
            if known.builtinCode == builtin:
                return index
        code: Any = schema.OperatorCodeT()
        code.builtinCode = builtin
        code.deprecatedBuiltinCode = min(builtin, 127)
        self.model.operatorCodes.append(code)
        return len(self.model.operatorCodes) - 1


def _quantization(stated: Quantization | None) -> Any:
    if stated is None:
        return None
    quantization: Any = schema.QuantizationParametersT()
    quantization.scale = np.asarray(stated.scales, np.float32)
    quantization.zeroPoint = np.asarray(stated.zero_points, np.int64)
    quantization.quantizedDimension = stated.dimension
    return quantization
