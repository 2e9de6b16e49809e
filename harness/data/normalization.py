"""The normalisation of a data set: mean and deviation of its training images, by channel."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from export.preprocessing import Preprocessing
from harness.data.split import Split
from harness.errors import DataError

_CHUNK_SAMPLES = 1024
_FLOAT32 = np.finfo(np.float32)


def normalization(split: Split, mode: Literal["train", "none"]) -> Preprocessing:
    """Return what makes each channel of `split` mean 0 and deviation 1; for `none`, the identity.

    Mean and population standard deviation over all samples and pixels, in the images' own units,
    computed in float64. The last axis is the channel: of vectors (N, F), each feature. A channel
    that is constant in float32 gets deviation 1.

    Raises:
        DataError: more channels than a preprocessing can hold.

    """
    if mode == "none":
        return Preprocessing()
    mean = _moment(split.images, np.zeros(split.images.shape[-1]), power=1)
    std = np.sqrt(_moment(split.images, mean, power=2))
    std[std <= np.abs(mean) * _FLOAT32.eps + _FLOAT32.tiny] = 1.0
    try:
        return Preprocessing(tuple(mean.tolist()), tuple(std.tolist()))
    except ValueError as error:
        raise DataError(f"the images cannot be normalised by channel: {error}") from error


def _moment(
    images: NDArray[np.generic], centre: NDArray[np.float64], power: Literal[1, 2]
) -> NDArray[np.float64]:
    """Return the mean by channel of (image - centre) ** power."""
    total = np.zeros(images.shape[1:])
    for start in range(0, len(images), _CHUNK_SAMPLES):
        chunk = images[start : start + _CHUNK_SAMPLES].astype(np.float64) - centre
        total += (chunk if power == 1 else np.square(chunk, out=chunk)).sum(axis=0)
    by_channel = total.reshape(-1, len(centre)).sum(axis=0)
    return np.asarray(by_channel / (images.size // len(centre)))
