"""The accuracy of every class against one limit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from harness.gate.methods import clopper_pearson
from harness.gate.methods.holm import holm_p_values
from harness.gate.methods.method import LIMIT_TOLERANCE, POWER

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ClassAccuracies:
    """The accuracy of the worst class must be at least the limit.

    Every class complies: one-sided Clopper-Pearson per class without correction, because the claim
    is wrong as soon as one is (intersection-union, Berger 1982). Some class violates: Holm over the
    classes with samples. The worst class is not judged as if it had been named beforehand.

    Attributes:
        correct: int64, shape (C,), right answers per class.
        counts: int64, shape (C,), samples per class; a class without any leaves "every class"
            undecided and is listed in `absent`.
        limit: a fraction.

    Raises:
        ValueError: counts that do not fit, or no class with a sample.

    """

    correct: Ints
    counts: Ints
    limit: float

    name = "Clopper-Pearson of each class: every class to comply, Holm over the classes to violate"

    def __post_init__(self) -> None:
        if self.correct.shape != self.counts.shape or not self.counts.any():
            raise ValueError("class accuracies need counts per class and a sample")
        if (self.correct < 0).any() or (self.correct > self.counts).any():
            raise ValueError("a class has more right answers than samples")

    @property
    def absent(self) -> tuple[int, ...]:
        """The classes without samples."""
        return tuple(np.flatnonzero(self.counts == 0).tolist())

    @cached_property
    def _present(self) -> Ints:
        return np.flatnonzero(self.counts)

    @property
    def n(self) -> int:
        """How many samples the classes have together."""
        return int(self.counts.sum())

    @cached_property
    def worst(self) -> int:
        """The class of the lowest accuracy, of several the first."""
        here = self._present
        return int(here[np.argmin(self.correct[here] / self.counts[here])])

    @property
    def estimate(self) -> float:
        """The lowest accuracy; reads lower than it is, for luck chooses the class."""
        return float(self.correct[self.worst] / self.counts[self.worst])

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the one-sided bounds of the lowest true accuracy; 0 below with a class absent."""
        here = self._present
        x, sizes = self.correct[here], self.counts[here]
        low = 0.0 if self.absent else float(clopper_pearson.lower(x, sizes, alpha).min())
        return low, float(clopper_pearson.upper(x, sizes, alpha / here.size).min())

    def complies(self, alpha: float) -> bool:
        """Whether every class has samples and a lower bound that keeps the limit."""
        return not self.absent and self.bounds(alpha)[0] >= self.limit - LIMIT_TOLERANCE

    def violates(self, alpha: float) -> bool:
        """Whether Holm's first step finds a class under the limit."""
        return self.bounds(alpha)[1] < self.limit - LIMIT_TOLERANCE

    def violating(self, alpha: float) -> tuple[int, ...]:
        """Return the classes shown to be under the limit, all of them right at level `alpha`."""
        if not self.violates(alpha):
            return ()
        here = self._present
        held = self.limit - LIMIT_TOLERANCE
        p = clopper_pearson.p_below(self.correct[here], self.counts[here], held)
        return tuple(here[holm_p_values(p, alpha)].tolist())

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return the test set, of the same class shares, that decides at these rates.

        A class seen under the limit is to be shown at alpha / C; without any, every class is to
        comply with the joint power. None with a class on the limit or absent, unless another one
        is under it.
        """
        here = self._present
        rates = self.correct[here] / self.counts[here]
        below = rates < self.limit - LIMIT_TOLERANCE
        if not below.any() and self.absent:
            return None
        if below.any():
            here, rates, alpha = here[below], rates[below], alpha / here.size
        else:
            power = 1 - (1 - power) / here.size
        share = self.counts[here] / self.n
        sizes = clopper_pearson.formula(rates, self.limit, alpha, power) / share
        decisive = int(np.argmin(sizes) if below.any() else np.argmax(sizes))
        rate = float(rates[decisive])
        needed = clopper_pearson.samples_needed(rate, self.limit, alpha, power)
        return None if needed is None else math.ceil(needed / share[decisive])
