"""A measured quantity that has no sampling error: flash, RAM, cycles."""

from __future__ import annotations

from dataclasses import dataclass

from harness.gate.methods.method import LIMIT_TOLERANCE, POWER
from harness.gate.metric import Direction


@dataclass(frozen=True)
class Quantity:
    """One exact value against its limit, both in the same unit; always decided.

    Attributes:
        value: as measured, bytes or cycles.
        limit: in the same unit.
        direction: where the limit stands.

    """

    value: float
    limit: float
    direction: Direction = "<="

    name = "exact measurement"
    n = 1

    @property
    def estimate(self) -> float:
        """The value."""
        return float(self.value)

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the value twice."""
        return self.estimate, self.estimate

    def complies(self, alpha: float) -> bool:
        """Whether the value keeps the limit."""
        excess = self.value - self.limit
        return (excess if self.direction == "<=" else -excess) <= LIMIT_TOLERANCE

    def violates(self, alpha: float) -> bool:
        """Whether the value misses the limit."""
        return not self.complies(alpha)

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return None: it is decided, and no test set changes it."""
        return None
