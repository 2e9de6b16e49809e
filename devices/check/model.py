"""The known model: a small int8 .tflite, written here, and what it must answer.

int8 (1, 12, 12, 4) -> CONV_2D 3x3 to 8 channels, ReLU -> MAX_POOL_2D 2x2 -> FULLY_CONNECTED to 10.
Weights and samples come from SHAKE-256, so that every host writes the same bytes. Field numbers are
those of TensorFlow's schema.fbs, version 3.
"""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from devices.check import int8
from devices.check.flatbuffer import Scalar, Table, Vector, vector, written

SIZE, CHANNELS, FILTERS, CLASSES = 12, 4, 8, 10
FEATURES = SIZE * SIZE // 4 * FILTERS
INPUT_BYTES = SIZE * SIZE * CHANNELS
INPUT_SCALE, INPUT_ZERO = 0.02, -3
RELU_SCALE, RELU_ZERO = 0.1, -128
OUTPUT_SCALE, OUTPUT_ZERO = 0.5, 7
FILTER_SCALES = tuple(0.004137 + 0.001017 * channel for channel in range(FILTERS))
WEIGHT_SCALE = 0.001817
CONV_2D, FULLY_CONNECTED, MAX_POOL_2D = 3, 9, 17
_INT32, _INT8 = 2, 9
_ALIGNMENT = 16  # what the schema promises for a buffer's data


@dataclass(frozen=True, slots=True)
class Expected:
    """What one sample must give: each operator's code, output size and CRC-32, and the output."""

    operators: tuple[tuple[int, int, int], ...]
    output: bytes


def _drawn(name: str, shape: tuple[int, ...]) -> int8.Int8:
    raw = hashlib.shake_256(name.encode()).digest(int(np.prod(shape)))
    return np.frombuffer(raw, np.int8).reshape(shape)


@cache
def _filters() -> int8.Int8:
    return np.maximum(_drawn("filters", (FILTERS, 3, 3, CHANNELS)), -127)


@cache
def _weights() -> int8.Int8:
    return np.maximum(_drawn("weights", (CLASSES, FEATURES)), -127)


@cache
def _biases() -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    first = _drawn("filter biases", (FILTERS,)).astype(np.int32)
    return first * 50, _drawn("weight biases", (CLASSES,)).astype(np.int32) * 200


def sample(index: int) -> bytes:
    """Return sample `index`: the bytes of the input tensor."""
    return _drawn(f"sample {index}", (INPUT_BYTES,)).tobytes()


def expected(index: int) -> Expected:
    """Return what sample `index` must give."""
    image = np.frombuffer(sample(index), np.int8).reshape(SIZE, SIZE, CHANNELS)
    scales = (
        _double(INPUT_SCALE)
        * np.array(FILTER_SCALES, np.float32).astype(float)
        / _double(RELU_SCALE)
    )
    filter_bias, weight_bias = _biases()
    conv = int8.conv_3x3_relu(image, (INPUT_ZERO, RELU_ZERO), _filters(), filter_bias, scales)
    pooled = int8.max_pool_2x2(conv)
    scale = _double(RELU_SCALE) * _double(WEIGHT_SCALE) / _double(OUTPUT_SCALE)
    output = int8.fully_connected(pooled, (RELU_ZERO, OUTPUT_ZERO), _weights(), weight_bias, scale)
    named = zip((CONV_2D, MAX_POOL_2D, FULLY_CONNECTED), (conv, pooled, output), strict=True)
    operators = tuple((code, one.nbytes, zlib.crc32(one.tobytes())) for code, one in named)
    return Expected(operators, output.tobytes())


def _double(scale: float) -> float:
    """Return a scale as the kernels see it: stored as float32, used as double."""
    return float(np.float32(scale))


@cache
def content() -> bytes:
    """Return the .tflite file."""
    model = Table(
        {
            0: Scalar("I", 3),
            1: [_operator_code(code) for code in (CONV_2D, MAX_POOL_2D, FULLY_CONNECTED)],
            2: [_graph()],
            3: _text("tinygate bench check"),
            4: [Table({}), *(_buffer(one) for one in (_filters(), *_biases(), _weights()))],
        }
    )
    return written(model, b"TFL3")


def _graph() -> Table:
    filter_bias = [_double(INPUT_SCALE) * _double(scale) for scale in FILTER_SCALES]
    weight_bias = [_double(RELU_SCALE) * _double(WEIGHT_SCALE)]
    tensors = [
        _tensor("input", (1, SIZE, SIZE, CHANNELS), [INPUT_SCALE], INPUT_ZERO),
        _tensor("filters", (FILTERS, 3, 3, CHANNELS), FILTER_SCALES, buffer=1),
        _tensor("filter_bias", (FILTERS,), filter_bias, buffer=2, kind=_INT32),
        _tensor("conv", (1, SIZE, SIZE, FILTERS), [RELU_SCALE], RELU_ZERO),
        _tensor("pool", (1, SIZE // 2, SIZE // 2, FILTERS), [RELU_SCALE], RELU_ZERO),
        _tensor("weights", (CLASSES, FEATURES), [WEIGHT_SCALE], buffer=4),
        _tensor("bias", (CLASSES,), weight_bias, buffer=3, kind=_INT32),
        _tensor("output", (1, CLASSES), [OUTPUT_SCALE], OUTPUT_ZERO),
    ]
    strides, relu, valid = {1: Scalar("i", 1), 2: Scalar("i", 1)}, Scalar("b", 1), Scalar("b", 1)
    pool = {0: valid} | {field: Scalar("i", 2) for field in (1, 2, 3, 4)}
    operators = [
        _operator(0, (0, 1, 2), 3, 1, {**strides, 3: relu, 4: Scalar("i", 1), 5: Scalar("i", 1)}),
        _operator(1, (3,), 4, 5, pool),
        _operator(2, (4, 5, 6), 7, 8, {}),
    ]
    ends = {1: vector("i", [0]), 2: vector("i", [7])}
    return Table({0: tensors, **ends, 3: operators, 4: _text("main")})


def _operator_code(code: int) -> Table:
    return Table({0: Scalar("b", code), 2: Scalar("i", 3), 3: Scalar("i", code)})


def _operator(
    opcode: int, inputs: Sequence[int], output: int, union: int, options: dict[int, Scalar]
) -> Table:
    ends = {1: vector("i", inputs), 2: vector("i", [output])}
    return Table({0: Scalar("I", opcode), **ends, 3: Scalar("b", union), 4: Table(options)})


def _tensor(
    name: str,
    shape: tuple[int, ...],
    scales: Sequence[float],
    zero_point: int = 0,
    *,
    buffer: int = 0,
    kind: int = _INT8,
) -> Table:
    zero_points = vector("q", [zero_point] * len(scales))
    quantization = Table({2: vector("f", scales), 3: zero_points})
    scalars = {1: Scalar("b", kind), 2: Scalar("I", buffer)}
    return Table({0: vector("i", shape), **scalars, 3: _text(name), 4: quantization})


def _buffer(values: NDArray[np.generic]) -> Table:
    raw = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes()
    return Table({0: Vector(raw, len(raw), _ALIGNMENT)})


def _text(text: str) -> Vector:
    return Vector(text.encode() + b"\0", len(text.encode()))
