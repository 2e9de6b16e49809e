"""What changed from reference to candidate: flips, accuracy, calibration, scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.comparison.pair import Pair
from harness.metrics import class_accuracy, ece


@dataclass(frozen=True)
class Outcomes:
    """The 2 x 2 table of a pair, as McNemar's test takes it; the four add up to all samples."""

    both_right: int
    negative_flips: int
    """Right in the reference, wrong in the candidate."""
    positive_flips: int
    """Wrong in the reference, right in the candidate."""
    both_wrong: int


def outcomes(pair: Pair) -> Outcomes:
    """Return how many samples each, both or neither of the two got right."""
    codes = 2 * pair.reference_correct.astype(np.int64) + pair.candidate_correct
    neither, gained, lost, both = np.bincount(codes, minlength=4).tolist()
    return Outcomes(both, lost, gained, neither)


def class_difference(pair: Pair) -> NDArray[np.float64]:
    """Return (C,) candidate minus reference class accuracy; NaN for a class without a sample."""
    return class_accuracy(pair.candidate) - class_accuracy(pair.reference)


def accuracy_drop(pair: Pair) -> float:
    """Return reference minus candidate accuracy, in [-1, 1]; above 0 the candidate is worse."""
    table = outcomes(pair)
    return (table.negative_flips - table.positive_flips) / len(pair)


def ece_increase(pair: Pair) -> float:
    """Return candidate minus reference ECE, in [-1, 1]; above 0 the candidate is worse."""
    return ece(pair.candidate) - ece(pair.reference)


def agreement(pair: Pair) -> float:
    """Return the share of samples for which both predict the same class, right or wrong."""
    same = pair.of_reference(pair.reference.predicted) == pair.candidate.predicted
    return int(np.count_nonzero(same)) / len(pair)


def mismatches(pair: Pair) -> int:
    """Return the number of samples of which any score differs at all.

    For two runtimes of one int8 file this counts the samples whose output bytes differ, since
    dequantization gives different scores for different bytes.
    """
    differs = pair.of_reference(pair.reference.scores) != pair.candidate.scores
    return int(np.count_nonzero(differs.any(axis=1)))


def largest_score_difference(pair: Pair) -> float | None:
    """Return the largest |difference| of a score; None where one file has logits, one not."""
    if pair.reference.meta.kind != pair.candidate.meta.kind:
        return None
    difference = pair.of_reference(pair.reference.scores) - pair.candidate.scores
    return float(np.abs(difference).max())
