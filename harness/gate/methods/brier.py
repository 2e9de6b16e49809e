"""The paired difference of the Brier score against a margin."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.gate.methods.bounded_mean import BoundedMean
from harness.gate.methods.method import LIMIT_TOLERANCE, POWER
from harness.gate.methods.sample_size import smallest

_MOST = 2.0
"""The Brier score of a sample, sum over classes of (p - y)^2, is in [0, 2] (Brier 1950)."""


@dataclass(frozen=True, eq=False)
class BrierDifference:
    """Mean Brier score of the candidate minus that of the reference <= limit.

    Attributes:
        differences: the sample, of values in [-2, 2].
        limit: the margin, in [-2, 2].

    """

    differences: BoundedMean
    limit: float

    @classmethod
    def of(
        cls, reference: NDArray[np.float64], candidate: NDArray[np.float64], limit: float
    ) -> BrierDifference:
        """Return the method for (N,) Brier scores in [0, 2] of the same samples."""
        return cls(BoundedMean.of(candidate - reference, -_MOST, _MOST), limit)

    @property
    def name(self) -> str:
        """The method by name."""
        return "Gaffke's bound of a bounded mean (saddlepoint), paired differences"

    @property
    def estimate(self) -> float:
        """The mean difference, in [-2, 2]; above 0 the candidate is worse."""
        return self.differences.mean

    @property
    def n(self) -> int:
        """How many samples there are."""
        return self.differences.n

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the lower and the upper bound, each one-sided at confidence 1 - alpha."""
        return self.differences.lower(alpha), self.differences.upper(alpha)

    def complies(self, alpha: float) -> bool:
        """Whether the upper bound keeps the limit."""
        return self._p_not_below <= alpha

    def violates(self, alpha: float) -> bool:
        """Whether the lower bound is above the limit."""
        return self._p_not_above <= alpha

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return the n that decides if the differences seen are what there is to see."""
        sample = self.differences
        shown = sample.power_below if self.estimate <= self.limit else sample.power_above
        return smallest(lambda n: shown(self.limit, alpha, n) >= power)

    @cached_property
    def _p_not_below(self) -> float:
        return self.differences.p_not_below(self.limit + LIMIT_TOLERANCE)

    @cached_property
    def _p_not_above(self) -> float:
        return self.differences.p_not_above(self.limit + LIMIT_TOLERANCE)
