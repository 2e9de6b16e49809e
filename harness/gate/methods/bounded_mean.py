"""Bounds of the mean of a variable whose range is known, with no assumption on its distribution.

Gaffke, Three Test Statistics for a Nonparametric One-Sided Hypothesis on the Mean of a
Nonnegative Variable, 2005; Learned-Miller and Thomas, A New Confidence Interval for the Mean of a
Bounded Random Variable, 2019.

Beside the n values stands one more at the end of the range, and the upper bound is the 1 - alpha
quantile of their mean under Dirichlet(1, ..., 1) weights. For values of 0 and 1 it is that of
Clopper and Pearson; in large samples it is the z interval. Its level is proven for variables of two
values, and a conjecture for others that no search has contradicted; t, Johnson's, Hall's and
Bernstein's intervals either break their level on rare large values or decide nothing.

The weights are exponential variables over their sum, so the mean is at least m with the probability
that sum_i E_i (x_i - m) >= 0. The saddlepoint formula of Lugannani and Rice (1980) gives it within
about 1 % of itself, mostly on the side of too much. Nothing is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

GRID = 4096
"""Cells that a larger sample is spread onto."""
_CENTRE = 1e-3
"""Signed roots nearer to 0 than this are no evidence, and cancel in the formula."""


@dataclass(frozen=True, eq=False)
class BoundedMean:
    """A sample of a variable in [low, high].

    Attributes:
        values: (V,) in [low, high].
        weights: (V,) how many samples stand at each value; they add up to n.
        low: the least value there can be.
        high: the largest.

    """

    values: NDArray[np.float64]
    weights: NDArray[np.float64]
    low: float
    high: float

    @classmethod
    def of(cls, sample: NDArray[np.float64], low: float, high: float) -> BoundedMean:
        """Return the sample, of any size from 1, with values in [low, high].

        More than 4096 values are spread onto a grid, each onto its two neighbours such that the
        mean stays and the variance grows by less than the square of half a cell: never to the
        advantage of a decision.
        """
        if len(sample) <= GRID:
            return cls(sample, np.ones(len(sample)), low, high)
        place = (sample - low) * (GRID / (high - low))
        cell = np.minimum(place.astype(np.int64), GRID - 1)
        upper = place - cell
        weights = np.bincount(cell, 1 - upper, GRID + 1).astype(np.float64)
        weights += np.bincount(cell + 1, upper, GRID + 1)
        used = weights > 0
        grid = np.linspace(low, high, GRID + 1, dtype=np.float64)
        return cls(grid[used], weights[used], low, high)

    @property
    def n(self) -> int:
        """How many samples there are."""
        return round(float(self.weights.sum()))

    @property
    def mean(self) -> float:
        """The mean of the sample."""
        return float(self.weights @ self.values / self.weights.sum())

    @property
    def sd(self) -> float:
        """The standard deviation of the sample, by n."""
        centred = self.values - self.mean
        return float(np.sqrt(self.weights @ centred**2 / self.weights.sum()))

    def p_not_below(self, mean: float) -> float:
        """Return the p-value against a true mean of `mean` or more; 1 without evidence."""
        return _tail(np.append(self.values, self.high) - mean, np.append(self.weights, 1.0))

    def p_not_above(self, mean: float) -> float:
        """Return the p-value against a true mean of `mean` or less; 1 without evidence."""
        return _tail(mean - np.append(self.values, self.low), np.append(self.weights, 1.0))

    def lower(self, alpha: float) -> float:
        """Return the lower bound, one-sided at confidence 1 - alpha."""
        return self.low + self.high - self._mirrored.upper(alpha)

    def upper(self, alpha: float) -> float:
        """Return the upper bound, one-sided at confidence 1 - alpha."""
        if self.mean >= self.high:
            return self.high
        return float(brentq(lambda m: self.p_not_below(m) - alpha, self.mean, self.high, xtol=1e-9))

    def power_below(self, limit: float, alpha: float, n: float) -> float:
        """Return the chance that n samples like these show a mean of at most `limit`.

        Normal, less the width (high - limit) ln(1 / alpha) / n that the value at the end of the
        range adds: exactly so much where all values are equal.
        """
        margin = limit - self.mean - (self.high - limit) * float(np.log(1 / alpha)) / n
        if self.sd == 0:
            return float(margin >= 0)
        return float(ndtr(margin * np.sqrt(n) / self.sd + ndtri(alpha)))

    def power_above(self, limit: float, alpha: float, n: float) -> float:
        """Return the chance that n samples like these show a mean above `limit`."""
        return self._mirrored.power_below(self.low + self.high - limit, alpha, n)

    @property
    def _mirrored(self) -> BoundedMean:
        return BoundedMean(self.low + self.high - self.values, self.weights, self.low, self.high)


def _tail(terms: NDArray[np.float64], shapes: NDArray[np.float64]) -> float:
    """Return P(sum_i G_i terms_i >= 0) of independent G_i ~ Gamma(shapes_i); 1 from a half on.

    With K(t) = -sum_i shapes_i ln(1 - t terms_i), K'(t) = 0 in (0, 1 / max terms),
    r = sqrt(-2 K(t)) and u = t sqrt(K''(t)): 1 - Phi(r) + phi(r) (1 / u - 1 / r).
    """
    largest = float(terms.max())
    if largest <= 0:
        return 0.0 if largest < 0 else float(np.all(terms == 0))
    if float(shapes @ terms) >= 0:
        return 1.0
    saddle = _saddle(terms / largest, shapes)
    ratios = terms / largest / (1 - saddle * terms / largest)
    root = float(np.sqrt(max(0.0, 2 * float(shapes @ np.log1p(-saddle * terms / largest)))))
    step = saddle * float(np.sqrt(shapes @ ratios**2))
    if root < _CENTRE:
        return 1.0
    density = float(np.exp(-(root**2) / 2) / np.sqrt(2 * np.pi))
    return float(ndtr(-root)) + density * (1 / step - 1 / root)


def _saddle(terms: NDArray[np.float64], shapes: NDArray[np.float64]) -> float:
    """Return the t in (0, 1) with K'(t) = 0, for terms of largest 1 and a negative sum."""

    def slope(t: float) -> float:
        return float(shapes @ (terms / (1 - t * terms)))

    return float(brentq(slope, 0.0, 1 - 1e-13, xtol=1e-15, rtol=1e-12))
