"""How alike the error sets of two families are at about the same size."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.scaling.overlap import Overlap
from harness.scaling.size import Size

MATCHED_WITHIN = 1.5
"""Sizes whose parameters differ by a larger factor are shown, and said not to match."""


@dataclass(frozen=True)
class Matched:
    """The overlap of a size with the size of another family nearest in parameters.

    Attributes:
        overlap: of the two; `first` is of the family with fewer sizes.
        parameters: N of both, in the same order.
        ratio: the larger N over the smaller, at least 1.
        matched: the ratio is at most 1.5.

    """

    overlap: Overlap
    parameters: tuple[int, int]
    ratio: float
    matched: bool


def matched_overlaps(
    by_family: Mapping[str, Sequence[Size]], overlaps: Sequence[Overlap]
) -> tuple[Matched, ...]:
    """Return, for every two families, each size of the one with fewer beside its nearest match."""
    known = {frozenset((one.first, one.second)): one for one in overlaps}
    found = []
    for two in itertools.combinations(by_family.values(), 2):
        fewer, more = sorted(two, key=len)
        for size in fewer:
            other = min(more, key=lambda s: (_distance(s, size), s.parameters))
            overlap = known.get(frozenset((size.name, other.name)))
            found += [] if overlap is None else [_matched(size, other, overlap)]
    return tuple(found)


def _distance(first: Size, second: Size) -> float:
    return abs(math.log(first.parameters / second.parameters))


def _matched(size: Size, other: Size, overlap: Overlap) -> Matched:
    ratio = math.exp(_distance(size, other))
    within = ratio <= MATCHED_WITHIN
    return Matched(overlap, (size.parameters, other.parameters), ratio, within)
