"""What a .tflite file holds: tensors, operators, one input, one output."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from export.errors import InvalidModelFileError
from export.tflite_schema import FLOAT_DTYPES

ScoreKind = Literal["logits", "probabilities"]
_REPACKING = frozenset({"DEQUANTIZE", "QUANTIZE", "RESHAPE", "SQUEEZE"})
_CONVERSIONS = frozenset({"QUANTIZE", "DEQUANTIZE"})
_INT8_MIN, _INT8_MAX = -128, 127


@dataclass(frozen=True)
class Tensor:
    """One tensor: `bits` per element, `data` where it is constant, scales where quantized."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    bits: int
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    quantized_dimension: int = 0
    is_variable: bool = False
    data: memoryview | None = field(default=None, repr=False, compare=False)

    @property
    def is_constant(self) -> bool:
        """True where the file holds its values."""
        return self.data is not None

    @property
    def elements(self) -> int:
        """How many elements it has; 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Its values packed."""
        return (self.elements * self.bits + 7) // 8


@dataclass(frozen=True)
class Operator:
    """One operator; -1 among its inputs is an absent optional input."""

    index: int
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    activation: str = "NONE"

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"operator {self.index} {self.name}"


@dataclass(frozen=True)
class Model:
    """A model of one subgraph with one input and one output, its operators in running order."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    input: Tensor
    output: Tensor
    metadata: dict[str, bytes] = field(default_factory=dict)
    description: str = ""

    @cached_property
    def producers(self) -> dict[int, Operator]:
        """Tensor index -> the operator that writes it."""
        return {index: operator for operator in self.operators for index in operator.outputs}

    @property
    def score_kind(self) -> ScoreKind:
        """`probabilities` where a SOFTMAX makes the output, be it repacked after; else `logits`."""
        producer = self.producers.get(self.output.index)
        while producer is not None and producer.name in _REPACKING:
            producer = self.producers.get(producer.inputs[0])
        softmax = producer is not None and producer.name == "SOFTMAX"
        return "probabilities" if softmax else "logits"

    @property
    def activation_bytes(self) -> int:
        """Bytes of all tensors that are computed, each rounded up to 16."""
        return sum(-(-one.size_bytes // 16) * 16 for one in self.tensors if not one.is_constant)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions and fully connected layers for one run."""
        return sum(self._macs_of(operator) for operator in self.operators)

    def _macs_of(self, operator: Operator) -> int:
        if operator.name not in {"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"}:
            return 0
        weights = self.tensors[operator.inputs[1]].shape
        kept = weights[:3] if operator.name == "DEPTHWISE_CONV_2D" else weights[1:]
        return self.tensors[operator.outputs[0]].elements * math.prod(kept)


def require_int8(model: Model) -> None:
    """Check that the model computes in int8.

    Its input and output are int8, or float32 that only QUANTIZE and DEQUANTIZE touch; no operator
    computes on floats; input and output quantization is one positive scale and an int8 zero point.

    Raises:
        InvalidModelFileError: otherwise; the message names the first operator or tensor at fault.

    """
    for operator in model.operators:
        _require_integer(model, operator)
    for what, tensor in (("input", model.input), ("output", model.output)):
        if tensor.dtype == "int8":
            _require_int8_quantization(what, tensor)
        elif tensor.dtype != "float32":
            raise InvalidModelFileError(f"is not int8: its {what} is {tensor.dtype}")


def _require_integer(model: Model, operator: Operator) -> None:
    if operator.name in _CONVERSIONS:
        return
    used = [model.tensors[index] for index in operator.inputs + operator.outputs if index >= 0]
    floats = [tensor.dtype for tensor in used if tensor.dtype in FLOAT_DTYPES]
    if floats:
        raise InvalidModelFileError(
            f"is float where int8 is required: {operator.label} computes in {floats[0]}; "
            "quantize the model to int8 first"
        )


def _require_int8_quantization(what: str, tensor: Tensor) -> None:
    if len(tensor.scales) != 1 or len(tensor.zero_points) != 1:
        raise InvalidModelFileError(
            f"its {what} has {len(tensor.scales)} scales and {len(tensor.zero_points)} zero "
            "points, an int8 tensor needs one of each"
        )
    scale, zero_point = tensor.scales[0], tensor.zero_points[0]
    if not (math.isfinite(scale) and scale > 0 and _INT8_MIN <= zero_point <= _INT8_MAX):
        raise InvalidModelFileError(
            f"its {what} has scale {scale:g} and zero point {zero_point}; the scale must be "
            f"positive and the zero point within {_INT8_MIN} to {_INT8_MAX}"
        )
