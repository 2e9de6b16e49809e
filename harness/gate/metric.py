"""The metrics a check may name: which way each must point, its unit, range and options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal[">=", "<="]
Unit = Literal["percent", "points", "plain"]
"""How a value is printed: 0.912 as 91.20 %, 0.012 as 1.20 points, or as 0.9120."""


@dataclass(frozen=True)
class Metric:
    """What a check of this metric means.

    Attributes:
        measure: `module:function`, imported when a check is judged.
        direction: `>=` where the value must be at least the limit, `<=` where at most.
        phrase: how the sentence of a result begins.
        unit: how values are printed.
        lowest: the lowest limit that makes sense.
        highest: the highest limit that makes sense.
        compares: whether it needs a reference.
        reference: what it compares with where the check names nothing.
        options: keys of a check that belong to this metric, beside those every check has.
        required: those of the options that have no default.
        method: how the value is computed, with the direction of its bias where it has one.

    """

    measure: str
    direction: Direction
    phrase: str
    unit: Unit = "percent"
    lowest: float = 0.0
    highest: float = 1.0
    compares: bool = False
    reference: str = "float"
    options: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    method: str = "point estimate"


_HERE = "harness.gate.measurements"
_BIASED = "point estimate; small classes make it read worse than it is"
_ECE = "point estimate, 15 equal-width bins; few samples make it read worse than it is"

METRICS: dict[str, Metric] = {
    "accuracy": Metric(f"{_HERE}:accuracy", ">=", "Accuracy"),
    "top5_accuracy": Metric(f"{_HERE}:top5_accuracy", ">=", "Top-5 accuracy"),
    "accuracy_drop": Metric(
        f"{_HERE}:accuracy_drop", "<=", "The drop in accuracy", "points", -1.0, compares=True
    ),
    "class_accuracy": Metric(
        f"{_HERE}:class_accuracy",
        ">=",
        "Accuracy of the worst class",
        options=("classes",),
        method=_BIASED,
    ),
    "class_accuracy_drop": Metric(
        f"{_HERE}:class_accuracy_drop",
        "<=",
        "The largest drop in the accuracy of a class",
        "points",
        -1.0,
        compares=True,
        options=("classes",),
        method=_BIASED,
    ),
    "bottom_k_accuracy": Metric(
        f"{_HERE}:bottom_k_accuracy",
        ">=",
        "Mean accuracy of the lowest classes",
        options=("k",),
        required=("k",),
        method=_BIASED,
    ),
    "gini": Metric(
        f"{_HERE}:gini", "<=", "Gini coefficient of the class accuracies", "plain", method=_BIASED
    ),
    "ece": Metric(f"{_HERE}:ece", "<=", "Calibration error (ECE)", "plain", method=_ECE),
    "ece_increase": Metric(
        f"{_HERE}:ece_increase",
        "<=",
        "The increase in calibration error (ECE)",
        "plain",
        -1.0,
        compares=True,
        method=_ECE,
    ),
    "global_gap": Metric(
        f"{_HERE}:global_gap", "<=", "The gap between mean confidence and accuracy", "points"
    ),
    "negative_flip_rate": Metric(
        f"{_HERE}:negative_flip_rate",
        "<=",
        "The share of samples that turned from right to wrong",
        compares=True,
    ),
    "jaccard": Metric(
        f"{_HERE}:jaccard", ">=", "The Jaccard index of the two error sets", "plain", compares=True
    ),
    "parity": Metric(
        f"{_HERE}:parity",
        "<=",
        "The share of samples whose scores differ",
        compares=True,
        reference="tflm",
        method="every score compared, exactly",
    ),
}
"""Every metric a check may name."""
