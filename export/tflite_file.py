"""Reads a .tflite file, hostile until checked, into a `Model`.

Everything a native interpreter would follow is checked: vtables, offsets, counts, string ends,
buffers against shapes, tensor and operator indices, the order of operators. What is refused on
purpose: several subgraphs (control flow), sparse or string tensors, StableHLO operators, data
outside the flatbuffer, shapes that are not concrete.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from export.errors import InvalidModelFileError
from export.flatbuffer import FlatbufferBytes, Table
from export.tflite_graph import check_graph
from export.tflite_model import Model, Operator, Tensor, require_int8
from export.tflite_schema import (
    ACTIVATION_FIELDS,
    ACTIVATIONS,
    BUILTIN_OPERATORS,
    IDENTIFIER,
    LAST_OPTIONS_TYPE,
    TENSOR_BITS,
    VECTOR_FIELDS,
)

__all__ = [
    "Model",
    "Operator",
    "Tensor",
    "read_content",
    "read_model",
    "read_model_file",
    "require_int8",
]

MAX_FILE_BYTES = 1 << 28
MAX_TENSOR_BYTES = 1 << 30
_MIN_FILE_BYTES = 8
_MAX_TABLES = 65_536
_MAX_RANK = 8


def read_model_file(path: Path) -> tuple[bytes, Model]:
    """Return the content of a .tflite file and what it holds.

    Raises:
        InvalidModelFileError: it cannot be read or `read_model` refuses it; one line that starts
            with the path.

    """
    content = read_content(path)
    try:
        return content, read_model(content)
    except InvalidModelFileError as error:
        raise InvalidModelFileError(f"{path}: {error}") from error


def read_content(path: Path) -> bytes:
    """Return the bytes of a file that may be a model.

    Raises:
        InvalidModelFileError: it cannot be read or is larger than `MAX_FILE_BYTES`.

    """
    if not path.is_file():
        raise InvalidModelFileError(f"{path}: no such file")
    try:
        size_bytes = path.stat().st_size
        if size_bytes > MAX_FILE_BYTES:
            raise InvalidModelFileError(
                f"{path}: {size_bytes} bytes, more than the limit of {MAX_FILE_BYTES}"
            )
        return path.read_bytes()
    except OSError as error:
        raise InvalidModelFileError(f"{path}: cannot be read ({error.strerror})") from error


def read_model(content: bytes) -> Model:
    """Return what the bytes of a .tflite file hold; InvalidModelFileError where they are not one.

    Time and memory are proportional to the size of the file; weights are views into `content`.
    """
    if len(content) < _MIN_FILE_BYTES or content[4:8] != IDENTIFIER:
        raise InvalidModelFileError("not a TFLite model: the identifier TFL3 is missing")
    source = FlatbufferBytes(content)
    root = Table.at(source, source.integer("I", 0))
    subgraphs = root.tables(2, _MAX_TABLES, "subgraphs")
    if len(subgraphs) != 1:
        raise InvalidModelFileError(f"has {len(subgraphs)} subgraphs; one is supported")
    buffers = _buffers(root)
    tensors = _tensors(subgraphs[0], buffers)
    operators = _operators(root, subgraphs[0])
    _check_signatures(root, len(tensors))
    inputs = _indices(subgraphs[0], 1)
    outputs = _indices(subgraphs[0], 2)
    check_graph(tensors, operators, inputs, outputs)
    return Model(
        tensors, operators, tensors[inputs[0]], tensors[outputs[0]], _metadata(root, buffers),
        root.text(3),
    )  # fmt: skip


def _buffers(root: Table) -> list[memoryview | None]:
    if root.numbers(4, "<u4").size == 0:
        raise InvalidModelFileError("damaged: it has no buffers")
    tables = root.tables(4, _MAX_TABLES, "buffers")
    if root.has(8) or root.has(9) or any(one.integer(1, "Q") for one in tables):
        raise InvalidModelFileError("keeps data outside the flatbuffer, which is not supported")
    return [one.content(0) for one in tables]


def _metadata(root: Table, buffers: list[memoryview | None]) -> dict[str, bytes]:
    found = {}
    for entry in root.tables(6, _MAX_TABLES, "metadata entries"):
        data = buffers[_checked_index(entry.integer(1, "I"), len(buffers), "buffer")]
        entry.source.spend(len(data or b""))
        found[entry.text(0)] = bytes(data or b"")
    return found


def _tensors(subgraph: Table, buffers: list[memoryview | None]) -> tuple[Tensor, ...]:
    tables = subgraph.tables(0, _MAX_TABLES, "tensors")
    return tuple(_tensor(index, table, buffers) for index, table in enumerate(tables))


def _tensor(index: int, table: Table, buffers: list[memoryview | None]) -> Tensor:
    kind = table.integer(1, "b")
    if kind not in TENSOR_BITS:
        raise InvalidModelFileError(f"tensor {index} has type {kind}, which is not supported")
    if table.has(6) or table.has(9) or table.integer(10, "I"):
        raise InvalidModelFileError(f"tensor {index} is sparse, variant or external")
    scales, zero_points, dimension = _quantization(index, table.table(4))
    tensor = Tensor(
        index=index,
        name=table.text(3),
        shape=_shape(index, table, TENSOR_BITS[kind][0]),
        dtype=TENSOR_BITS[kind][0],
        bits=TENSOR_BITS[kind][1],
        scales=scales,
        zero_points=zero_points,
        quantized_dimension=dimension,
        is_variable=bool(table.integer(5, "B")),
        data=buffers[_checked_index(table.integer(2, "I"), len(buffers), "buffer")],
    )
    _check_size(tensor)
    return tensor


def _shape(index: int, table: Table, dtype: str) -> tuple[int, ...]:
    """Return the shape; only integer lists (axes, shapes) may be empty."""
    shape = tuple(int(size) for size in table.numbers(0, "<i4"))
    if table.numbers(7, "<i4").size not in (0, len(shape)):
        raise InvalidModelFileError(f"tensor {index} has a shape signature of another rank")
    lowest = 0 if dtype in ("int32", "int64") else 1
    if len(shape) > _MAX_RANK or any(size < lowest for size in shape):
        raise InvalidModelFileError(
            f"tensor {index} has shape {list(shape)[: _MAX_RANK + 1]}; sizes must be positive and "
            f"the rank at most {_MAX_RANK}"
        )
    return shape


def _quantization(
    index: int, table: Table | None
) -> tuple[tuple[float, ...], tuple[int, ...], int]:
    if table is None:
        return (), (), 0
    table.numbers(0, "<f4")
    table.numbers(1, "<f4")
    if table.has(5):
        raise InvalidModelFileError(f"tensor {index} has custom quantization")
    scales = tuple(float(scale) for scale in table.numbers(2, "<f4").astype(np.float64))
    zero_points = tuple(int(point) for point in table.numbers(3, "<i8"))
    return scales, zero_points, table.integer(6, "i")


def _check_size(tensor: Tensor) -> None:
    size_bytes = tensor.size_bytes
    if size_bytes > MAX_TENSOR_BYTES:
        raise InvalidModelFileError(
            f"tensor {tensor.index} has shape {list(tensor.shape)}, more than the limit of "
            f"{MAX_TENSOR_BYTES} bytes"
        )
    if tensor.data is not None and len(tensor.data) != size_bytes:
        raise InvalidModelFileError(
            f"tensor {tensor.index} of shape {list(tensor.shape)} and {tensor.dtype} needs "
            f"{size_bytes} bytes, its buffer has {len(tensor.data)}"
        )
    channels = len(tensor.scales)
    dimension = tensor.quantized_dimension
    if channels > 1 and (
        not 0 <= dimension < len(tensor.shape) or tensor.shape[dimension] != channels
    ):
        raise InvalidModelFileError(
            f"tensor {tensor.index} of shape {list(tensor.shape)} has {channels} scales along "
            f"dimension {dimension}"
        )
    if len(tensor.zero_points) not in (0, 1, channels) or not all(
        map(math.isfinite, tensor.scales)
    ):
        raise InvalidModelFileError(f"tensor {tensor.index} has inconsistent quantization")


def _operators(root: Table, subgraph: Table) -> tuple[Operator, ...]:
    names = [_operator_name(code) for code in root.tables(1, _MAX_TABLES, "operator codes")]
    tables = subgraph.tables(3, _MAX_TABLES, "operators")
    return tuple(_operator(index, table, names) for index, table in enumerate(tables))


def _operator_name(code: Table) -> str:
    number = max(code.integer(0, "b"), code.integer(3, "i"))
    if not 0 <= number < len(BUILTIN_OPERATORS):
        raise InvalidModelFileError(f"operator code {number} is not in the schema")
    custom = code.text(1)
    name = BUILTIN_OPERATORS[number]
    return f"CUSTOM:{custom}" if name == "CUSTOM" else name


def _operator(index: int, table: Table, names: list[str]) -> Operator:
    name = names[_checked_index(table.integer(0, "I"), len(names), "operator code")]
    table.content(5)
    table.content(7)
    _indices(table, 8)
    if table.has(12) or name.startswith("STABLEHLO_"):
        raise InvalidModelFileError(f"operator {index} {name}: StableHLO is not supported")
    return Operator(index, name, _indices(table, 1), _indices(table, 2), _activation(table))


def _activation(table: Table) -> str:
    kind = table.integer(3, "B")
    if kind > LAST_OPTIONS_TYPE:
        raise InvalidModelFileError(f"damaged: operator options of type {kind}")
    options = table.table(4) if kind else None
    if options is None:
        return "NONE"
    for vector in VECTOR_FIELDS.get(kind, ()):
        options.numbers(vector, "<i4")
    number = options.integer(ACTIVATION_FIELDS[kind], "b") if kind in ACTIVATION_FIELDS else 0
    if not 0 <= number < len(ACTIVATIONS):
        raise InvalidModelFileError(f"damaged: fused activation {number} is not in the schema")
    return ACTIVATIONS[number]


def _check_signatures(root: Table, tensors: int) -> None:
    for signature in root.tables(7, _MAX_TABLES, "signatures"):
        signature.text(2)
        _checked_index(signature.integer(4, "I"), 1, "subgraph")
        for entry in signature.tables(0, _MAX_TABLES, "signature inputs") + signature.tables(
            1, _MAX_TABLES, "signature outputs"
        ):
            entry.text(0)
            _checked_index(entry.integer(1, "I"), tensors, "tensor")


def _indices(table: Table, field: int) -> tuple[int, ...]:
    return tuple(int(index) for index in table.numbers(field, "<i4"))


def _checked_index(index: int, count: int, what: str) -> int:
    if not 0 <= index < count:
        raise InvalidModelFileError(f"damaged: {what} {index} of {count}")
    return index
