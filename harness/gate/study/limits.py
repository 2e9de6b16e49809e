"""The checks of the studied gate, and how each limit stands to the truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from harness.gate.checks import Check
from harness.gate.methods.method import LIMIT_TOLERANCE
from harness.gate.metric import METRICS

Standing = Literal["kept", "at", "violated"]
"""How the truth stands to a limit. At the limit it is kept, by nothing."""

MARGINS = {
    "accuracy": 0.02,
    "accuracy_drop": 0.02,
    "class_accuracy": 0.10,
    "class_accuracy_drop": 0.10,
    "bottom_k_accuracy": 0.05,
    "gini": 0.02,
    "ece": 0.02,
    "ece_increase": 0.02,
    "brier_increase": 0.02,
    "global_gap": 0.02,
    "negative_flip_rate": 0.02,
    "jaccard": 0.10,
}
"""How far a limit is from the truth where it is neither at it nor left as it was."""


def lowest(classes: int) -> int:
    """Return how many classes `bottom_k_accuracy` averages: a tenth."""
    return max(1, classes // 10)


def moved(figures: Mapping[str, float], margins: float) -> dict[str, float]:
    """Return limits that `figures` keep by so many margins; negative: violate."""
    return {
        metric: figures[metric] + (margins if METRICS[metric].direction == "<=" else -margins) * one
        for metric, one in MARGINS.items()
    }


def checks(limits: Mapping[str, float], classes: int) -> tuple[Check, ...]:
    """Return one check per metric, each decided on evidence."""
    k = {"bottom_k_accuracy": {"k": lowest(classes)}}
    return tuple(
        Check.model_validate({"metric": metric, "limit": limit} | k.get(metric, {}))
        for metric, limit in limits.items()
    )


def standing(check: Check, truth: float) -> Standing:
    """Return how a true figure stands to the limit of a check."""
    spare = truth - check.limit if check.rule.direction == ">=" else check.limit - truth
    if abs(spare) <= LIMIT_TOLERANCE:
        return "at"
    return "kept" if spare > 0 else "violated"
