"""Operators that treat every element alike, or every channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from export.errors import ExportError
from export.onnx_graph import Node
from export.tf.value import (
    IMAGE_RANK,
    Operand,
    Value,
    channels_last,
    computed,
    constant,
    from_onnx_order,
)

Operands = Sequence[Operand | None]
_SIX = 6.0


def unary(function: Callable[[Any], Any]) -> Callable[[Node, Operands], Value]:
    """Return the operator that applies `function` to every element."""

    def apply(node: Node, operands: Operands) -> Value:
        del node
        value = computed(operands[0])
        return value.with_tensor(function(value.tensor))

    return apply


def leaky_relu(node: Node, operands: Operands) -> Value:
    """Return x, or alpha x below 0."""
    value = computed(operands[0])
    alpha = float(node.attributes.get("alpha", 0.01))
    return value.with_tensor(tf.nn.leaky_relu(value.tensor, alpha))


def clip(node: Node, operands: Operands) -> Value:
    """Return the elements within limits; 0 to 6 and 0 upwards as the activations they are."""
    del node
    value = computed(operands[0])
    low, high = (_limit(operands, place) for place in (1, 2))
    tensor = value.tensor
    if low == 0 and high in (None, _SIX):
        return value.with_tensor(tf.nn.relu(tensor) if high is None else tf.nn.relu6(tensor))
    if low is not None:
        tensor = tf.maximum(tensor, low)
    if high is not None:
        tensor = tf.minimum(tensor, high)
    return value.with_tensor(tensor)


def _limit(operands: Operands, place: int) -> float | None:
    if len(operands) <= place or operands[place] is None:
        return None
    limit = constant(operands[place], "its limit")
    if limit.size != 1:
        raise ExportError(f"has {limit.size} limits on one side")
    return float(limit.reshape(()))


def softmax(node: Node, operands: Operands) -> Value:
    """Return the softmax over the last axis of a vector."""
    value = computed(operands[0])
    axis = int(node.attributes.get("axis", -1))
    if value.is_image or axis not in (-1, len(value.shape) - 1):
        raise ExportError(f"is over axis {axis} of {list(value.shape)}, not over the classes")
    return from_onnx_order(tf.nn.softmax(value.in_onnx_order()))


def binary(function: Callable[[Any, Any], Any]) -> Callable[[Node, Operands], Value]:
    """Return the operator that applies `function` to pairs of elements, with broadcasting."""

    def apply(node: Node, operands: Operands) -> Value:
        del node
        first, second = operands[0], operands[1]
        if first is None or second is None:
            raise ExportError("lacks an operand")
        try:
            shape = np.broadcast_shapes(first.shape, second.shape)
        except ValueError as error:
            raise ExportError(
                f"has operands {list(first.shape)} and {list(second.shape)}"
            ) from error
        rank = len(shape)
        return Value(shape, function(_aligned(first, rank), _aligned(second, rank)))

    return apply


def _aligned(operand: Operand, rank: int) -> Any:
    """Return an operand with `rank` axes, those it lacks in front."""
    if isinstance(operand, Value):
        return _aligned_value(operand, rank)
    values = operand.reshape((1,) * (rank - operand.ndim) + operand.shape)
    if values.dtype != np.float32:
        raise ExportError(f"has a constant of {values.dtype.name}, not float32")
    return channels_last(values) if rank == IMAGE_RANK else values


def _aligned_value(value: Value, rank: int) -> Any:
    if value.is_image:
        return value.tensor
    tensor = value.in_onnx_order()
    missing = rank - len(value.shape)
    return from_onnx_order(tf.reshape(tensor, (1,) * missing + value.shape)).tensor


def batch_normalization(node: Node, operands: Operands) -> Value:
    """Return every channel scaled and shifted by its stored statistics."""
    if int(node.attributes.get("training_mode", 0)):
        raise ExportError("is in training mode; export the module in evaluation mode")
    names = ("its scale", "its bias", "its mean", "its variance")
    if len(operands) != 1 + len(names):
        raise ExportError("lacks statistics")
    scale, bias, mean, variance = (
        constant(one, name, rank=1).astype(np.float64)
        for one, name in zip(operands[1:], names, strict=True)
    )
    value = computed(operands[0])
    if value.shape[1] != len(scale) or not len(scale) == len(bias) == len(mean) == len(variance):
        raise ExportError(f"has {len(scale)} channels for an input of {list(value.shape)}")
    factor = scale / np.sqrt(variance + float(node.attributes.get("epsilon", 1e-5)))
    if not np.isfinite(factor).all():
        raise ExportError("divides by a variance that is not positive")
    shift = (bias - mean * factor).astype(np.float32)
    tensor = value.tensor if value.is_image else value.in_onnx_order()
    return Value(value.shape, tensor * factor.astype(np.float32) + shift)
