"""Error sets compared seed by seed: each model with its own reference, on the same samples."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from harness.gate.methods.recipe import RecipeMean
from harness.scaling.line import CONFIDENCE, Interval

Masks = NDArray[np.bool_]
Floats = NDArray[np.float64]
ALPHA = (1 - CONFIDENCE) / 2
"""One-sided, of a 95 % interval."""
_FEWEST_SEEDS = 3
"""Shared out over many comparisons, Student's t of two seeds says nothing."""


@dataclass(frozen=True, eq=False)
class SeedOverlap:
    """The Jaccard index of two error sets, seed s of one with seed s of the other.

    Attributes:
        first, second: (S, N) bool, the error sets.

    """

    first: Masks
    second: Masks

    @cached_property
    def both(self) -> Floats:
        """(S,) samples that both get wrong."""
        return np.asarray((self.first & self.second).sum(axis=1), dtype=np.float64)

    @cached_property
    def union(self) -> Floats:
        """(S,) samples that at least one gets wrong."""
        return np.asarray((self.first | self.second).sum(axis=1), dtype=np.float64)

    @cached_property
    def jaccard(self) -> Floats:
        """(S,) J = |A n B| / |A u B|; 1 where both sets are empty."""
        ones = np.ones_like(self.union)
        return np.asarray(np.divide(self.both, self.union, out=ones, where=self.union > 0))

    @property
    def new(self) -> float | None:
        """Share of the second's errors that the first does not make, the mean over the seeds.

        None where the second makes none.
        """
        errors = self.second.sum(axis=1)
        if not errors.all():
            return None
        return float((1 - self.both / errors).mean())

    @property
    def has_logarithm(self) -> bool:
        """Whether every two error sets share an error."""
        return bool(self.both.all())

    @cached_property
    def influence(self) -> Floats:
        """(N,) of each sample on the mean of ln J: ab (1/both + 1/union) - (a + b) / union."""
        a, b = self.first.astype(np.float64), self.second.astype(np.float64)
        shared = a * b * (1 / self.both + 1 / self.union)[:, np.newaxis]
        alone = (a + b) / self.union[:, np.newaxis]
        return np.asarray((shared - alone).mean(axis=0))

    def interval(self) -> Interval | None:
        """Return the 95 % interval of the mean J of these very models, for new samples.

        exp(mean ln J +- z sqrt(sum of squared influences)), for display; None where two models
        share no error.
        """
        if not self.has_logarithm:
            return None
        half = float(stats.norm.isf(ALPHA)) * math.sqrt(float(self.influence @ self.influence))
        middle = float(np.log(self.jaccard).mean())
        return math.exp(middle - half), min(1.0, math.exp(middle + half))


@dataclass(frozen=True)
class Difference:
    """A difference, with an interval for these models and one for their recipes.

    Attributes:
        value: the difference, or a ratio.
        models: interval for new samples, the models as they are.
        recipe: interval for new seeds and new samples; None for fewer than three seeds.

    """

    value: float
    models: Interval
    recipe: Interval | None

    def shown_for(self, nothing: float) -> str:
        """Return for what it is shown not to be `nothing`: `recipes`, `these models` or neither."""
        if self.recipe is not None and not self.recipe[0] <= nothing <= self.recipe[1]:
            return "recipes"
        return "no" if self.models[0] <= nothing <= self.models[1] else "these models"


def accuracy_difference(first: Masks, second: Masks, comparisons: int) -> Difference:
    """Return the accuracy of `second` minus that of `first`, seed by seed, from error sets (S, N).

    The intervals hold for all of `comparisons` at 95 % together (Bonferroni). That of the recipe is
    `RecipeMean` of the paired differences; that of the models takes the samples alone as drawn,
    mean +- hypot(z s / sqrt(n), 2 ln(1/a) / n), as that one does.
    """
    values = first.astype(np.float64) - second.astype(np.float64)
    alpha = ALPHA / comparisons
    per_sample, n = values.mean(axis=0), values.shape[1]
    spread = float(per_sample.std(ddof=1)) / math.sqrt(n)
    half = math.hypot(float(stats.norm.isf(alpha)) * spread, 2 * math.log(1 / alpha) / n)
    mean = float(per_sample.mean())
    recipe = None
    if len(values) >= _FEWEST_SEEDS:
        low, high = RecipeMean((values + 1) / 2, None, 0.0, "<=").bounds(alpha)
        recipe = max(-1.0, 2 * low - 1), min(1.0, 2 * high - 1)
    return Difference(mean, (mean - half, mean + half), recipe)


def overlap_ratio(first: SeedOverlap, second: SeedOverlap, comparisons: int) -> Difference | None:
    """Return J of `second` over J of `first`, geometric means over the seeds, of the same samples.

    On ln J, seed by seed: mean +- z sqrt(v) for these models, with v the sum of squared differences
    of the samples' influences, and mean +- t sqrt(s^2 / S + v) with S - 1 degrees of freedom for
    the recipes, which counts the samples twice rather than not at all. For all of `comparisons` at
    95 % together (Bonferroni). None where two models share no error.
    """
    if not (first.has_logarithm and second.has_logarithm):
        return None
    alpha = ALPHA / comparisons
    logs = np.log(second.jaccard) - np.log(first.jaccard)
    influence = second.influence - first.influence
    variance, mean, seeds = float(influence @ influence), float(logs.mean()), len(logs)
    models = _around(mean, float(stats.norm.isf(alpha)) * math.sqrt(variance))
    recipe = None
    if seeds >= _FEWEST_SEEDS:
        total = variance + float(logs.var(ddof=1)) / seeds
        recipe = _around(mean, float(stats.t.isf(alpha, seeds - 1)) * math.sqrt(total))
    return Difference(math.exp(mean), models, recipe)


def _around(mean: float, half: float) -> Interval:
    half = min(half, 700.0)  # exp overflows beyond
    return math.exp(mean - half), math.exp(mean + half)
