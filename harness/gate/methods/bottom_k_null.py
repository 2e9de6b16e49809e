"""What the k lowest class accuracies look like where all classes are equally good."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

_TIE = 1e-12
"""Means of the same counts differ by rounding alone below this."""
_BEYOND = 28.0
"""Minus the logarithm of the probability, on either side, of the counts that no table holds."""


@dataclass(frozen=True, eq=False)
class _Ordered:
    """An array, sorted: its values ascending, where each one stands in it, and its shape."""

    values: NDArray[np.float64]
    places: NDArray[np.int64]
    shape: tuple[int, int]


@dataclass(frozen=True, eq=False)
class BottomKNull:
    """Draws of the mean of the k lowest accuracies of independent classes.

    A draw is made of uniform numbers that do not depend on the accuracy, so that its value grows
    with the accuracy and a p-value falls. Of equally large classes only the k lowest are drawn.

    Attributes:
        k: from 1.
        sizes: (S,) the different numbers of samples of a class.
        uniforms: for each size, (B, min(k, classes of it)) its lowest uniform numbers.

    """

    k: int
    sizes: NDArray[np.int64]
    uniforms: tuple[_Ordered, ...]

    @classmethod
    def of(cls, counts: NDArray[np.int64], k: int, draws: int, seed: int) -> BottomKNull:
        """Return the draws for (C,) classes of at least 1 sample, C at least k."""
        sizes, classes = np.unique(counts, return_counts=True)
        rng = np.random.default_rng(seed)
        uniforms = tuple(_lowest(rng, int(one), min(k, int(one)), draws) for one in classes)
        return cls(k, sizes, uniforms)

    def p_value(self, mean: float, accuracy: float) -> float:
        """Return the p-value of `mean` or less where every class has `accuracy`."""
        below = int(np.count_nonzero(self._means(accuracy) <= mean + _TIE))
        return (1 + below) / (self.draws + 1)

    def quantile(self, alpha: float, accuracy: float) -> float:
        """Return the mean below which p-values are at most `alpha`; -1 where none are."""
        rank = int(alpha * (self.draws + 1))
        return float(np.partition(self._means(accuracy), rank - 1)[rank - 1]) if rank else -1.0

    @property
    def draws(self) -> int:
        """How many draws there are."""
        return self.uniforms[0].shape[0]

    def _means(self, accuracy: float) -> NDArray[np.float64]:
        groups = zip(self.sizes, self.uniforms, strict=True)
        lowest = np.hstack([_rates(*group, accuracy) for group in groups])
        if lowest.shape[1] > self.k:
            lowest = np.partition(lowest, self.k - 1, axis=1)[:, : self.k]
        return np.asarray(lowest.mean(axis=1))


def _lowest(rng: np.random.Generator, of: int, lowest: int, draws: int) -> _Ordered:
    """Return (draws, lowest) the lowest of `of` uniform numbers, by exponential spacings."""
    spacings = rng.standard_exponential((draws, lowest)) / (of - np.arange(lowest))
    uniforms = -np.expm1(-np.cumsum(spacings, axis=1))
    places = np.argsort(uniforms, axis=None)
    return _Ordered(uniforms.ravel()[places], places, (draws, lowest))


def _rates(size: np.int64, uniforms: _Ordered, accuracy: float) -> NDArray[np.float64]:
    """Return the binomial quantiles of `uniforms` over `size`, in their own order."""
    centre, variance = float(size) * accuracy, float(size) * accuracy * (1 - accuracy)
    reach = _BEYOND / 3 + float(np.sqrt(_BEYOND**2 / 9 + 2 * _BEYOND * variance))  # Bernstein
    first, last = max(0, int(centre - reach)), min(int(size), int(centre + reach) + 1)
    table = bdtr(np.arange(first, last), int(size), accuracy)
    starts = np.searchsorted(uniforms.values, table, side="right")
    steps = np.bincount(starts, minlength=len(uniforms.values) + 1)[:-1]
    rates = np.empty(len(uniforms.values))
    rates[uniforms.places] = (first + np.cumsum(steps)) / float(size)
    return rates.reshape(uniforms.shape)
