"""Two Predictions of the same samples, brought together by sample id."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import PredictionsError
from harness.predictions import Predictions


@dataclass(frozen=True, eq=False)
class Pair:
    """A reference and a candidate that answered the same samples; made by `match`."""

    reference: Predictions
    candidate: Predictions
    order: NDArray[np.int64] | None
    """(N,) where each sample of the candidate stands in the reference; None: in the same place."""

    def __len__(self) -> int:
        return len(self.candidate)

    def of_reference(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return a per-sample array of the reference in the candidate's order."""
        return values if self.order is None else values[self.order]

    @cached_property
    def reference_correct(self) -> NDArray[np.bool_]:
        """(N,) whether the reference is right, in the candidate's order."""
        return self.of_reference(self.reference.correct)

    @property
    def candidate_correct(self) -> NDArray[np.bool_]:
        """(N,) whether the candidate is right."""
        return self.candidate.correct

    @property
    def class_names(self) -> tuple[str, ...]:
        """The candidate's class names, else the reference's, else the class numbers."""
        named = self.candidate.meta.class_names or self.reference.meta.class_names
        return named or self.candidate.class_names


def match(reference: Predictions, candidate: Predictions) -> Pair:
    """Return the pair, matched by sample id; the same ids in another order are reordered.

    Raises:
        PredictionsError: another number of classes, other data digests where both state one, other
            sets of ids, or a sample with two different labels.

    """
    if reference.classes != candidate.classes:
        raise PredictionsError(
            f"the reference has {reference.classes} classes and the candidate {candidate.classes}; "
            "compare models of the same task"
        )
    _check_digests(reference.meta.data_digest, candidate.meta.data_digest)
    pair = Pair(reference, candidate, _order(reference.ids, candidate.ids))
    _check_labels(pair)
    return pair


def _check_digests(reference: str | None, candidate: str | None) -> None:
    if reference and candidate and reference != candidate:
        raise PredictionsError(
            f"the data differ: the reference answered {reference[:12]}..., the candidate "
            f"{candidate[:12]}...; evaluate both on the same split"
        )


def _order(
    reference: NDArray[np.generic], candidate: NDArray[np.generic]
) -> NDArray[np.int64] | None:
    if np.array_equal(reference, candidate):
        return None
    by_reference = np.argsort(reference, kind="stable")
    by_candidate = np.argsort(candidate, kind="stable")
    if not np.array_equal(reference[by_reference], candidate[by_candidate]):
        raise PredictionsError(_other_ids(reference, candidate))
    order = np.empty(len(candidate), dtype=np.int64)
    order[by_candidate] = by_reference
    return order


def _other_ids(reference: NDArray[np.generic], candidate: NDArray[np.generic]) -> str:
    kinds = ["text" if ids.dtype.kind == "U" else "numbers" for ids in (reference, candidate)]
    if kinds[0] != kinds[1]:
        return f"the sample ids of the reference are {kinds[0]}, those of the candidate {kinds[1]}"
    lost, new = np.setdiff1d(reference, candidate), np.setdiff1d(candidate, reference)
    example = (lost if len(lost) else new)[0]
    return (
        f"the samples differ: {len(lost)} ids are only in the reference and {len(new)} only in the "
        f"candidate, such as {str(example)!r}; evaluate both on the same split"
    )


def _check_labels(pair: Pair) -> None:
    reference = pair.of_reference(pair.reference.labels)
    differs = np.flatnonzero(reference != pair.candidate.labels)
    if len(differs):
        first = int(differs[0])
        raise PredictionsError(
            f"{len(differs)} samples have two labels, such as {str(pair.candidate.ids[first])!r}: "
            f"{reference[first]} in the reference, {pair.candidate.labels[first]} in the candidate"
        )
