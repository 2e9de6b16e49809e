"""Calibration of the top class: reliability bins, expected calibration error, confidences.

The confidence is `Predictions.confidence`, float64. The bins are 15 of equal width over [0, 1]:
bin = min(int(15 * confidence), 14), computed in float64. A bin holds its lower edge and not its
upper one, except the last, which holds confidence 1.0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.predictions import Predictions

BINS = 15


@dataclass(frozen=True)
class ReliabilityBin:
    """The samples whose confidence is in [lower, upper); means are None where there are none."""

    lower: float
    upper: float
    count: int
    confidence: float | None
    accuracy: float | None


def bin_of(confidence: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the bin, 0 to 14, of each confidence in [0, 1]."""
    return np.minimum((BINS * confidence).astype(np.int64), BINS - 1)


def ece(predictions: Predictions) -> float:
    """Return the expected calibration error, in [0, 1].

    sum_b n_b / n |mean confidence_b - accuracy_b| over the 15 bins (Guo et al., On Calibration of
    Modern Neural Networks, 2017, eq. 3). It is biased upwards: a perfectly calibrated model of few
    samples does not reach 0.
    """
    _, confidences, hits = _bin_sums(predictions)
    return float(np.abs(confidences - hits).sum()) / len(predictions)


def reliability_bins(predictions: Predictions) -> tuple[ReliabilityBin, ...]:
    """Return the 15 bins, from the least to the most confident; empty ones are kept."""
    rows = zip(*(column.tolist() for column in _bin_sums(predictions)), strict=True)
    return tuple(_bin(index, int(count), *sums) for index, (count, *sums) in enumerate(rows))


def mean_confidence(predictions: Predictions) -> float:
    """Return the mean probability of the predicted class."""
    return float(predictions.confidence.mean())


def confidence_where(predictions: Predictions, correct: bool) -> float | None:
    """Return the mean confidence over the right (or the wrong) answers; None without any."""
    chosen = predictions.confidence[predictions.correct == correct]
    return float(chosen.mean()) if len(chosen) else None


def global_gap(predictions: Predictions) -> float:
    """Return mean confidence minus accuracy, in [-1, 1]; above 0 is overconfident."""
    return float((predictions.confidence - predictions.correct).mean())


def _bin_sums(predictions: Predictions) -> tuple[NDArray[np.float64], ...]:
    """Return (15,) counts, sums of confidence and numbers of right answers."""
    bins = bin_of(predictions.confidence)
    weights = (None, predictions.confidence, predictions.correct)
    return tuple(np.bincount(bins, one, BINS).astype(np.float64) for one in weights)


def _bin(index: int, count: int, confidences: float, hits: float) -> ReliabilityBin:
    lower, upper = index / BINS, (index + 1) / BINS
    if count == 0:
        return ReliabilityBin(lower, upper, 0, None, None)
    return ReliabilityBin(lower, upper, count, confidences / count, hits / count)
