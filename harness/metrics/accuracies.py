"""Accuracy: overall, among the k highest scores, class by class, and how unequal the classes are.

A class without a sample has no accuracy: NaN in arrays, None in results, never 0. It takes no part
in the bottom-k and top-k means and in the Gini coefficient.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.predictions import Predictions

_CHUNK_SAMPLES = 16384


def accuracy(predictions: Predictions) -> float:
    """Return the share of samples whose predicted class is the label, in [0, 1]."""
    return int(np.count_nonzero(predictions.correct)) / len(predictions)


def top_k_accuracy(predictions: Predictions, k: int = 5) -> float | None:
    """Return the share of samples whose label is among the k highest scores, in [0, 1].

    Equal scores rank the lowest class first, as `Predictions.predicted` does. None where there are
    no more than k classes: any model, even a random one, would have 1.
    """
    if predictions.classes <= k:
        return None
    starts = range(0, len(predictions), _CHUNK_SAMPLES)
    hits = sum(_hits(predictions, slice(i, i + _CHUNK_SAMPLES), k) for i in starts)
    return hits / len(predictions)


def _hits(predictions: Predictions, chunk: slice, k: int) -> int:
    scores, labels = predictions.scores[chunk], predictions.labels[chunk, np.newaxis]
    of_label = np.take_along_axis(scores, labels, axis=1)
    ahead = (scores == of_label) & (np.arange(scores.shape[1]) < labels)
    ahead |= scores > of_label
    return int(np.count_nonzero(ahead.sum(axis=1) < k))


def class_counts(predictions: Predictions) -> NDArray[np.int64]:
    """Return (C,) the number of samples of each class."""
    return np.bincount(predictions.labels, minlength=predictions.classes)


def class_accuracy(predictions: Predictions) -> NDArray[np.float64]:
    """Return (C,) the accuracy over the samples of each class; NaN for a class without one."""
    hits = np.bincount(predictions.labels[predictions.correct], minlength=predictions.classes)
    counts = class_counts(predictions)
    absent = np.full(predictions.classes, np.nan)
    return np.asarray(np.divide(hits, counts, out=absent, where=counts > 0))


def bottom_k_accuracy(predictions: Predictions, k: int) -> float | None:
    """Return the unweighted mean of the k lowest class accuracies.

    None where fewer than k classes have samples.
    """
    ordered = _ordered(class_accuracy(predictions))
    return float(ordered[:k].mean()) if len(ordered) >= k else None


def top_k_class_accuracy(predictions: Predictions, k: int) -> float | None:
    """Return the unweighted mean of the k highest class accuracies.

    None where fewer than k classes have samples.
    """
    ordered = _ordered(class_accuracy(predictions))
    return float(ordered[-k:].mean()) if len(ordered) >= k else None


def class_gini(predictions: Predictions) -> float | None:
    """Return the Gini coefficient of the class accuracies; None where no sample is right."""
    return gini(class_accuracy(predictions))


def gini(values: NDArray[np.float64]) -> float | None:
    """Return the Gini coefficient of values >= 0, in [0, 1); NaNs are left out.

    G = sum_ij |x_i - x_j| / (2 n^2 mean), by its ordered form
    sum_i (2 i - n - 1) x_(i) / (n sum x), i = 1..n (Sen, On Economic Inequality, 1973); no
    small-sample factor n / (n - 1). None where all values are 0 (0/0: neither equal nor unequal)
    or there are none.
    """
    ordered = _ordered(values)
    count, total = len(ordered), float(ordered.sum())
    if total == 0:
        return None
    weights = 2 * np.arange(1, count + 1) - count - 1
    return max(0.0, float(weights @ ordered) / (count * total))


def _ordered(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sort(values[~np.isnan(values)])
