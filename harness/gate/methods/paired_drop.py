"""The drop in accuracy between two models on the same samples, against a margin."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harness.gate.methods import tango, unconditional
from harness.gate.methods.method import LIMIT_TOLERANCE, POWER

GAMMA_SHARE = 50
"""The interval of the nuisance rate takes a fiftieth of alpha."""

_FEWEST = 3.0
_MOST_PAIRS = 10**9


@dataclass(frozen=True)
class PairedDrop:
    """(b - c) / n must be at most the limit.

    The exact unconditional test, ordered by Tango's score with continuity correction, at the worst
    nuisance rate of a Berger-Boos interval. It counts every pair, so it can show compliance where
    few pairs or none are discordant, which a conditional (McNemar) test cannot.

    Attributes:
        b: samples that turned from right to wrong.
        c: samples that turned from wrong to right.
        n: all samples, 1 or more.
        limit: the margin, a fraction from -1 to 1.

    Raises:
        ValueError: more discordant pairs than samples.

    """

    b: int
    c: int
    n: int
    limit: float

    name = "exact unconditional, ordered by Tango's score with continuity correction"

    def __post_init__(self) -> None:
        if min(self.b, self.c) < 0 or self.b + self.c > self.n or self.n < 1:
            raise ValueError(f"{self.b} + {self.c} discordant of {self.n} samples do not fit")

    @property
    def estimate(self) -> float:
        """The drop itself."""
        return (self.b - self.c) / self.n

    def p_violates(self, gamma: float) -> float:
        """Return the p-value of "the drop is at most the limit"."""
        return unconditional.p_value(self.b, self.c, self.n, self.limit, gamma)

    def p_complies(self, gamma: float) -> float:
        """Return the p-value of "the drop is at least the limit"."""
        return unconditional.p_value(self.c, self.b, self.n, -self.limit, gamma)

    def complies(self, alpha: float) -> bool:
        """Whether a drop of the limit or more is refuted."""
        return self.limit >= 1 or self.p_complies(alpha / GAMMA_SHARE) <= alpha

    def violates(self, alpha: float) -> bool:
        """Whether a drop of the limit or less is refuted."""
        return self.limit < 1 and self.p_violates(alpha / GAMMA_SHARE) <= alpha

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the drops between which the test decides nothing, good to 1 % of their width."""
        gamma = alpha / GAMMA_SHARE
        low = unconditional.lower_bound(self.b, self.c, self.n, alpha, gamma, self.limit)
        high = -unconditional.lower_bound(self.c, self.b, self.n, alpha, gamma, -self.limit)
        return low, high

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return the size that decides at these rates; None on the limit.

        No size without a discordant pair can comply with a limit of 0 or less.
        """
        if abs(self.estimate - self.limit) <= LIMIT_TOLERANCE:
            return None
        rates = self.b / self.n, self.c / self.n
        needed = math.ceil(tango.samples_needed(*rates, self.limit, alpha, power))
        if self.estimate < self.limit and self.limit > 0:
            needed = max(needed, fewest_that_comply(self.limit, alpha))
        return needed


def fewest_that_comply(limit: float, alpha: float) -> int:
    """Return the fewest pairs that comply with a limit above 0, none of them discordant."""

    def comply(n: int) -> bool:
        return PairedDrop(0, 0, n, limit).complies(alpha)

    high = math.ceil(_FEWEST / limit)
    while not comply(high) and high < _MOST_PAIRS:
        high *= 2
    low = 0
    while high - low > max(1, high // 1000):
        middle = (low + high) // 2
        low, high = (low, middle) if comply(middle) else (middle, high)
    return high
