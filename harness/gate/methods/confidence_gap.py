"""The gap between mean confidence and accuracy against a limit.

The absolute value of a mean is kinked at 0. It is at most L if the mean is at most L and at least
-L: both must be shown, each at the full level (Berger 1982). It is above L if either is not so.
With the mean at L the wrong side is the less likely the larger L is, so the two p-values are added:
at L = 0 that is twice the smaller one, far from 0 it is the smaller one alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from harness.gate.methods.bounded_mean import BoundedMean
from harness.gate.methods.method import LIMIT_TOLERANCE, POWER
from harness.gate.methods.sample_size import smallest


@dataclass(frozen=True, eq=False)
class ConfidenceGap:
    """|mean confidence - accuracy| <= limit.

    Attributes:
        gaps: the sample of confidence - correct, of values in [-1, 1].
        limit: in [0, 1].

    """

    gaps: BoundedMean
    limit: float

    @classmethod
    def of(
        cls, confidence: NDArray[np.float64], correct: NDArray[np.bool_], limit: float
    ) -> ConfidenceGap:
        """Return the method for (N,) confidences in [0, 1] and whether each answer is right."""
        return cls(BoundedMean.of(confidence - correct, -1.0, 1.0), limit)

    @property
    def name(self) -> str:
        """The method by name."""
        return "Gaffke's bounds of a bounded mean (saddlepoint), both sides"

    @property
    def estimate(self) -> float:
        """The absolute gap, in [0, 1]; biased upwards near 0."""
        return abs(self.gaps.mean)

    @property
    def n(self) -> int:
        """How many samples there are."""
        return self.gaps.n

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the lower and the upper bound, each one-sided at confidence 1 - alpha."""
        upper = max(self.gaps.upper(alpha), -self.gaps.lower(alpha))
        return self._lower(alpha), min(1.0, upper)

    def complies(self, alpha: float) -> bool:
        """Whether both bounds of the mean keep the limit."""
        edge = self.limit + LIMIT_TOLERANCE
        return self.gaps.p_not_below(edge) <= alpha and self.gaps.p_not_above(-edge) <= alpha

    def violates(self, alpha: float) -> bool:
        """Whether there is evidence of a gap above the limit, on either side."""
        return self._p_within(self.limit + LIMIT_TOLERANCE) <= alpha

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return the n that decides if the gaps seen are what there is to see.

        Compliance needs both sides: at least the sum of their chances less 1. A violation is shown
        on the side where the mean is; away from 0 the other side adds nothing to its p-value.
        """
        complies = self.estimate <= self.limit

        def decides(n: float) -> bool:
            if complies:
                below = self.gaps.power_below(self.limit, alpha, n)
                return below + self.gaps.power_above(-self.limit, alpha, n) - 1 >= power
            if self.gaps.mean > 0:
                return self.gaps.power_above(self.limit, alpha, n) >= power
            return self.gaps.power_below(-self.limit, alpha, n) >= power

        return smallest(decides)

    def _lower(self, alpha: float) -> float:
        if self._p_within(0.0) > alpha:
            return 0.0
        return float(brentq(lambda at: self._p_within(at) - alpha, 0.0, self.estimate, xtol=1e-9))

    def _p_within(self, limit: float) -> float:
        """Return the p-value against an absolute mean of at most `limit`."""
        if self.gaps.mean > 0:
            return min(1.0, self.gaps.p_not_above(limit) + self.gaps.p_not_above(-limit))
        return min(1.0, self.gaps.p_not_below(-limit) + self.gaps.p_not_below(limit))
