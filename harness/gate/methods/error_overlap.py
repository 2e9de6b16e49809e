"""The Jaccard index of two error sets against a limit."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.gate.methods import clopper_pearson
from harness.gate.methods.method import LIMIT_TOLERANCE, POWER


@dataclass(frozen=True)
class ErrorOverlap:
    """J = both / union: of the samples that any of two models gets wrong, the share both do.

    Given the union u, `both` is binomial (u, J), so Clopper-Pearson on it is exact whatever the
    union's size. Two models without any error are equal by convention: J = 1, but nothing was
    seen, so the bounds are 0 and 1.

    Attributes:
        both: samples that both get wrong.
        union: samples that at least one gets wrong.
        n: size of the test set; the union is what J rests on.
        limit: least acceptable J.

    Raises:
        ValueError: not both <= union <= n.

    """

    both: int
    union: int
    n: int
    limit: float

    name = "Clopper-Pearson given the union of the errors, one-sided"

    def __post_init__(self) -> None:
        if not 0 <= self.both <= self.union <= self.n:
            raise ValueError(f"{self.both} of {self.union} of {self.n} are no error sets")

    @property
    def estimate(self) -> float:
        """The Jaccard index; 1 where nobody errs."""
        return self.both / self.union if self.union else 1.0

    @property
    def by_convention(self) -> bool:
        """Whether there is no error to compare."""
        return self.union == 0

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the one-sided bounds of J; 0 and 1 where nobody errs."""
        return (
            float(clopper_pearson.lower(self.both, self.union, alpha)),
            float(clopper_pearson.upper(self.both, self.union, alpha)),
        )

    def complies(self, alpha: float) -> bool:
        """Whether the lower bound keeps the limit."""
        return self.bounds(alpha)[0] >= self.limit - LIMIT_TOLERANCE

    def violates(self, alpha: float) -> bool:
        """Whether even the upper bound misses the limit."""
        return self.bounds(alpha)[1] < self.limit - LIMIT_TOLERANCE

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return the test set whose expected union decides; None on the limit or without errors."""
        if self.union == 0:
            return None
        errors = clopper_pearson.samples_needed(self.estimate, self.limit, alpha, power)
        return None if errors is None else math.ceil(errors * self.n / self.union)
