"""What changed from each reference to the candidate: classes, samples, overlap of the errors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from harness.comparison import agreement
from reports.class_changes import ClassChange, class_changes
from reports.columns import Columns
from reports.compared import Compared, comparisons
from reports.report import Report

MOST_REFERENCES = 3
"""Of which a report shows classes and samples, in the order of `comparisons`."""


@dataclass(frozen=True, eq=False)
class Against:
    """The candidate against one reference, class by class."""

    compared: Compared

    @cached_property
    def classes(self) -> tuple[ClassChange, ...]:
        """Every class with samples, the one that lost most first."""
        return class_changes(self.compared.pair)


@dataclass(frozen=True, eq=False)
class Change:
    """The candidate against all its references; class by class against the first few."""

    compared: tuple[Compared, ...]
    against: tuple[Against, ...]

    @property
    def main(self) -> Compared | None:
        """The reference that a reader asks for first."""
        return self.compared[0] if self.compared else None


def change_of(report: Report) -> Change:
    """Return what changed in the report's candidate."""
    compared = comparisons(report.candidate, report.references)
    return Change(compared, tuple(map(Against, compared[:MOST_REFERENCES])))


def overall_columns(change: Change) -> Columns:
    """Return one row per reference: accuracies, flips, agreement, Jaccard index."""
    headers = ("reference", "its accuracy", "candidate", "lost", "gained", "same class", "Jaccard")
    return Columns(headers, (False, *(True,) * 6), tuple(map(_overall_cells, change.compared)))


def _overall_cells(one: Compared) -> tuple[str, ...]:
    pair, table = one.pair, one.outcomes
    return (
        one.name,
        f"{100 * pair.reference_correct.mean():.2f} %",
        f"{100 * pair.candidate_correct.mean():.2f} %",
        f"{table.negative_flips:,}",
        f"{table.positive_flips:,}",
        f"{100 * agreement(pair):.2f} %",
        f"{one.jaccard.value:.3f}",
    )


def class_columns(changes: tuple[ClassChange, ...]) -> Columns:
    """Return one row per class."""
    headers = ("class", "samples", "reference", "candidate", "lost", "gained", "change")
    return Columns(
        (*headers, "95 % interval", "shown"),
        (False, *(True,) * 7, False),
        tuple(_class_cells(one) for one in changes),
    )


def _class_cells(one: ClassChange) -> tuple[str, ...]:
    ends = [] if one.interval is None else [_points(end) for end in one.interval]
    return (
        one.name,
        f"{one.samples:,}",
        f"{100 * one.reference:.2f} %",
        f"{100 * one.candidate:.2f} %",
        f"{one.lost:,}",
        f"{one.gained:,}",
        _points(one.change),
        " to ".join(ends),
        "yes" if one.shown else "",
    )


def _points(share: float) -> str:
    return f"{100 * share:+.2f}".replace("-", "\N{MINUS SIGN}")
