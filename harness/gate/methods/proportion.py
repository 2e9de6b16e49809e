"""A share of samples against a limit: accuracy, top-5, negative flips."""

from __future__ import annotations

from dataclasses import dataclass

from harness.gate.methods import clopper_pearson
from harness.gate.methods.method import LIMIT_TOLERANCE, POWER
from harness.gate.metric import Direction


@dataclass(frozen=True)
class Proportion:
    """`successes` of `n` samples; the share must be at least (`>=`) or at most (`<=`) the limit.

    One-sided Clopper-Pearson. It is exact: a decision is wrong with probability at most alpha at
    any truth, any n and any mixture of easy and hard classes.

    Attributes:
        successes: 0 to n.
        n: 1 or more.
        limit: a fraction.
        direction: where the limit stands.

    Raises:
        ValueError: the counts are none.

    """

    successes: int
    n: int
    limit: float
    direction: Direction = ">="

    name = "Clopper-Pearson, one-sided"

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.n or self.n < 1:
            raise ValueError(f"{self.successes} of {self.n} samples is no proportion")

    @property
    def estimate(self) -> float:
        """The share itself."""
        return self.successes / self.n

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the one-sided bounds of the share."""
        return (
            float(clopper_pearson.lower(self.successes, self.n, alpha)),
            float(clopper_pearson.upper(self.successes, self.n, alpha)),
        )

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
        """Return the size that decides at this share, by the exact power; None on the limit."""
        return clopper_pearson.samples_needed(self.estimate, self.limit, alpha, power)
