"""The spectrum of the training images: how fast the variance of their components falls."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.scaling.line import Interval, fit_line

FIRST, LAST = 10, 500
"""Ranks that the fit covers, those of arXiv 2603.07365; fewer where the data have lower rank."""
_CHUNK_SAMPLES = 2048
_MOST_FEATURES = 20_000


@dataclass(frozen=True)
class Spectrum:
    """lambda_k ~ k^-beta: least squares of ln(lambda_k) on ln(k) over k = first..last.

    Attributes:
        beta: the exponent.
        beta_interval: 95 % by Student's t. Neighbouring eigenvalues are no independent
            observations, so it is too narrow; shown as the paper shows it.
        r2: of ln(lambda).
        first, last: the ranks fitted, from 1.
        rank: numerical rank of the centred training matrix.
        samples, features: its shape.
        eigenvalues: the leading ones of the covariance, largest first, up to 2 x 500.

    """

    beta: float
    beta_interval: Interval | None
    r2: float | None
    first: int
    last: int
    rank: int
    samples: int
    features: int
    eigenvalues: tuple[float, ...]


def spectrum(images: NDArray[np.generic]) -> Spectrum | None:
    """Return the spectrum of images (N, ...), each one row of numbers, centred by their mean.

    The covariance is summed in float64 over chunks: it needs features^2 numbers of memory. None
    where fewer than three ranks from 10 on are there to fit.

    Raises:
        ValueError: more than 20,000 features, whose covariance is too large for a small machine.

    """
    features = math.prod(images.shape[1:])
    if features > _MOST_FEATURES:
        raise ValueError(
            f"{features} values an image; the spectrum is computed up to {_MOST_FEATURES}"
        )
    values = np.linalg.eigvalsh(_covariance(images, features))[::-1]
    tolerance = values[0] * max(len(images), features) * np.finfo(np.float64).eps
    rank = min(int(np.count_nonzero(values > tolerance)), len(images) - 1)
    last = min(LAST, rank)
    if last < FIRST + 2:
        return None
    ranks = np.arange(FIRST, last + 1)
    line = fit_line(np.log(ranks).tolist(), np.log(values[FIRST - 1 : last]).tolist())
    if line is None:
        return None
    interval = line.slope_interval
    return Spectrum(
        beta=-line.slope,
        beta_interval=None if interval is None else (-interval[1], -interval[0]),
        r2=line.r2,
        first=FIRST,
        last=last,
        rank=rank,
        samples=len(images),
        features=features,
        eigenvalues=tuple(float(v) for v in values[: min(2 * LAST, rank)]),
    )


def _covariance(images: NDArray[np.generic], features: int) -> NDArray[np.float64]:
    mean = np.zeros(features)
    for start in range(0, len(images), _CHUNK_SAMPLES):
        mean += _rows(images, start, features).sum(axis=0) / len(images)
    total = np.zeros((features, features))
    for start in range(0, len(images), _CHUNK_SAMPLES):
        rows = _rows(images, start, features) - mean
        total += rows.T @ rows
    return total / (len(images) - 1)


def _rows(images: NDArray[np.generic], start: int, features: int) -> NDArray[np.float64]:
    chunk = images[start : start + _CHUNK_SAMPLES]
    return chunk.reshape(len(chunk), features).astype(np.float64)
