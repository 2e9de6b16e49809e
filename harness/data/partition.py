"""The three splits of a source: disjoint, stratified by class, the same for the same seed."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.data.source import Source
from harness.data.split import Dataset, Split
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.config import DataConfig

_DIGEST_BYTES = 16
_LOT_BYTES = 7  # fits an int64
LOTS = 1 << (8 * _LOT_BYTES)


def partition(source: Source, config: DataConfig) -> Dataset:
    """Return the splits of `source`.

    `test` is the source's own, or `test_fraction` of the pool; `calibration` is
    `calibration_samples` of what remains; `train` is the rest. Each share is divided over the
    classes in proportion to their size (largest remainders) and keeps the order of the source.
    Which images are drawn depends on `config.seed` and their ids alone: not on their order, nor on
    the version of a random number generator.

    Raises:
        DataError: a class is left without an image in a split that is drawn here, calibration
            takes half of the training images or more, or an image of test is also in train or
            calibration.

    """
    pool, test = source.pool, source.test
    if test is None:
        pool, test = _drawn_test(pool, config)
    _check_calibration(len(pool), config.calibration_samples)
    chosen = _draw(pool, config.calibration_samples, f"calibration {config.seed}")
    dataset = Dataset(
        name=source.name,
        train=pool.take(np.flatnonzero(~chosen), "train"),
        calibration=pool.take(np.flatnonzero(chosen), "calibration"),
        test=test.take(np.arange(len(test)), "test"),
    )
    _check_every_class(dataset.train)
    if not source.may_repeat:
        _check_disjoint(dataset)
    return dataset


def _drawn_test(pool: Split, config: DataConfig) -> tuple[Split, Split]:
    count = max(1, round(len(pool) * config.test_fraction))
    chosen = _draw(pool, count, f"test {config.seed}")
    test = pool.take(np.flatnonzero(chosen), "test")
    _check_every_class(test)
    return pool.take(np.flatnonzero(~chosen), pool.name), test


def _draw(pool: Split, count: int, salt: str) -> NDArray[np.bool_]:
    """Return (N,) which samples are drawn: `count` of them, shared out over the classes."""
    lots = np.array([lot(salt, sample) for sample in pool.ids])
    chosen = np.zeros(len(pool), dtype=np.bool_)
    for label, share in enumerate(_shares(np.bincount(pool.labels), count)):
        members = np.flatnonzero(pool.labels == label)
        chosen[members[np.argsort(lots[members], kind="stable")[:share]]] = True
    return chosen


def lot(salt: str, sample: object) -> int:
    """Return a number below `LOTS` that looks drawn at random, the same on every machine."""
    digest = blake2b(f"{salt} {sample}".encode(), digest_size=_LOT_BYTES).digest()
    return int.from_bytes(digest, "big")


def _shares(sizes: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Return how many of `count` each class gives; largest remainders, ties to the lower class."""
    quotas = sizes * (count / sizes.sum())
    shares: NDArray[np.int64] = np.floor(quotas).astype(np.int64)
    remainders = np.where(shares < sizes, quotas - shares, -1.0)
    order = np.argsort(-remainders, kind="stable")
    shares[order[: count - int(shares.sum())]] += 1
    return shares


def _check_calibration(available: int, wanted: int) -> None:
    if 2 * wanted >= available:
        raise DataError(
            f"[data] calibration_samples: {wanted} of {available} training images leave "
            f"{max(0, available - wanted)} to train on; use less than half, at most "
            f"{max(0, (available - 1) // 2)}"
        )


def _check_every_class(split: Split) -> None:
    counts = np.bincount(split.labels, minlength=len(split.class_names))
    empty = np.flatnonzero(counts == 0)
    if len(empty):
        label = int(empty[0])
        raise DataError(
            f"class {label} ({split.class_names[label]!r}) has no image in the {split.name} split "
            f"({len(empty)} of {len(counts)} classes have none); add images, drop the class, or "
            "change [data] test_fraction and calibration_samples"
        )


def _check_disjoint(dataset: Dataset) -> None:
    """Refuse a test split that asks for images the model has seen."""
    seen: dict[bytes, str] = {}
    for split in (dataset.train, dataset.calibration):
        names = (f"{split.name} {sample}" for sample in split.ids)
        seen.update(zip(_contents(split), names, strict=True))
    repeated = [
        (sample, seen[content])
        for sample, content in zip(dataset.test.ids, _contents(dataset.test), strict=True)
        if content in seen
    ]
    if repeated:
        raise DataError(
            f"{len(repeated)} of {len(dataset.test)} test images are also in train or calibration, "
            f"pixel by pixel (the first: test {repeated[0][0]} is {repeated[0][1]}); remove the "
            "duplicates from the data"
        )


def _contents(split: Split) -> list[bytes]:
    images = np.ascontiguousarray(split.images)
    return [blake2b(image.tobytes(), digest_size=_DIGEST_BYTES).digest() for image in images]
