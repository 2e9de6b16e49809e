"""A mean over samples and training seeds: what can be said of the recipe, not of one artifact.

Samples and seeds are both drawn (Owen 2007, the pigeonhole bootstrap's two-way layout; Cameron,
Gelbach & Miller 2011). The variance of the mean difference is

    V = s2_r / S_r + s2_c / S_c + v_i - v_int,

s2 the variance over the seed means of one side, v_i that over the samples' seed-averaged
differences by n, and v_int the residual interaction that both have counted; V is never less than
v_i or the seeds' part. The quantile is Student's with min(S) - 1 degrees of freedom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import stats

from harness.gate.methods.method import LIMIT_TOLERANCE, POWER
from harness.gate.metric import Direction

Floats = npt.NDArray[np.float64]

FEWEST_SEEDS = 2
"""A spread over seeds takes two; five or more give it power."""

_PLANE = 2


@dataclass(frozen=True, eq=False)
class RecipeMean:
    """The mean over seeds and samples must keep the limit; minus a reference's where one is given.

    For accuracy, its drop (errors of the candidate minus errors of the reference), top-5 and the
    Brier difference. The half-width is sqrt((t_a)^2 V + (ln(1/a) / n)^2): the second term is the
    bound of a rate that was never seen to err, so that no vanishing variance decides anything.

    Attributes:
        candidate: values per sample, shape (S_c, n), one row per seed, in a range of 1.
        reference: the same of the reference's seeds, shape (S_r, n), or None.
        limit: in the unit of the values.
        direction: where the limit stands.

    Raises:
        ValueError: fewer than two seeds on a side, no samples, or two numbers of samples.

    """

    candidate: Floats
    reference: Floats | None
    limit: float
    direction: Direction

    name = "two-way variance over samples and seeds, Student's t of the fewer seeds"

    def __post_init__(self) -> None:
        check_seeds(*self._sides)

    @property
    def _sides(self) -> tuple[Floats, ...]:
        return (self.candidate,) if self.reference is None else (self.candidate, self.reference)

    @property
    def n(self) -> int:
        """How many samples every seed answered."""
        return int(self.candidate.shape[1])

    @cached_property
    def estimate(self) -> float:
        """The mean, or the difference of the means."""
        return float(self._per_sample.mean())

    @cached_property
    def _per_sample(self) -> Floats:
        means: Floats = self.candidate.mean(axis=0)
        return means if self.reference is None else means - self.reference.mean(axis=0)

    @cached_property
    def _seeds(self) -> float:
        """The part of the variance that the seeds' means show."""
        return sum(float(side.mean(axis=1).var(ddof=1)) / len(side) for side in self._sides)

    @cached_property
    def _samples(self) -> float:
        """The part that the samples show, v_i."""
        return float(self._per_sample.var(ddof=1)) / self.n if self.n > 1 else 0.0

    @cached_property
    def _interaction(self) -> float:
        """What both parts hold, v_int."""
        return sum(residual(side) / side.size for side in self._sides)

    @property
    def variance(self) -> float:
        """V, the variance of the estimate."""
        both = self._seeds + self._samples - self._interaction
        return max(both, self._samples, self._seeds)

    @property
    def degrees_of_freedom(self) -> int:
        """One less than the fewer seeds."""
        return min(len(side) for side in self._sides) - 1

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the one-sided bounds of the recipe's mean."""
        quantile = float(stats.t.isf(alpha, self.degrees_of_freedom))
        unseen = math.log(1 / alpha) / self.n
        half = math.sqrt(quantile**2 * self.variance + unseen**2)
        return self.estimate - half, self.estimate + half

    def complies(self, alpha: float) -> bool:
        """Whether the bound on the limit's side keeps the limit."""
        low, high = self.bounds(alpha)
        if self.direction == ">=":
            return low >= self.limit - LIMIT_TOLERANCE
        return high <= self.limit + LIMIT_TOLERANCE

    def violates(self, alpha: float) -> bool:
        """Whether even the bound on the far side misses the limit."""
        low, high = self.bounds(alpha)
        if self.direction == ">=":
            return high < self.limit - LIMIT_TOLERANCE
        return low > self.limit + LIMIT_TOLERANCE

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return the test set that decides at this spread; None where only more seeds would."""
        lasting = max(self._seeds - self._interaction, 0.0)
        passing = (self.variance - lasting) * self.n
        quantile = float(stats.t.isf(alpha, self.degrees_of_freedom) + stats.norm.ppf(power))
        room = (self.estimate - self.limit) ** 2 - quantile**2 * lasting
        if room <= LIMIT_TOLERANCE**2:
            return None
        unseen = math.log(1 / alpha)
        linear = quantile**2 * passing
        return math.ceil((linear + math.sqrt(linear**2 + 4 * room * unseen**2)) / (2 * room))


def check_seeds(*sides: Floats) -> None:
    """Raise ValueError unless each side is (S, n) with S of 2 or more and one n of 1 or more."""
    for side in sides:
        if side.ndim != _PLANE or len(side) < FEWEST_SEEDS or not side.size:
            raise ValueError(
                f"a claim about the recipe needs {FEWEST_SEEDS} seeds or more on each side and "
                f"samples; one side has the shape {side.shape}"
            )
    if len({side.shape[1] for side in sides}) > 1:
        raise ValueError(f"the sides differ in samples: {[side.shape[1] for side in sides]}")


def residual(values: Floats) -> float:
    """Return the residual mean square of (S, n) values: neither the seed's nor the sample's."""
    seeds, n = values.shape
    if n == 1:
        return 0.0
    rest = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0) + values.mean()
    return float((rest**2).sum() / ((seeds - 1) * (n - 1)))
