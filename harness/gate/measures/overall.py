"""Measures of all samples of the candidate together."""

from __future__ import annotations

from harness import metrics
from harness.gate.measures.asked import Asked, Measured
from harness.gate.methods.proportion import Proportion


def accuracy(asked: Asked) -> Measured:
    """Share of right answers."""
    right, n = int(asked.candidate.correct.sum()), len(asked.candidate)
    method = Proportion(right, n, asked.check.limit)
    return Measured(metrics.accuracy(asked.candidate), n, method=method)


def top5_accuracy(asked: Asked) -> Measured:
    """Share of labels among the 5 highest scores; undefined for 5 classes or fewer."""
    value, n = metrics.top_k_accuracy(asked.candidate, 5), len(asked.candidate)
    if value is None:
        return Measured(None, n, gap=f"top-5 of {asked.candidate.classes} classes is always 1")
    return Measured(value, n, method=Proportion(round(value * n), n, asked.check.limit))
