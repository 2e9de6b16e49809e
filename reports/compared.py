"""The candidate beside each thing it was compared with, the one a reader asks for first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.comparison import Jaccard, Outcomes, Pair, jaccard, match, outcomes
from harness.gate.checks import FLOAT, LARGEST, REGISTRY
from harness.gate.methods.error_overlap import ErrorOverlap
from harness.predictions import Predictions

SIDE_ALPHA = 0.025
"""Of each side of a two-sided interval at 95 % confidence."""
_WORDS = {FLOAT: "the float model of the same size", LARGEST: "the largest model of the family"}


@dataclass(frozen=True, eq=False)
class Compared:
    """A reference by the name the verdict uses, with every sample of both."""

    name: str
    pair: Pair

    @property
    def words(self) -> str:
        """The reference as a reader calls it."""
        if self.is_registered:
            label = self.name.removeprefix(REGISTRY)
            return f"registered version {label}" if label.isdigit() else f"the registered {label}"
        return _WORDS.get(self.name, self.name)

    @property
    def is_registered(self) -> bool:
        """Whether it is a version of the registered model."""
        return self.name.startswith(REGISTRY)

    @property
    def outcomes(self) -> Outcomes:
        """How many samples each, both or neither got right."""
        return outcomes(self.pair)

    @property
    def jaccard(self) -> Jaccard:
        """How alike the error sets are."""
        return jaccard(self.pair)

    @property
    def jaccard_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the index; None where nobody errs."""
        one = self.jaccard
        if not one.union:
            return None
        low, high = ErrorOverlap(one.intersection, one.union, len(self.pair), 0.0).bounds(
            SIDE_ALPHA
        )
        return low, high


def comparisons(
    candidate: Predictions | None, references: Mapping[str, Predictions]
) -> tuple[Compared, ...]:
    """Return the candidate with every reference: registered, float, largest, then the others.

    The same artifact on another runtime is left out where there is another reference: nothing
    changed between the two but the runtime, which has its own part of a report.
    """
    if candidate is None:
        return ()
    others = {n: r for n, r in references.items() if not _same_artifact(r, candidate)} or references
    found = [Compared(name, match(other, candidate)) for name, other in others.items()]
    return tuple(sorted(found, key=_place))


def _place(one: Compared) -> int:
    first = (FLOAT, LARGEST)
    if one.is_registered:
        return -1
    return first.index(one.name) if one.name in first else len(first)


def _same_artifact(one: Predictions, other: Predictions) -> bool:
    stated = one.meta.artifact_sha256, other.meta.artifact_sha256
    return None not in stated and stated[0] == stated[1]
