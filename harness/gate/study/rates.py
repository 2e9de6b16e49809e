"""From counts to rates with intervals, and which of them are above nominal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from harness.gate.methods import clopper_pearson
from harness.gate.methods.method import ALPHA
from harness.gate.study.record import CellCounts, CheckCounts, Study

Error = Literal["false fail", "false pass"]
GATE = "the gate"

SURE = 0.001
"""One minus the confidence with which a rate must be above nominal to be called so. There are more
than a thousand rates: at 95 % dozens that are exactly nominal would be."""

_ALPHA_INTERVAL = 0.05


@dataclass(frozen=True)
class Rate:
    """`count` of `of` test sets."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """The rate itself; NaN of nothing."""
        return self.count / self.of if self.of else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """The two-sided 95 % interval of Clopper and Pearson (1934)."""
        half = _ALPHA_INTERVAL / 2
        return (
            float(clopper_pearson.lower(self.count, self.of, half)),
            float(clopper_pearson.upper(self.count, self.of, half)),
        )

    @property
    def above_nominal(self) -> bool:
        """Whether the true rate is above 5 %, with 99.9 % confidence."""
        return float(clopper_pearson.lower(self.count, self.of, SURE)) > ALPHA

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.count + other.count, self.of + other.of)


@dataclass(frozen=True)
class Measured:
    """One error of one check, or of the gate, in one cell."""

    what: str
    error: Error
    cell: CellCounts
    rate: Rate


@dataclass(frozen=True)
class Rates:
    """Every error rate of a study, read from its counts."""

    study: Study

    @cached_property
    def errors(self) -> tuple[Measured, ...]:
        """Every rate that may not exceed nominal."""
        return tuple(one for cell in self.study.cells for one in _errors(cell))

    @property
    def above_nominal(self) -> tuple[Measured, ...]:
        """Those that do."""
        return tuple(one for one in self.errors if one.rate.above_nominal)

    def of(self, what: str, error: Error) -> tuple[Measured, ...]:
        """Return one error of one check, or of `GATE`, in every cell that can have it."""
        return tuple(one for one in self.errors if (one.what, one.error) == (what, error))


def pooled(measured: tuple[Measured, ...]) -> Rate:
    """Return the rate over the cells at the limit, where errors are most likely."""
    return sum((one.rate for one in measured if at_limit(one.cell)), Rate(0, 0))


def highest(measured: tuple[Measured, ...]) -> Measured:
    """Return the one whose lower bound is highest, so that few test sets do not stand out."""
    return max(measured, key=lambda one: (one.rate.interval[0], one.rate.value))


def at_limit(cell: CellCounts) -> bool:
    """Whether every limit of the cell is the true figure."""
    return all(check.standing == "at" for check in cell.checks)


def _errors(cell: CellCounts) -> Iterator[Measured]:
    for check in cell.checks:
        if check.standing != "violated":
            rate = Rate(check.fails_alone, cell.replicates)
            yield Measured(check.metric, "false fail", cell, rate)
        if check.standing != "kept":
            yield Measured(check.metric, "false pass", cell, Rate(check.passes, cell.replicates))
    if any(check.standing != "violated" for check in cell.checks):
        yield Measured(GATE, "false fail", cell, Rate(cell.false_fails, cell.replicates))
    if any(check.standing != "kept" for check in cell.checks):
        yield Measured(GATE, "false pass", cell, Rate(cell.passes, cell.replicates))


def of_metric(cell: CellCounts, metric: str) -> CheckCounts:
    """Return the counts of one check."""
    return next(one for one in cell.checks if one.metric == metric)


def decided(cell: CellCounts, check: CheckCounts) -> Rate:
    """Return how often a check was decided as the truth has it: its power."""
    right = check.fails if check.standing == "violated" else check.passes
    return Rate(right, cell.replicates)


def undecided(cell: CellCounts, check: CheckCounts) -> Rate:
    """Return how often a check was inconclusive."""
    return Rate(cell.replicates - check.passes - check.fails, cell.replicates)
