"""The activation memory that TensorFlow Lite Micro plans for a model, greedy by size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from .graph import TYPES

WIDTH = {TYPES[name]: np.dtype(name).itemsize for name in TYPES}


@dataclass
class _Buffer:
    size: int
    first: int
    last: int
    offset: int = -1


def _rounded(size: int) -> int:
    return -(-size // 16) * 16


def _tensor_buffers(model: Any, graph: Any) -> dict[int, _Buffer]:
    times: dict[int, list[int]] = {}
    for tensor in graph.inputs:
        times[tensor] = [0]
    for time, operator in enumerate(graph.operators, 1):
        for tensor in [*operator.inputs, *operator.outputs]:
            times.setdefault(int(tensor), []).append(time)
    for tensor in graph.outputs:
        times[int(tensor)].append(len(graph.operators))
    buffers = {}
    for index, when in times.items():
        if index < 0 or model.buffers[graph.tensors[index].buffer].data is not None:
            continue
        tensor = graph.tensors[index]
        size = int(np.prod(tensor.shape)) * WIDTH[tensor.type]
        buffers[index] = _Buffer(_rounded(size), min(when), max(when))
    return buffers


def _scratch_buffers(graph: Any, model: Any) -> list[_Buffer]:
    """MEAN and SUM ask for three each."""
    found = []
    for time, operator in enumerate(graph.operators, 1):
        code = model.operatorCodes[operator.opcodeIndex]
        if max(code.builtinCode, code.deprecatedBuiltinCode) not in (40, 74):
            continue
        source, axes = (graph.tensors[i] for i in operator.inputs)
        outputs = int(np.prod(graph.tensors[operator.outputs[0]].shape))
        counts = (outputs, len(source.shape), int(np.prod(axes.shape)))
        found += [_Buffer(_rounded(4 * count), time, time) for count in counts]
    return found


def _place(buffer: _Buffer, placed: list[_Buffer]) -> int:
    offset = 0
    for other in sorted(placed, key=lambda b: b.offset):
        if other.first > buffer.last or buffer.first > other.last:
            continue
        if other.offset - offset >= buffer.size:
            break
        offset = max(offset, other.offset + other.size)
    return offset


def planned_bytes(data: bytes) -> int:
    """Bytes of TFLM's head section for the model."""
    model: Any = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    graph = model.subgraphs[0]
    tensors = _tensor_buffers(model, graph)
    buffers = [tensors[i] for i in sorted(tensors)] + _scratch_buffers(graph, model)
    placed: list[_Buffer] = []
    order = sorted(range(len(buffers)), key=lambda i: (-buffers[i].size, -i))
    for buffer in (buffers[i] for i in order):
        buffer.offset = _place(buffer, placed)
        placed.append(buffer)
    return max(b.offset + b.size for b in placed)
