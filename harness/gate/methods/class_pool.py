"""The mean accuracy of a few named classes, by Clopper and Pearson."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincinv

from harness.gate.methods.class_counts import ClassCounts


@dataclass(frozen=True)
class ClassPool:
    """An unweighted mean of class accuracies, as a share of a number of samples.

    Attributes:
        mean: in [0, 1].
        size: effective samples; those of all the classes where they are equally large.

    """

    mean: float
    size: float

    @classmethod
    def of(cls, chosen: ClassCounts) -> ClassPool:
        """Return the pool of these classes; each has at least 1 sample.

        Unequal classes have the size min(T (1 - T) / V, k min n_j), T the mean and V its variance
        from p = (x + 1) / (n + 2) (Korn and Graubard 1998): where all answers are right that is
        k min n_j, which the inequality of the means makes safe.
        """
        mean, most = float(chosen.accuracies.mean()), float(len(chosen) * chosen.counts.min())
        if np.all(chosen.counts == chosen.counts[0]):
            return cls(mean, most)
        rate = float(((chosen.correct + 1) / (chosen.counts + 2)).mean())
        variance = float(chosen.variances.sum()) / len(chosen) ** 2
        return cls(mean, min(most, rate * (1 - rate) / variance))

    def lower(self, alpha: float) -> float:
        """Return the lower bound, one-sided at confidence 1 - alpha."""
        right = self.mean * self.size
        return float(betaincinv(right, self.size - right + 1, alpha)) if right > 0 else 0.0

    def upper(self, alpha: float) -> float:
        """Return the upper bound, one-sided at confidence 1 - alpha."""
        right = self.mean * self.size
        wrong = self.size - right
        return float(betaincinv(right + 1, wrong, 1 - alpha)) if wrong > 0 else 1.0

    def p_not_below(self, accuracy: float) -> float:
        """Return the p-value against a true mean of `accuracy` or more."""
        right = self.mean * self.size
        wrong = self.size - right
        return float(betainc(wrong, right + 1, 1 - accuracy)) if wrong > 0 else 1.0
