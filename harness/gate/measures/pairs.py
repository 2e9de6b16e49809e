"""Measures of the candidate against its reference, sample by sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from harness import comparison
from harness.comparison import Jaccard, match
from harness.errors import PredictionsError
from harness.gate.measures.asked import Asked, Measured
from harness.gate.methods.error_overlap import ErrorOverlap
from harness.gate.methods.mismatches import Mismatches
from harness.gate.methods.paired_drop import PairedDrop
from harness.gate.methods.proportion import Proportion
from harness.predictions import Predictions


def accuracy_drop(asked: Asked) -> Measured:
    """Accuracy of the reference minus that of the candidate."""
    table, n = comparison.outcomes(asked.pair), len(asked.pair)
    method = PairedDrop(table.negative_flips, table.positive_flips, n, asked.check.limit)
    return Measured(comparison.accuracy_drop(asked.pair), n, method=method)


def negative_flip_rate(asked: Asked) -> Measured:
    """Share of samples the reference gets right and the candidate wrong."""
    flips, n = comparison.outcomes(asked.pair).negative_flips, len(asked.pair)
    return Measured(flips / n, n, method=Proportion(flips, n, asked.check.limit, "<="))


def jaccard(asked: Asked) -> Measured:
    """Jaccard index of the error sets; 1 by convention, and said so, where both are empty."""
    index = comparison.jaccard(asked.pair)
    method = ErrorOverlap(index.intersection, index.union, len(asked.pair), asked.check.limit)
    if not index.union:
        return Measured(1.0, 0, " (by convention: neither makes an error)", method=method)
    baselines = overlap_baselines(index, asked.reference_seeds)
    return Measured(index.value, index.union, _placed(baselines), "", method, baselines=baselines)


def overlap_baselines(index: Jaccard, seeds: Sequence[Predictions]) -> dict[str, float]:
    """Return what a Jaccard index is read beside: chance, the most possible, other seeds."""
    found = {
        "independent": index.independent,
        "containment": index.containment,
        "position": index.position,
        "cross_seed": cross_seed(seeds),
    }
    return {name: value for name, value in found.items() if value is not None}


def cross_seed(seeds: Sequence[Predictions]) -> float | None:
    """Return the mean Jaccard index over the pairs of one model's seeds; None with one seed."""
    values = [
        comparison.jaccard(match(one, other)).value
        for place, one in enumerate(seeds)
        for other in seeds[place + 1 :]
    ]
    return float(np.mean(values)) if values else None


def _placed(baselines: Mapping[str, float]) -> str:
    chance, most = baselines["independent"], baselines["containment"]
    others = baselines.get("cross_seed")
    seeds = "" if others is None else f", two seeds of the reference: {others:.2f}"
    return f" (by chance within classes: {chance:.2f}, at most possible: {most:.2f}{seeds})"


def parity(asked: Asked) -> Measured:
    """Share of samples of which any score differs, of one artifact on two runtimes.

    Where only a part of the candidate's samples was compared, the share among all is bounded.
    """
    stated = [one.meta.artifact_sha256 for one in (asked.pair.reference, asked.candidate)]
    if None not in stated and len(set(stated)) > 1:
        raise PredictionsError(
            f"check {asked.check.title!r} compares two different artifacts, "
            f"{stated[0]} and {stated[1]}; parity is about one file on two runtimes"
        )
    count, n = comparison.mismatches(asked.pair), len(asked.pair)
    method = Mismatches(count, n, len(asked.candidate), asked.check.limit)
    part = "" if method.exact else " drawn at random"
    detail = f" ({count} of {n}{part})"
    return Measured(count / n, n, detail, method=method, certain=method.exact)
