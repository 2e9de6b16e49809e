"""The Gini coefficient of the class accuracies against a limit.

With accuracies p_j, their ranks and w_j = 2 rank_j - C - 1, G = sum w_j p_j / (C sum p_j) is the
largest such ratio over all orders of the classes. So noise raises it, and an order that other
samples chose gives at most the true value:

* upper: G + t_{C-1} se. se^2 = sum g_j^2 p~_j (1 - p~_j) / n_j with g_j = (w_j - C G) / (C sum p),
  p~ = (x + 1) / (n + 2).
* lower: ranks from one half of each class, the ratio on the other, and swapped; the mean of the two
  less z times the larger se of the halves (the two correlate at ties, so no gain is claimed).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from harness.gate.methods.class_counts import ClassCounts
from harness.gate.methods.class_split import ClassSplit
from harness.gate.methods.class_spread import ClassSpread
from harness.gate.methods.method import LIMIT_TOLERANCE, POWER
from harness.gate.methods.sample_size import smallest
from harness.metrics import gini


@dataclass(frozen=True, eq=False)
class Gini:
    """Gini coefficient of the class accuracies <= limit.

    It is undefined, nothing can be shown and the bounds are 0 and 1 where a class has no sample or
    no answer is right. No violation can be shown where a class has a single sample.

    Attributes:
        classes: the samples of each class and their halves.
        limit: in [0, 1].

    """

    classes: ClassSplit
    limit: float

    @property
    def name(self) -> str:
        """The method by name."""
        return f"linear bound with t above, cross-fitted halves (seed {self.classes.seed}) below"

    @property
    def estimate(self) -> float:
        """The plug-in value, in [0, 1), biased upwards; NaN where it is undefined."""
        if not self._defined:
            return float("nan")
        return gini(self.classes.whole.accuracies) or 0.0

    @property
    def n(self) -> int:
        """How many samples there are."""
        return self.classes.whole.n

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the lower and the upper bound, each one-sided at confidence 1 - alpha."""
        if not self._defined:
            return 0.0, 1.0
        if len(self.classes.whole) == 1:
            return 0.0, 0.0
        upper = self.estimate + float(stdtrit(len(self.classes.whole) - 1, 1 - alpha)) * self._se
        cross, se = self._cross_fit
        return max(0.0, cross + float(ndtri(alpha)) * se), min(1.0, upper)

    def complies(self, alpha: float) -> bool:
        """Whether the upper bound keeps the limit."""
        return self._defined and self.bounds(alpha)[1] <= self.limit + LIMIT_TOLERANCE

    def violates(self, alpha: float) -> bool:
        """Whether the lower bound is above the limit."""
        return self._defined and self.bounds(alpha)[0] > self.limit + LIMIT_TOLERANCE

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return the n that decides if the spread of the classes, less its noise, is the true one.

        The plug-in value is expected at the larger of two: the distances of all classes shrink as
        their variance does, or what it has above the true value as 1 / sqrt(n). The cross-fitted
        one is expected at the true value times the correlation of halves with the truth.
        """
        whole = self.classes.whole
        if not self._defined or len(whole) == 1:
            return None
        spread, order, true = ClassSpread.of(whole), _order(whole), self._true
        z, extra = float(stdtrit(len(whole) - 1, 1 - alpha)), float(ndtri(power))

        def decides(n: float) -> bool:
            growth = n / self.n
            se = _ratio(whole, order, growth)[1]
            if true <= self.limit:
                tied = true + (self.estimate - true) / float(np.sqrt(growth))
                expected = max(self.estimate * spread.scale(growth), tied)
                return expected + (z + extra) * se <= self.limit
            half = _ratio(whole, order, growth / 2)[1]
            cross = true * spread.reliability(growth / 2)
            return cross + float(ndtri(alpha)) * half - extra * se > self.limit

        return smallest(decides)

    @property
    def _true(self) -> float:
        """The value without its bias, as a plan takes it."""
        spread = ClassSpread.of(self.classes.whole)
        reliability = spread.reliability(0.5)
        if reliability == 0:
            return 0.0
        shrunk = self.estimate * spread.scale(np.inf)
        return min(shrunk, max(0.0, self._cross_fit[0]) / reliability)

    @property
    def _defined(self) -> bool:
        whole = self.classes.whole
        return bool(np.all(whole.counts > 0)) and bool(np.any(whole.correct > 0))

    @property
    def _se(self) -> float:
        whole = self.classes.whole
        return _ratio(whole, _order(whole))[1]

    @cached_property
    def _cross_fit(self) -> tuple[float, float]:
        """The ratio on halves whose order the other halves chose, and the larger se of the two."""
        first, second = self.classes.first, self.classes.second
        if not np.all(first.counts) or not first.correct.any() or not second.correct.any():
            return 0.0, 0.0
        one, se_one = _ratio(second, _order(first))
        other, se_other = _ratio(first, _order(second))
        return (one + other) / 2, max(se_one, se_other)


def _order(classes: ClassCounts) -> NDArray[np.float64]:
    """Return (C,) w_j = 2 rank_j - C - 1, ranks from 1; equal values rank the first class first."""
    ranks = np.empty(len(classes))
    ranks[np.argsort(classes.accuracies, kind="stable")] = np.arange(1, len(classes) + 1)
    return 2 * ranks - len(classes) - 1


def _ratio(
    classes: ClassCounts, order: NDArray[np.float64], growth: float = 1.0
) -> tuple[float, float]:
    """Return sum w p / (C sum p) for a given order, and its se at `growth` times the samples."""
    accuracies = classes.accuracies
    total = len(order) * float(accuracies.sum())
    value = float(order @ accuracies) / total
    slopes = (order - len(order) * value) / total
    return value, float(np.sqrt(slopes**2 @ classes.variances_at(growth)))
