"""From images as a data set holds them to the input tensor of a model."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from export.preprocessing import Preprocessing
from harness.errors import ArtifactError
from harness.runtimes.quantization import Quantization

_WITHOUT_CHANNELS = 3  # (N, H, W)


@dataclass(frozen=True)
class ModelInput:
    """What a model takes: its shape without the batch, its numbers, its preprocessing."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    quantization: Quantization | None = None
    preprocessing: Preprocessing = field(default_factory=Preprocessing)

    def encode(self, images: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return the input tensor (N, *shape) of images (N, H, W, C), (N, H, W) or (N, F).

        Preprocessing first, then quantization. int8 images for an int8 model without preprocessing
        are its input bytes, and so uint8 images for a uint8 model.

        Raises:
            ArtifactError: the images do not have the shape or the channels the model takes.

        """
        arranged = self._arrange(with_channels(images))
        if self.quantization is None:
            return np.ascontiguousarray(arranged, dtype=self.dtype)
        if self.preprocessing.is_identity and arranged.dtype == self.dtype:
            return np.ascontiguousarray(arranged)
        return np.ascontiguousarray(self.quantization.quantize(arranged.astype(np.float32)))

    def _arrange(self, images: NDArray[np.generic]) -> NDArray[np.generic]:
        given = images.shape[1:]
        if not _fits(given, self.shape):
            raise ArtifactError(
                f"the model takes images of shape {_text(self.shape)}, the data has {_text(given)}"
            )
        return self._preprocess(images).reshape(len(images), *self.shape)

    def _preprocess(self, images: NDArray[np.generic]) -> NDArray[np.generic]:
        if self.preprocessing.is_identity:
            return images
        try:
            return self.preprocessing.apply(images)
        except ValueError as error:
            raise ArtifactError(str(error)) from error


def with_channels(images: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return (N, H, W) as (N, H, W, 1), anything else as it is."""
    return images[..., np.newaxis] if images.ndim == _WITHOUT_CHANNELS else images


def _fits(given: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether images can be reshaped to what the model takes without a guess at their order.

    A flat model takes images of one channel, where rows of pixels are the only order there is.
    """
    if given == wanted:
        return True
    if math.prod(given) != math.prod(wanted) or not given or given[-1] != 1:
        return False
    return given[:-1] == wanted or len(wanted) == 1


def _text(shape: tuple[int, ...]) -> str:
    return "x".join(str(size) for size in shape) or "nothing"
