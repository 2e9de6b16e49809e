"""Operators that slide a window over an image: convolutions and pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from export.errors import ExportError
from export.onnx_graph import Node
from export.tf.value import Operand, Value, constant, image, image_of

_MAX_SIDE = 4096
_NO_PADS = (0, 0, 0, 0)


def conv(node: Node, operands: Sequence[Operand | None]) -> Value:
    """Return a convolution: plain, grouped or depthwise."""
    source = image(operands[0])
    weights = constant(operands[1], "its weights", rank=4)
    groups = _integer(node, "group", 1)
    outputs, depth, *kernel = weights.shape
    if groups < 1 or source.shape[1] != groups * depth or outputs % groups:
        raise ExportError(
            f"has weights {list(weights.shape)} in {groups} groups for {source.shape[1]} channels"
        )
    strides, dilations = _pair(node, "strides"), _pair(node, "dilations")
    extent = [(side - 1) * step + 1 for side, step in zip(kernel, dilations, strict=True)]
    tensor, padding = _padded(node, source, extent, strides)
    if groups == source.shape[1] > 1:
        # ONNX has (C M, 1, H, W), TensorFlow (H, W, C, M)
        filters = weights.transpose(2, 3, 0, 1).reshape(*kernel, groups, outputs // groups)
        result = _depthwise(tensor, filters, strides, padding, dilations)
    else:
        filters = weights.transpose(2, 3, 1, 0)
        result = tf.nn.conv2d(tensor, filters, strides, padding, dilations=dilations)
    if len(operands) > 2 and operands[2] is not None:  # noqa: PLR2004  data, weights, bias
        result = tf.nn.bias_add(result, constant(operands[2], "its bias", rank=1))
    return image_of(result)


def _depthwise(
    tensor: Any, filters: Any, strides: list[int], padding: str, dilations: list[int]
) -> Any:
    if strides[0] != strides[1]:
        raise ExportError(f"is depthwise with strides {strides}; TensorFlow takes equal ones")
    return tf.nn.depthwise_conv2d(tensor, filters, [1, *strides, 1], padding, dilations=dilations)


def max_pool(node: Node, operands: Sequence[Operand | None]) -> Value:
    """Return the largest of each window; what lies outside the image is not looked at."""
    source = image(operands[0])
    kernel, strides = _pooling(node)
    padding = _padding(node, source, kernel, strides)
    if padding is None:
        raise ExportError(
            f"pads {list(_pads(node))}; TensorFlow's MAX_POOL_2D has only its own SAME padding"
        )
    return image_of(tf.nn.max_pool2d(source.tensor, kernel, strides, padding))


def average_pool(node: Node, operands: Sequence[Operand | None]) -> Value:
    """Return the mean of each window, of the image's pixels alone or with the zeros around it."""
    source = image(operands[0])
    kernel, strides = _pooling(node)
    counted = _integer(node, "count_include_pad", 0) == 1
    padding = None if counted and any(_pads(node)) else _padding(node, source, kernel, strides)
    if padding is None and not counted:
        raise ExportError(
            f"pads {list(_pads(node))}; TensorFlow's AVERAGE_POOL_2D has only its own SAME padding"
        )
    tensor = source.tensor if padding else _with_zeros(source, _pads(node))
    return image_of(tf.nn.avg_pool2d(tensor, kernel, strides, padding or "VALID"))


def _pooling(node: Node) -> tuple[list[int], list[int]]:
    if _integer(node, "ceil_mode", 0) or _pair(node, "dilations") != [1, 1]:
        raise ExportError("rounds its size up or is dilated, which TensorFlow's pooling is not")
    if "kernel_shape" not in node.attributes:
        raise ExportError("has no kernel_shape")
    return _pair(node, "kernel_shape"), _pair(node, "strides")


def _padded(
    node: Node, source: Value, extent: Sequence[int], strides: Sequence[int]
) -> tuple[Any, str]:
    """Return the tensor to convolve and TensorFlow's padding; zeros around it where it has none."""
    padding = _padding(node, source, extent, strides)
    return (source.tensor, padding) if padding else (_with_zeros(source, _pads(node)), "VALID")


def _padding(
    node: Node, source: Value, extent: Sequence[int], strides: Sequence[int]
) -> str | None:
    """Return TensorFlow's name for ONNX's padding, None where it has none."""
    if node.attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise ExportError("pads by itself (auto_pad); state its pads")
    pads, sides = _pads(node), source.shape[2:]
    for axis in (0, 1):
        if sides[axis] + pads[axis] + pads[axis + 2] < extent[axis]:
            raise ExportError(f"has a window of {list(extent)} on an image of {list(sides)}")
    if pads == _NO_PADS:
        return "VALID"
    same = [_same(*one) for one in zip(sides, extent, strides, strict=True)]
    return "SAME" if pads == tuple(np.transpose(same).ravel().tolist()) else None


def _same(side: int, extent: int, stride: int) -> tuple[int, int]:
    """Return the cells before and after an axis that TensorFlow's SAME adds."""
    total = max((-(-side // stride) - 1) * stride + extent - side, 0)
    return total // 2, total - total // 2


def _with_zeros(source: Value, pads: tuple[int, ...]) -> Any:
    top, left, bottom, right = pads
    return tf.pad(source.tensor, [[0, 0], [top, bottom], [left, right], [0, 0]])


def _pads(node: Node) -> tuple[int, ...]:
    pads = tuple(node.attributes.get("pads", _NO_PADS))
    if len(pads) != len(_NO_PADS) or not all(0 <= pad <= _MAX_SIDE for pad in pads):
        raise ExportError(f"has pads {list(pads)[:8]}; four of 0 to {_MAX_SIDE} are supported")
    return pads


def _pair(node: Node, name: str) -> list[int]:
    pair = list(node.attributes.get(name, (1, 1)))
    if len(pair) != 2 or not all(1 <= one <= _MAX_SIDE for one in pair):  # noqa: PLR2004  (H, W)
        raise ExportError(f"has {name} {pair[:8]}; two of 1 to {_MAX_SIDE} are supported")
    return pair


def _integer(node: Node, name: str, default: int) -> int:
    return int(node.attributes.get(name, default))
