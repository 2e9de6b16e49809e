"""A split: labelled images with stable ids, and the digest that names exactly these samples."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

_CHUNK_SAMPLES = 4096
_IMAGE_RANKS = (2, 3, 4)


@dataclass(frozen=True, eq=False)
class Split:
    """Samples of one data set that serve one purpose.

    Attributes:
        name: `train`, `calibration`, `test`, or a name of the user's.
        images: (N, H, W, C) or, for vectors, (N, F); uint8, int8 or float32, as the data set holds
            them, before any preprocessing.
        labels: (N,) int64, each in [0, number of classes).
        ids: (N,) int64 or str, unique, the same on every machine; by default the position in the
            file or split of the source.
        class_names: one per class; empty where the data name none.

    """

    name: str
    images: NDArray[np.generic]
    labels: NDArray[np.int64]
    ids: NDArray[np.generic]
    class_names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over ids, labels and images in the order of the ids, 64 hex digits.

        Images count as little-endian float32, so the same pixels stored as uint8 or as float give
        the same digest, and so does the same split in another order.
        """
        order = np.argsort(self.ids, kind="stable")
        digest = hashlib.sha256()
        digest.update(repr((len(self), self.images.shape[1:])).encode())
        digest.update("\0".join(str(one) for one in self.ids[order]).encode())
        digest.update(self.labels[order].astype("<i8").tobytes())
        for start in range(0, len(order), _CHUNK_SAMPLES):
            chunk = self.images[order[start : start + _CHUNK_SAMPLES]]
            digest.update(np.ascontiguousarray(chunk, dtype="<f4").tobytes())
        return digest.hexdigest()

    def take(self, indices: NDArray[np.int64], name: str) -> Split:
        """Return the samples at `indices`, in that order, as a split called `name`."""
        return Split(
            name, self.images[indices], self.labels[indices], self.ids[indices], self.class_names
        )


@dataclass(frozen=True, eq=False)
class Dataset:
    """The three disjoint splits of one data set."""

    name: str
    train: Split
    calibration: Split
    test: Split

    @property
    def class_names(self) -> tuple[str, ...]:
        """One name per class."""
        return self.test.class_names

    @property
    def digests(self) -> dict[str, str]:
        """The digest of every split, by name."""
        return {split.name: split.digest for split in (self.train, self.calibration, self.test)}


def as_images(images: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return `images` as (N, H, W, C) or (N, F) in uint8, int8 or float32.

    (N, H, W) gains a channel axis of 1. Wider integers and floats become float32; booleans uint8.

    Raises:
        ValueError: another rank, an empty axis, complex or text values, NaN or infinity.

    """
    if images.ndim not in _IMAGE_RANKS:
        raise ValueError(
            f"images must be (N, H, W, C), (N, H, W) or (N, F), got shape {images.shape}"
        )
    if 0 in images.shape:
        raise ValueError(f"images hold no samples or no pixels: shape {images.shape}")
    if images.dtype.kind not in "biuf":
        raise ValueError(f"images must be numbers, got dtype {images.dtype}")
    if images.ndim == _IMAGE_RANKS[1]:
        images = images[..., np.newaxis]
    if images.dtype in (np.uint8, np.int8):
        return images
    if images.dtype.kind == "b":
        return images.astype(np.uint8)
    converted = images.astype(np.float32)
    if not np.isfinite(converted).all():
        raise ValueError("images hold NaN, infinity or values beyond float32")
    return converted


def as_labels(labels: NDArray[np.generic], samples: int, classes: int | None) -> NDArray[np.int64]:
    """Return `labels` as (N,) int64 after checking their shape, type and range.

    Raises:
        ValueError: not (samples,), not integers, negative, or not below `classes` where given.

    """
    if labels.shape != (samples,):
        raise ValueError(f"labels must have shape ({samples},), got {labels.shape}")
    if labels.dtype.kind not in "iu":
        raise ValueError(f"labels must be integers, got dtype {labels.dtype}")
    lowest, highest = int(labels.min()), int(labels.max())
    if lowest < 0 or (classes is not None and highest >= classes):
        limit = "and up" if classes is None else f"to {classes - 1}"
        wrong = lowest if lowest < 0 else highest
        raise ValueError(f"label {wrong} is out of range 0 {limit}")
    return labels.astype(np.int64)


def as_ids(ids: NDArray[np.generic], samples: int) -> NDArray[np.generic]:
    """Return `ids` as (N,) int64 or fixed-width str after checking that they are unique.

    Raises:
        ValueError: not (samples,), neither integers nor text, or not unique.

    """
    if ids.shape != (samples,):
        raise ValueError(f"ids must have shape ({samples},), got {ids.shape}")
    if ids.dtype.kind not in "iuU":
        raise ValueError(f"ids must be integers or text, got dtype {ids.dtype}")
    values, counts = np.unique(ids, return_counts=True)
    if len(values) != samples:
        raise ValueError(f"id {values[counts > 1][0]} occurs more than once; ids must be unique")
    return ids if ids.dtype.kind == "U" else ids.astype(np.int64)
