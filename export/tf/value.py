"""A tensor of the ONNX graph as TensorFlow computes it: the channels of an image come last."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from export.errors import ExportError

IMAGE_RANK = 4
MAX_RANK = 4
MAX_ELEMENTS = 1 << 26
_TO_CHANNELS_LAST = (0, 2, 3, 1)
_TO_CHANNELS_FIRST = (0, 3, 1, 2)


@dataclass(frozen=True)
class Value:
    """A computed tensor of batch 1.

    Attributes:
        shape: in ONNX; of an image (1, C, H, W).
        tensor: of an image (1, H, W, C). An image that ONNX has flattened, `shape` (1, C H W), is
            still (1, H, W, C): who multiplies it with weights permutes the weights instead.

    """

    shape: tuple[int, ...]
    tensor: Any

    def __post_init__(self) -> None:
        if self.shape[:1] != (1,):
            raise ExportError(f"computes {list(self.shape)}, which is not of one sample")
        if len(self.shape) > MAX_RANK or math.prod(self.shape) > MAX_ELEMENTS:
            raise ExportError(
                f"computes {list(self.shape)}; at most {MAX_RANK} axes and {MAX_ELEMENTS} values "
                "are supported"
            )
        if math.prod(self.shape) == 0:
            raise ExportError(f"computes {list(self.shape)}, which is empty")

    @property
    def is_image(self) -> bool:
        """Whether it has the axes (1, C, H, W) in ONNX."""
        return len(self.shape) == IMAGE_RANK

    @property
    def is_flattened_image(self) -> bool:
        """Whether its features are those of an image, in the order of the image's tensor."""
        return len(self.shape) != IMAGE_RANK and len(self.tensor.shape) == IMAGE_RANK

    def with_tensor(self, tensor: Any) -> Value:
        """Return another tensor of this very shape and layout."""
        return Value(self.shape, tensor)

    def in_onnx_order(self) -> Any:
        """Return the tensor with the axes and the order of elements it has in ONNX."""
        tensor = self.tensor
        if self.is_image or self.is_flattened_image:
            tensor = _permuted(tensor, _TO_CHANNELS_FIRST)
        if tuple(tensor.shape) != self.shape:
            tensor = tf.reshape(tensor, self.shape)
        return tensor


Operand = Value | NDArray[Any]


def from_onnx_order(tensor: Any) -> Value:
    """Return the value of a tensor whose axes are ONNX's."""
    shape = tuple(int(side) for side in tensor.shape)
    if len(shape) == IMAGE_RANK:
        tensor = _permuted(tensor, _TO_CHANNELS_LAST)
    return Value(shape, tensor)


def image_of(tensor: Any) -> Value:
    """Return the value of a tensor (1, H, W, C)."""
    batch, height, width, channels = (int(side) for side in tensor.shape)
    return Value((batch, channels, height, width), tensor)


def channels_last(values: NDArray[Any]) -> NDArray[Any]:
    """Return a constant (N, C, H, W) as (N, H, W, C)."""
    return values.transpose(_TO_CHANNELS_LAST)


def tensor_axes(value: Value, axes: Sequence[int]) -> tuple[int, ...]:
    """Return where ONNX's axes of a value are in its tensor, in ascending order."""
    rank = len(value.shape)
    wrong = [axis for axis in axes if not -rank <= axis < rank]
    if wrong:
        raise ExportError(f"names axis {wrong[0]} of {rank}")
    places = _TO_CHANNELS_LAST.index if value.is_image else int
    return tuple(sorted({places(axis % rank) for axis in axes}))


def _permuted(tensor: Any, order: tuple[int, ...]) -> Any:
    """Transpose, by a mere reshape where no two axes longer than 1 change places."""
    long = [axis for axis in order if tensor.shape[axis] != 1]
    if long == sorted(long):
        return tf.reshape(tensor, [int(tensor.shape[axis]) for axis in order])
    return tf.transpose(tensor, order)


def computed(operand: Operand | None, what: str = "its input") -> Value:
    """Return an operand that the network computes; ExportError where it is a constant or absent."""
    if not isinstance(operand, Value):
        raise ExportError(f"{what} is {'absent' if operand is None else 'a constant'}")
    return operand


def image(operand: Operand | None) -> Value:
    """Return an operand that is an image; ExportError where it is anything else."""
    value = computed(operand)
    if not value.is_image:
        raise ExportError(f"its input is {list(value.shape)}, not an image (1, C, H, W)")
    return value


def constant(operand: Operand | None, what: str, rank: int | None = None) -> NDArray[Any]:
    """Return an operand that the file holds; ExportError where it is computed or absent."""
    if not isinstance(operand, np.ndarray):
        raise ExportError(f"{what} must be a constant")
    if rank is not None and operand.ndim != rank:
        raise ExportError(f"{what} has {operand.ndim} axes, not {rank}")
    return operand
