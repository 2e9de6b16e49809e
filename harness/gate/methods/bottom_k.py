"""The mean accuracy of the k lowest classes against a limit.

The estimand is the mean of the k smallest true class accuracies. Choosing the k lowest on the same
samples makes the plug-in value too low:

* pass: the Clopper-Pearson lower bound of the chosen classes as if they had been named before. The
  choice can only lower it, so it is safe. Unequal classes have the effective size
  min(T (1 - T) / V, k min n_j) with T their mean and V its variance (Korn and Graubard 1998).
* fail: twice the smaller of two p-values. One is that of the plug-in value if every class had the
  limit for its accuracy, by draws; the other is the binomial one of classes that one random half
  chose, on the other half. That equal accuracies are the least favourable case of the first is
  proven for k = 1, and no simulation contradicted it beyond.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtri

from harness.gate.methods.bottom_k_null import BottomKNull
from harness.gate.methods.class_counts import ClassCounts
from harness.gate.methods.class_pool import ClassPool
from harness.gate.methods.class_split import ClassSplit
from harness.gate.methods.class_spread import ClassSpread
from harness.gate.methods.method import LIMIT_TOLERANCE, POWER
from harness.gate.methods.sample_size import smallest

DRAWS = 4000
_PRECISION = 1e-4
"""Of the bound that is found by search; decisions do not use it."""


@dataclass(frozen=True, eq=False)
class BottomK:
    """Mean accuracy of the k lowest classes >= limit.

    Classes without a sample have no accuracy. They cannot raise the mean of the k lowest, so a
    violation can be shown without them, and compliance cannot.

    Attributes:
        classes: the samples of each class and their halves; its seed is that of the draws too.
        k: from 1.
        limit: in [0, 1].

    """

    classes: ClassSplit
    k: int
    limit: float

    @property
    def name(self) -> str:
        """The method by name."""
        return (
            "Clopper-Pearson of the chosen classes below, "
            f"{DRAWS} null draws and a split into halves (seed {self.classes.seed}) above"
        )

    @property
    def estimate(self) -> float:
        """The plug-in value, biased downwards; NaN where fewer than k classes have samples."""
        return self._pool.mean if self._enough else float("nan")

    @property
    def n(self) -> int:
        """How many samples there are."""
        return self.classes.whole.n

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the lower and the upper bound, each one-sided at confidence 1 - alpha."""
        if not self._enough:
            return 0.0, 1.0
        lower = self._pool.lower(alpha) if self._complete else 0.0
        return lower, self._upper(alpha / 2)

    def complies(self, alpha: float) -> bool:
        """Whether the lower bound keeps the limit."""
        if not self._enough or not self._complete:
            return False
        return self._pool.lower(alpha) >= self.limit - LIMIT_TOLERANCE

    def violates(self, alpha: float) -> bool:
        """Whether twice the smaller p-value of the limit is at most alpha."""
        if not self._enough:
            return False
        limit = self.limit - LIMIT_TOLERANCE
        return 2 * min(self._p_of_limit, self._split.p_not_below(limit)) <= alpha

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return the n that decides if the spread of the classes, less its noise, is the true one.

        The distances of classes to their mean are taken to grow and shrink together. Compliance
        is the binomial test of the k classes; a violation the easier of the two tests it has.
        """
        if not self._enough:
            return None
        return smallest(_Plan.of(self, alpha, power).decides)

    @property
    def _enough(self) -> bool:
        return len(self._present) >= self.k

    @property
    def _complete(self) -> bool:
        return len(self._present) == len(self.classes.whole)

    @cached_property
    def _present(self) -> ClassCounts:
        return self.classes.whole[self.classes.whole.counts > 0]

    @cached_property
    def _pool(self) -> ClassPool:
        return ClassPool.of(self._present[_lowest(self._present, self.k)])

    @cached_property
    def _split(self) -> ClassPool:
        """The classes that one half of the samples chose, on the other half."""
        there = self.classes.first.counts > 0
        if np.count_nonzero(there) < self.k:
            return ClassPool(1.0, 1.0)
        chosen = _lowest(self.classes.first[there], self.k)
        return ClassPool.of(self.classes.second[there][chosen])

    @cached_property
    def _null(self) -> BottomKNull:
        return BottomKNull.of(self._present.counts, self.k, DRAWS, self.classes.seed)

    @cached_property
    def _p_of_limit(self) -> float:
        return self._null.p_value(self.estimate, self.limit - LIMIT_TOLERANCE)

    def _upper(self, alpha: float) -> float:
        """Return the lower one of the two bounds; that of the draws is searched up to the other."""
        refuted = self._p_of_limit <= alpha
        low, high = (0.0, self.limit) if refuted else (self.limit, 1.0)
        high = min(high, self._split.upper(alpha))

        def excess(accuracy: float) -> float:
            return self._null.quantile(alpha, accuracy) - self.estimate

        if high <= low or excess(low) > 0 or excess(high) <= 0:
            return high
        return float(brentq(excess, low, high, xtol=_PRECISION))


@dataclass(frozen=True)
class _Plan:
    """What a test set of n samples would decide, and how surely."""

    method: BottomK
    overall: float
    spread: ClassSpread
    alpha: float
    power: float

    @classmethod
    def of(cls, method: BottomK, alpha: float, power: float) -> _Plan:
        part = method._present
        overall = float(part.accuracies.mean())
        return cls(method, overall, ClassSpread.of(part), alpha, power)

    def decides(self, n: float) -> bool:
        growth = n / self.method.n
        below = self.overall - self.method.estimate
        if self.overall - below * self.spread.scale(np.inf) >= self.method.limit:
            return self._complies(growth, self.overall - below * self.spread.scale(growth))
        seen = self.overall - below * self.spread.scale(growth)
        chosen = self.overall - below * self.spread.scale(np.inf) * self.spread.reliability(
            growth / 2
        )
        return self._below_null(growth, seen) or self._below_split(growth, chosen)

    def _complies(self, growth: float, seen: float) -> bool:
        return seen - self.method.limit >= self._width(growth, self.alpha)

    def _below_split(self, growth: float, chosen: float) -> bool:
        return self.method.limit - chosen >= self._width(growth / 2, self.alpha / 2)

    def _below_null(self, growth: float, seen: float) -> bool:
        """Whether the lowest of C equal classes would lie above by the width of their mean."""
        classes = len(self.method._present)
        ranks = (np.arange(1, self.method.k + 1) - 0.375) / (classes + 0.25)
        noise = self._sd(growth) * float(np.sqrt(self.method.k))
        expected = self.method.limit + float(ndtri(ranks).mean()) * noise
        return expected - seen >= self._width(growth, self.alpha / 2)

    def _width(self, growth: float, alpha: float) -> float:
        return (float(ndtri(self.power)) - float(ndtri(alpha))) * self._sd(growth)

    def _sd(self, growth: float) -> float:
        """Return the standard deviation of the mean of k classes at the limit."""
        limit, size = self.method.limit, self.method._pool.size * growth
        return float(np.sqrt(limit * (1 - limit) / size))


def _lowest(part: ClassCounts, k: int) -> NDArray[np.int64]:
    """Return the indices of the k lowest accuracies; of equal ones, the smaller classes."""
    return np.lexsort((part.counts, part.accuracies))[:k]
