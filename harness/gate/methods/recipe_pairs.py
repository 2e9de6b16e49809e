"""Rates of pairs of trained models over all pairs of seeds: negative flips, overlap of errors.

Every seed of the reference meets every seed of the candidate. The variance is that of the row
means and of the column means of this S_r x S_c matrix by their numbers, plus the samples' by their
influence on the mean of the matrix. The bounds are taken on the log scale, where such rates spread
evenly, with Student's quantile at min(S) - 1 degrees of freedom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import stats

from harness.gate.methods.method import LIMIT_TOLERANCE, POWER
from harness.gate.methods.recipe import check_seeds

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NAME = "all pairs of seeds, log scale, Student's t of the fewer seeds"


@dataclass(frozen=True)
class _Spread:
    """The matrix of a rate over pairs of seeds, and what its mean varies with.

    Attributes:
        matrix: shape (S_r, S_c), the rate of each pair.
        influence: shape (n,), of each sample on the mean of the matrix.

    """

    matrix: Floats
    influence: Floats

    @property
    def mean(self) -> float:
        return float(self.matrix.mean())

    @property
    def seeds(self) -> float:
        """The variance that the row and column means show."""
        rows, columns = self.matrix.mean(axis=1), self.matrix.mean(axis=0)
        return float(rows.var(ddof=1) / rows.size + columns.var(ddof=1) / columns.size)

    @property
    def samples(self) -> float:
        n = self.influence.size
        return float(self.influence.var(ddof=1)) / n if n > 1 else 0.0

    def quantile(self, alpha: float) -> float:
        return float(stats.t.isf(alpha, min(self.matrix.shape) - 1))

    def factor(self, alpha: float, events: float) -> float:
        """Return by what the mean is multiplied and divided for its bounds.

        Args:
            alpha: one-sided level.
            events: on which the mean rests; ln(1/alpha) / events is the part that a vanishing
                variance leaves.

        """
        relative = (self.seeds + self.samples) / self.mean**2
        unseen = math.log(1 / alpha) / events
        return math.exp(math.hypot(self.quantile(alpha) * math.sqrt(relative), unseen))

    def samples_needed(self, limit: float, alpha: float, power: float) -> int | None:
        """Return the test set that decides at this spread; None where only more seeds would."""
        if min(self.mean, limit) <= 0:
            return None
        gap = math.log(self.mean / limit) * self.mean
        quantile = self.quantile(alpha) + float(stats.norm.ppf(power))
        room = gap**2 - quantile**2 * self.seeds
        if room <= LIMIT_TOLERANCE**2:
            return None
        return max(1, math.ceil(quantile**2 * self.samples * self.influence.size / room))


@dataclass(frozen=True, eq=False)
class RecipeFlips:
    """The share of samples that turn from right to wrong must be at most the limit.

    Attributes:
        reference: which answers are right, bool, shape (S_r, n), one row per seed.
        candidate: the same of the candidate's seeds, shape (S_c, n).
        limit: a fraction.

    Raises:
        ValueError: fewer than two seeds on a side, no samples, or two numbers of samples.

    """

    reference: Flags
    candidate: Flags
    limit: float

    name = NAME

    def __post_init__(self) -> None:
        check_seeds(self.reference.astype(float), self.candidate.astype(float))

    @property
    def n(self) -> int:
        """How many samples every seed answered."""
        return int(self.candidate.shape[1])

    @cached_property
    def _spread(self) -> _Spread:
        right, wrong = self.reference.astype(float), (~self.candidate).astype(float)
        return _Spread(right @ wrong.T / self.n, right.mean(axis=0) * wrong.mean(axis=0))

    @property
    def estimate(self) -> float:
        """The mean rate over all pairs of seeds."""
        return self._spread.mean

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the one-sided bounds; without any flip 0 and the bound of a rate never seen."""
        if self.estimate == 0:
            return 0.0, 1 - alpha ** (1 / self.n)
        factor = self._spread.factor(alpha, math.inf)
        return self.estimate / factor, min(1.0, self.estimate * factor)

    def complies(self, alpha: float) -> bool:
        """Whether the upper bound keeps the limit."""
        return self.bounds(alpha)[1] <= self.limit + LIMIT_TOLERANCE

    def violates(self, alpha: float) -> bool:
        """Whether even the lower bound exceeds the limit."""
        return self.bounds(alpha)[0] > self.limit + LIMIT_TOLERANCE

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return the test set that decides at this spread; None where only more seeds would."""
        if self.estimate == 0 < self.limit < 1:
            return math.ceil(math.log(alpha) / math.log1p(-self.limit))
        return self._spread.samples_needed(self.limit, alpha, power)


@dataclass(frozen=True, eq=False)
class RecipeOverlap:
    """The Jaccard index of the error sets, averaged over all pairs of seeds, must reach the limit.

    A pair of models without errors has index 1 by convention.

    Attributes:
        reference: which answers are wrong, bool, shape (S_r, n), one row per seed.
        candidate: the same of the candidate's seeds, shape (S_c, n).
        limit: least acceptable index.

    Raises:
        ValueError: fewer than two seeds on a side, no samples, or two numbers of samples.

    """

    reference: Flags
    candidate: Flags
    limit: float

    name = NAME

    def __post_init__(self) -> None:
        check_seeds(self.reference.astype(float), self.candidate.astype(float))

    @property
    def n(self) -> int:
        """How many samples every seed answered."""
        return int(self.candidate.shape[1])

    @cached_property
    def _unions(self) -> Floats:
        """How many samples each pair of seeds gets wrong between them, shape (S_r, S_c)."""
        wrong_r, wrong_c = self.reference.astype(float), self.candidate.astype(float)
        unions: Floats = np.add.outer(wrong_r.sum(axis=1), wrong_c.sum(axis=1))
        unions -= wrong_r @ wrong_c.T
        return unions

    @cached_property
    def _spread(self) -> _Spread:
        """The matrix J = both / union; a sample's influence (both - J union) n / union, averaged.

        With e the errors, both = e_r e_c and union = e_r + e_c - e_r e_c.
        """
        wrong_r, wrong_c = self.reference.astype(float), self.candidate.astype(float)
        unions = np.maximum(self._unions, 1)
        matrix = np.where(self._unions > 0, wrong_r @ wrong_c.T / unions, 1.0)
        weight = np.where(self._unions > 0, self.n / unions, 0.0) / matrix.size
        influence = ((weight * (1 + matrix)).T @ wrong_r * wrong_c).sum(axis=0)
        influence -= (weight * matrix).sum(axis=1) @ wrong_r
        influence -= (weight * matrix).sum(axis=0) @ wrong_c
        return _Spread(matrix, influence)

    @property
    def estimate(self) -> float:
        """The mean index over all pairs of seeds."""
        return self._spread.mean

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the one-sided bounds; 0 and 1 where a pair of models has no errors."""
        events = float(self._unions.mean())
        if not self._unions.all():
            return 0.0, 1.0
        if self.estimate == 0:
            return 0.0, 1 - alpha ** (1 / events)
        factor = self._spread.factor(alpha, events)
        return self.estimate / factor, min(1.0, self.estimate * factor)

    def complies(self, alpha: float) -> bool:
        """Whether the lower bound keeps the limit."""
        return self.bounds(alpha)[0] >= self.limit - LIMIT_TOLERANCE

    def violates(self, alpha: float) -> bool:
        """Whether even the upper bound misses the limit."""
        return self.bounds(alpha)[1] < self.limit - LIMIT_TOLERANCE

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return the test set that decides at this spread; None where only more seeds would."""
        return self._spread.samples_needed(self.limit, alpha, power)
