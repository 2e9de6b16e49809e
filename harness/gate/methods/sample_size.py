"""How many samples would decide: the search that every method shares."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

MOST_SAMPLES = 10**9
"""No test set is larger; a margin that needs more is one that no number of samples settles."""


def smallest(decides: Callable[[float], bool]) -> int | None:
    """Return the smallest n from 1 to 10^9 at which `decides(n)`; None where there is none.

    `decides` must stay true once it is.
    """
    low, high = 0, 1
    while not decides(high):
        if high >= MOST_SAMPLES:
            return None
        low, high = high, min(2 * high, MOST_SAMPLES)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high


def folded_mean(mean: NDArray[np.float64], sd: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return E|X| of X ~ N(mean, sd^2), elementwise; |mean| where sd is 0."""
    scaled = np.divide(np.abs(mean), sd, out=np.full(np.shape(sd), np.inf), where=sd > 0)
    kink = np.sqrt(2 / np.pi) * sd * np.exp(-(scaled**2) / 2)
    return np.asarray(kink + np.abs(mean) * (1 - 2 * ndtr(-scaled)))


def without_noise(mean: NDArray[np.float64], variance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return signed means whose squares are free of their noise: sign(x) sqrt(max(0, x^2 - v)).

    Plans start from these: |x| itself is too large where x is mostly noise.
    """
    return np.asarray(np.sign(mean) * np.sqrt(np.maximum(0, mean**2 - variance)))
