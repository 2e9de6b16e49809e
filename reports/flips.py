"""The samples that changed sides: right with the reference and wrong now, or the other way."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.comparison import Pair
from reports.thumbnail import Thumbnails

MOST_SHOWN = 480
MOST_IMAGE_BYTES = 1_400_000
"""Of all thumbnails of a page, as text; samples beyond it stand without theirs."""


@dataclass(frozen=True)
class Answer:
    """What a model answered: the class by name, and the probability it gives it."""

    name: str
    confidence: float


@dataclass(frozen=True)
class Flip:
    """One sample that changed sides.

    Attributes:
        sample: its id.
        label, label_name: its true class.
        lost: right with the reference and wrong now; else the other way.
        reference, candidate: what they answered.
        image: a `data:` URI; None where there is nothing to see.

    """

    sample: str
    label: int
    label_name: str
    lost: bool
    reference: Answer
    candidate: Answer
    image: str | None


@dataclass(frozen=True)
class FlippedClass:
    """A class with flipped samples: how many of them, and how many of those are shown."""

    label: int
    name: str
    lost: int
    gained: int
    shown: int


@dataclass(frozen=True)
class Flips:
    """The flipped samples that are shown, and how many there are.

    Attributes:
        shown: of every class some, lost ones first.
        classes: those with a flip.
        lost, gained: how many there are in all.
        other_changes: samples wrong with both that are answered differently.

    """

    shown: tuple[Flip, ...]
    classes: tuple[FlippedClass, ...]
    lost: int
    gained: int
    other_changes: int

    @property
    def total(self) -> int:
        """Every flipped sample, shown or not."""
        return self.lost + self.gained


def flips(pair: Pair, thumbnails: Thumbnails | None = None, share_of: int = 1) -> Flips:
    """Return flipped samples, as many as a page has room for, so that every class has its part.

    Classes take turns; within one, lost samples come first and of these the most confident errors.

    Args:
        pair: reference and candidate.
        thumbnails: of the samples; None where there is nothing to see.
        share_of: how many pairs share the room of the page.

    """
    before, after = pair.reference_correct, pair.candidate_correct
    places = np.flatnonzero(before != after)
    chosen = list(itertools.islice(_in_turn(pair, places), MOST_SHOWN // share_of))
    shown = [_flip(pair, place) for place in sorted(chosen, key=lambda p: _order(pair, p))]
    return Flips(
        shown=tuple(_pictured(shown, thumbnails, MOST_IMAGE_BYTES // share_of)),
        classes=tuple(_classes(pair, places, shown)),
        lost=int(np.count_nonzero(before & ~after)),
        gained=int(np.count_nonzero(~before & after)),
        other_changes=_other_changes(pair),
    )


def _order(pair: Pair, place: int) -> tuple[int, bool, float, int]:
    """By class, lost before gained, the most confident first."""
    candidate = pair.candidate
    lost = bool(pair.reference_correct[place])
    return int(candidate.labels[place]), not lost, -float(candidate.confidence[place]), place


def _in_turn(pair: Pair, places: NDArray[np.int64]) -> Iterator[int]:
    ordered = sorted(places.tolist(), key=lambda place: _order(pair, place))
    groups = itertools.groupby(ordered, key=lambda place: int(pair.candidate.labels[place]))
    queues = [list(some) for _, some in groups]
    for row in itertools.zip_longest(*queues):
        yield from (place for place in row if place is not None)


def _flip(pair: Pair, place: int) -> Flip:
    candidate, names = pair.candidate, pair.class_names
    before = pair.of_reference(pair.reference.predicted)[place]
    trust = pair.of_reference(pair.reference.confidence)[place]
    label = int(candidate.labels[place])
    return Flip(
        sample=str(candidate.ids[place]),
        label=label,
        label_name=names[label],
        lost=bool(pair.reference_correct[place]),
        reference=Answer(names[int(before)], float(trust)),
        candidate=Answer(
            names[int(candidate.predicted[place])], float(candidate.confidence[place])
        ),
        image=None,
    )


def _pictured(shown: Sequence[Flip], thumbnails: Thumbnails | None, left: int) -> Iterator[Flip]:
    for one in shown:
        uri = thumbnails.uri(one.sample) if thumbnails and left > 0 else None
        left -= len(uri or "")
        yield Flip(**{**vars(one), "image": uri})


def _classes(
    pair: Pair, places: NDArray[np.int64], shown: Sequence[Flip]
) -> Iterator[FlippedClass]:
    labels, lost = pair.candidate.labels[places], pair.reference_correct[places]
    for label in np.unique(labels).tolist():
        here = labels == label
        yield FlippedClass(
            label=label,
            name=pair.class_names[label],
            lost=int(np.count_nonzero(here & lost)),
            gained=int(np.count_nonzero(here & ~lost)),
            shown=sum(one.label == label for one in shown),
        )


def _other_changes(pair: Pair) -> int:
    wrong = ~pair.reference_correct & ~pair.candidate_correct
    other = pair.of_reference(pair.reference.predicted) != pair.candidate.predicted
    return int(np.count_nonzero(wrong & other))
