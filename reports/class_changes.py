"""How the accuracy of every class changed from a reference to the candidate, and how surely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.comparison import Pair
from harness.gate.methods.class_drops import ClassDrops
from harness.gate.methods.paired_drop import PairedDrop
from reports.compared import SIDE_ALPHA

_ALPHA = 0.05
_MOST_INTERVALS = 20
"""Classes at either end that have an interval; inverting the exact test of all takes long."""


@dataclass(frozen=True)
class ClassChange:
    """One class with samples.

    Attributes:
        index: its number.
        name: its name, of any origin.
        samples: how many it has.
        lost, gained: samples that only the reference, only the candidate gets right.
        reference, candidate: their accuracies, in [0, 1].
        interval: 95 % interval of the change (exact unconditional, paired); None where it was not
            asked for.
        shown: whether the change is shown at 95 % confidence among all classes (Holm).

    """

    index: int
    name: str
    samples: int
    lost: int
    gained: int
    reference: float
    candidate: float
    interval: tuple[float, float] | None = None
    shown: bool = False

    @property
    def change(self) -> float:
        """Candidate minus reference; below 0 the class lost."""
        return (self.gained - self.lost) / self.samples


def class_changes(pair: Pair) -> tuple[ClassChange, ...]:
    """Return every class with samples, the one that lost most first.

    Only the 20 at either end have intervals.
    """
    table = _Table.of(pair)
    order = sorted(table.present, key=lambda i: (table.change(i), i))
    ends = {*order[:_MOST_INTERVALS], *order[-_MOST_INTERVALS:]}
    shown = table.shown()
    return tuple(table.row(i, i in ends, i in shown, pair.class_names[i]) for i in order)


def extremes(changes: Sequence[ClassChange], most: int) -> tuple[ClassChange, ...]:
    """Return up to `most` classes that lost and `most` that gained, in their order."""
    lost = [one for one in changes if one.change < 0][:most]
    gained = [one for one in changes if one.change > 0][-most:]
    return (*lost, *gained)


@dataclass(frozen=True)
class _Table:
    """(C,) counts: samples, right in the reference, lost, gained."""

    counts: NDArray[np.int64]
    right: NDArray[np.int64]
    lost: NDArray[np.int64]
    gained: NDArray[np.int64]

    @classmethod
    def of(cls, pair: Pair) -> _Table:
        labels, classes = pair.candidate.labels, pair.candidate.classes
        before, after = pair.reference_correct, pair.candidate_correct

        def count(chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
            return np.bincount(labels[chosen], minlength=classes)

        every = np.ones(len(pair), dtype=np.bool_)
        return cls(count(every), count(before), count(before & ~after), count(~before & after))

    @property
    def present(self) -> list[int]:
        return [int(index) for index in np.flatnonzero(self.counts)]

    def change(self, index: int) -> float:
        return float((self.gained[index] - self.lost[index]) / self.counts[index])

    def shown(self) -> set[int]:
        """Classes of which a drop, or a gain, is shown: half of the error on either side."""
        drops = ClassDrops(self.lost, self.gained, self.counts, 0.0)
        gains = ClassDrops(self.gained, self.lost, self.counts, 0.0)
        return {*drops.violating(_ALPHA / 2), *gains.violating(_ALPHA / 2)}

    def row(self, index: int, with_interval: bool, shown: bool, name: str) -> ClassChange:
        count, right, lost, gained = (
            int(column[index]) for column in (self.counts, self.right, self.lost, self.gained)
        )
        return ClassChange(
            index=index,
            name=name,
            samples=count,
            lost=lost,
            gained=gained,
            reference=right / count,
            candidate=(right - lost + gained) / count,
            interval=_interval(lost, gained, count) if with_interval else None,
            shown=shown,
        )


def _interval(lost: int, gained: int, count: int) -> tuple[float, float]:
    low, high = PairedDrop(lost, gained, count, 0.0).bounds(SIDE_ALPHA)
    return -high, -low
