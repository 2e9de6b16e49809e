"""How alike the error sets of a pair are; an error set is the samples a model gets wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.comparison.differences import outcomes
from harness.comparison.pair import Pair

_SAME = 1e-12
"""Two Jaccard values nearer than this differ by rounding alone."""


@dataclass(frozen=True)
class Jaccard:
    """How alike two error sets R and C are, between chance and containment.

    Attributes:
        value: J = |R n C| / |R u C|; 1 when both are empty.
        intersection: samples both get wrong.
        union: samples at least one gets wrong.
        independent: J when errors are independent within each class: E / (|R| + |C| - E) with
            E = sum_c r_c c_c / n_c over the classes' errors and sizes.
        independent_global: the same with one class, E = |R| |C| / n; equals
            eR eC / (eR + eC - eR eC) of the error rates. It is too low where some classes are
            hard for every model.
        containment: the highest J these error counts allow, min / max; 1 when both are empty.
        position: (J - independent) / (containment - independent); None where the two coincide
            (an empty error set; every sample of the classes with errors wrong).

    """

    value: float
    intersection: int
    union: int
    independent: float
    independent_global: float
    containment: float
    position: float | None


def jaccard(pair: Pair) -> Jaccard:
    """Return the Jaccard index of the two error sets beside its reference values."""
    reference, candidate = _class_errors(pair)
    counts = np.bincount(pair.candidate.labels, minlength=pair.candidate.classes)
    errors = (int(reference.sum()), int(candidate.sum()))
    present = counts > 0
    by_class = float((reference[present] * candidate[present] / counts[present]).sum())
    table = outcomes(pair)
    union = len(pair) - table.both_right
    value = table.both_wrong / union if union else 1.0
    chance = _overlap(by_class, errors)
    most = _overlap(min(errors), errors)
    apart = most - chance > _SAME
    return Jaccard(
        value=value,
        intersection=table.both_wrong,
        union=union,
        independent=chance,
        independent_global=_overlap(errors[0] * errors[1] / len(pair), errors),
        containment=most,
        position=(value - chance) / (most - chance) if apart else None,
    )


def _overlap(intersection: float, errors: tuple[int, int]) -> float:
    union = sum(errors) - intersection
    return intersection / union if union else 1.0


def _class_errors(pair: Pair) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    labels, classes = pair.candidate.labels, pair.candidate.classes
    return (
        np.bincount(labels[~pair.reference_correct], minlength=classes),
        np.bincount(labels[~pair.candidate_correct], minlength=classes),
    )
