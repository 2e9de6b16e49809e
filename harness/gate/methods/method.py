"""What every method of deciding a check offers."""

from __future__ import annotations

from typing import Protocol

LIMIT_TOLERANCE = 1e-9
"""The limit itself is acceptable, and 0.9 * n is not exact in binary: below the step of one sample
for any n up to 10^8."""

ALPHA = 0.05
"""What may go wrong at the usual confidence of 95 %."""

POWER = 0.8
"""The chance of a decision that a named number of samples is to give."""


class Method(Protocol):
    """One metric, measured on one test set, against one limit.

    At any truth `complies` is wrong with probability at most alpha, and so is `violates`: at most
    one of the two can be wrong, so neither needs a correction for the other.
    """

    @property
    def name(self) -> str:
        """The method by name, with its assumptions where it has any."""
        ...

    @property
    def estimate(self) -> float:
        """The value itself, in the metric's own unit."""
        ...

    @property
    def n(self) -> int:
        """How many samples it rests on."""
        ...

    @property
    def limit(self) -> float:
        """What the value is held against."""
        ...

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the lower and the upper bound, each one-sided at confidence 1 - alpha."""
        ...

    def complies(self, alpha: float) -> bool:
        """Whether there is evidence at level alpha that the limit is kept."""
        ...

    def violates(self, alpha: float) -> bool:
        """Whether there is evidence at level alpha that it is violated; monotone in alpha."""
        ...

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return the size of a test set that decides with this power at the observed rates.

        None where no size would: the value stands on the limit, or the limit cannot be reached.
        """
        ...
