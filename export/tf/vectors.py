"""Operators that multiply with weights, or give a tensor another shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from export.errors import ExportError
from export.onnx_graph import Node
from export.tf.value import (
    Operand,
    Value,
    computed,
    constant,
    from_onnx_order,
    image,
    image_of,
    tensor_axes,
)

Operands = Sequence[Operand | None]
_INFER, _KEEP = -1, 0
_MATRIX = 2


def gemm(node: Node, operands: Operands) -> Value:
    """Return alpha x W + beta b, for x of one row."""
    attributes = node.attributes
    if int(attributes.get("transA", 0)):
        raise ExportError("transposes its input")
    weights = constant(operands[1], "its weights", rank=_MATRIX)
    if int(attributes.get("transB", 0)):
        weights = weights.T
    result = _product(computed(operands[0]), weights * np.float32(attributes.get("alpha", 1.0)))
    if len(operands) > _MATRIX and operands[_MATRIX] is not None:
        bias = constant(operands[_MATRIX], "its bias") * np.float32(attributes.get("beta", 1.0))
        if bias.size != weights.shape[1]:
            raise ExportError(f"has {bias.size} biases for {weights.shape[1]} outputs")
        result = tf.nn.bias_add(result, bias.reshape(-1))
    return from_onnx_order(result)


def matmul(node: Node, operands: Operands) -> Value:
    """Return x W, for x of one row and constant W."""
    del node
    return from_onnx_order(
        _product(computed(operands[0]), constant(operands[1], "its weights", rank=_MATRIX))
    )


def _product(value: Value, weights: NDArray[Any]) -> Any:
    if value.shape != (1, len(weights)):
        raise ExportError(f"multiplies {list(value.shape)} with weights {list(weights.shape)}")
    tensor = value.tensor
    if value.is_flattened_image:
        _, height, width, channels = tensor.shape
        weights = weights.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
        weights = weights.reshape(len(weights) * width * channels, -1)
        tensor = tf.reshape(tensor, value.shape)
    return tf.matmul(tensor, np.ascontiguousarray(weights))


def reduce_mean(node: Node, operands: Operands) -> Value:
    """Return the mean over axes other than the batch."""
    value = computed(operands[0])
    axes = _axes(node, operands)
    keep = bool(int(node.attributes.get("keepdims", 1)))
    places = tensor_axes(value, axes)
    if not places or 0 in places:
        raise ExportError("averages over the batch")
    if value.is_image and not keep and places != (1, 2):
        raise ExportError("averages an image over other axes than height and width, and drops them")
    tensor = value.tensor if value.is_image else value.in_onnx_order()
    result = tf.reduce_mean(tensor, places, keepdims=keep)
    reduced = {axis % len(value.shape) for axis in axes}
    sides = [1 if axis in reduced else side for axis, side in enumerate(value.shape)]
    kept = [side for axis, side in enumerate(sides) if keep or axis not in reduced]
    return Value(tuple(kept), result)


def _axes(node: Node, operands: Operands) -> list[int]:
    given = operands[1] if len(operands) > 1 else None
    if given is None:
        return [int(axis) for axis in node.attributes.get("axes", ())]
    return [int(axis) for axis in constant(given, "its axes").reshape(-1)]


def global_average_pool(node: Node, operands: Operands) -> Value:
    """Return the mean of every channel of an image."""
    del node
    value = image(operands[0])
    return Value((*value.shape[:2], 1, 1), tf.reduce_mean(value.tensor, (1, 2), keepdims=True))


def flatten(node: Node, operands: Operands) -> Value:
    """Return the features of a sample in one row."""
    value = computed(operands[0])
    axis = int(node.attributes.get("axis", 1))
    if axis not in (1, 1 - len(value.shape)):
        raise ExportError(f"flattens from axis {axis}; 1 is supported")
    return _reshaped(value, (1, math.prod(value.shape)))


def reshape(node: Node, operands: Operands) -> Value:
    """Return the elements in another shape."""
    value = computed(operands[0])
    wanted = [int(side) for side in constant(operands[1], "its shape", rank=1)]
    keeps = not int(node.attributes.get("allowzero", 0))
    for axis, side in enumerate(wanted):
        if side == _KEEP and keeps and axis < len(value.shape):
            wanted[axis] = value.shape[axis]
    if wanted.count(_INFER) == 1:
        known = -math.prod(wanted)
        if known > 0:
            wanted[wanted.index(_INFER)] = math.prod(value.shape) // known
    if min(wanted, default=0) < 1 or math.prod(wanted) != math.prod(value.shape):
        raise ExportError(f"reshapes {list(value.shape)} to {wanted[:8]}")
    return _reshaped(value, tuple(wanted))


def _reshaped(value: Value, shape: tuple[int, ...]) -> Value:
    is_flat = shape == (1, math.prod(value.shape))
    if shape == value.shape or (is_flat and value.is_image):
        return Value(shape, value.tensor)
    return from_onnx_order(tf.reshape(value.in_onnx_order(), shape))


def transpose(node: Node, operands: Operands) -> Value:
    """Return the axes in another order, the batch first as before."""
    value = computed(operands[0])
    rank = len(value.shape)
    order = list(node.attributes.get("perm", range(rank)[::-1]))
    if sorted(order) != list(range(rank)) or order[0] != 0:
        raise ExportError(f"orders the axes {order[:8]} of {list(value.shape)}")
    if order == list(range(rank)):
        return value
    return from_onnx_order(tf.transpose(value.in_onnx_order(), order))


def concat(node: Node, operands: Operands) -> Value:
    """Return tensors side by side along an axis other than the batch."""
    values = [computed(one) for one in operands]
    first = values[0]
    if any(len(one.shape) != len(first.shape) for one in values):
        raise ExportError("joins tensors of different ranks")
    (place,) = tensor_axes(first, [int(node.attributes["axis"])])
    if place == 0:
        raise ExportError("joins samples")
    tensors = [one.tensor if one.is_image else one.in_onnx_order() for one in values]
    joined = tf.concat(tensors, place)
    return image_of(joined) if first.is_image else from_onnx_order(joined)
