"""Calibration against size: ECE, the global gap, confidence on right and wrong, reliability."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.metrics import ReliabilityBin, Summary
from harness.scaling.sweep import Group, Sweep


@dataclass(frozen=True)
class Calibration:
    """One size's calibration; means over seeds.

    A low ECE can come of a mean confidence that meets the mean accuracy, so the global gap and the
    bins stand beside it.

    Attributes:
        size: its name.
        parameters: N.
        accuracy: share of right answers.
        ece, ece_std: expected calibration error, 15 bins; sample standard deviation over seeds,
            None for one.
        global_gap: mean confidence minus accuracy; above 0 is overconfident.
        confidence: mean confidence.
        confidence_correct, confidence_wrong: over right and over wrong answers; None where some
            model has none.
        bins: reliability over the answers of all seeds together. The ECE of these pooled bins is
            not the mean ECE.

    """

    size: str
    parameters: int
    accuracy: float
    ece: float
    ece_std: float | None
    global_gap: float
    confidence: float
    confidence_correct: float | None
    confidence_wrong: float | None
    bins: tuple[ReliabilityBin, ...]


def calibrations(sweep: Sweep) -> tuple[Calibration, ...]:
    """Return the calibration of every size, in the order of the sweep."""
    return tuple(calibration(group) for group in sweep.groups)


def calibration(group: Group) -> Calibration:
    """Return the calibration of one size."""
    summaries = [run.summary for run in group.runs]
    eces = [one.ece for one in summaries]
    return Calibration(
        size=group.name,
        parameters=group.size.parameters,
        accuracy=float(np.mean([one.accuracy for one in summaries])),
        ece=float(np.mean(eces)),
        ece_std=float(np.std(eces, ddof=1)) if len(eces) > 1 else None,
        global_gap=float(np.mean([one.global_gap for one in summaries])),
        confidence=float(np.mean([one.confidence for one in summaries])),
        confidence_correct=_mean([one.confidence_correct for one in summaries]),
        confidence_wrong=_mean([one.confidence_wrong for one in summaries]),
        bins=_pooled(summaries),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if len(known) == len(values) else None


def _pooled(summaries: Sequence[Summary]) -> tuple[ReliabilityBin, ...]:
    return tuple(_together(some) for some in zip(*(one.bins for one in summaries), strict=True))


def _together(bins: Sequence[ReliabilityBin]) -> ReliabilityBin:
    count = sum(one.count for one in bins)
    first = bins[0]
    if count == 0:
        return ReliabilityBin(first.lower, first.upper, 0, None, None)
    return ReliabilityBin(
        first.lower,
        first.upper,
        count,
        sum(one.count * (one.confidence or 0.0) for one in bins) / count,
        sum(one.count * (one.accuracy or 0.0) for one in bins) / count,
    )
