"""Parity: how many of the compared samples came out differently."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

from scipy import stats

from harness.gate.methods import clopper_pearson
from harness.gate.methods.method import LIMIT_TOLERANCE, POWER


@dataclass(frozen=True)
class Mismatches:
    """`count` of `compared` samples differ; the rate must be at most the limit.

    What the rate is of depends on what was compared:

    * all samples of a set (`population` equals `compared`): the rate of that set, known exactly;
      `future_bound` is what it says about inputs not in the set;
    * a random part of the set: the rate of the set, by the hypergeometric bound (sampling without
      replacement);
    * inputs of an unlimited source (`population` None): Clopper-Pearson.

    The compared samples must be drawn at random and their number set beforehand.

    Attributes:
        count: mismatches, 0 to `compared`.
        compared: 1 or more.
        population: size of the set they were drawn from.
        limit: highest acceptable rate.

    Raises:
        ValueError: the counts do not fit in each other.

    """

    count: int
    compared: int
    population: int | None
    limit: float

    def __post_init__(self) -> None:
        fits = 0 <= self.count <= self.compared and self.compared >= 1
        if not fits or (self.population is not None and self.population < self.compared):
            raise ValueError(f"{self.count} of {self.compared} of {self.population} do not fit")

    @property
    def name(self) -> str:
        """The method, by what was compared."""
        if self.exact:
            return "exact count of the whole set"
        if self.population is None:
            return "Clopper-Pearson, one-sided"
        return "hypergeometric, one-sided (a random part of the set)"

    @property
    def exact(self) -> bool:
        """Whether every sample of the set was compared."""
        return self.population == self.compared

    @property
    def estimate(self) -> float:
        """The rate among the compared samples."""
        return self.count / self.compared

    @property
    def n(self) -> int:
        """How many samples were compared."""
        return self.compared

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the one-sided bounds of the rate; the rate twice where all were compared."""
        if self.exact:
            return self.estimate, self.estimate
        if self.population is None:
            return (
                float(clopper_pearson.lower(self.count, self.compared, alpha)),
                self.future_bound(alpha),
            )
        matches = _most(self.compared - self.count, self.compared, self.population, alpha)
        most = _most(self.count, self.compared, self.population, alpha)
        return (self.population - matches) / self.population, most / self.population

    def future_bound(self, alpha: float) -> float:
        """Return the upper bound of the rate among inputs drawn like the compared ones."""
        return float(clopper_pearson.upper(self.count, self.compared, alpha))

    def complies(self, alpha: float) -> bool:
        """Whether the upper bound keeps the limit."""
        return self.bounds(alpha)[1] <= self.limit + LIMIT_TOLERANCE

    def violates(self, alpha: float) -> bool:
        """Whether even the lower bound exceeds the limit."""
        return self.bounds(alpha)[0] > self.limit + LIMIT_TOLERANCE

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return how many samples to compare; the whole set always decides about the set."""
        if self.population is not None and self.count == 0:
            return _fewest_that_comply(self.population, self.limit, alpha)
        needed = None
        if self.limit > 0 or self.count > 0:
            needed = clopper_pearson.samples_needed(self.estimate, self.limit, alpha, power)
        if self.population is None:
            return needed
        return self.population if needed is None else min(needed, self.population)


def _fewest_that_comply(population: int, limit: float, alpha: float) -> int:
    """Return how many of the set to compare, none of them a mismatch, by bisection.

    As many as make it rare to miss every one of the fewest mismatches that break the limit.
    """
    forbidden = min(math.floor(population * (limit + LIMIT_TOLERANCE)) + 1, population)
    low, high = 0, population
    while high - low > 1:
        middle = (low + high) // 2
        missed = stats.hypergeom.cdf(0, population, forbidden, middle)
        low, high = (low, middle) if missed <= alpha else (middle, high)
    return high


def _most(count: int, compared: int, population: int, alpha: float) -> int:
    """Return the largest number in the set under which seeing `count` or fewer is not rare.

    By bisection: P(X <= count) falls as that number grows.
    """
    chance = partial(stats.hypergeom.cdf, count, population, N=compared)
    low, high = count, population - (compared - count) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if chance(middle) > alpha else (low, middle)
    return low
