"""The metrics a check may name: which way each must point, its unit, range and options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal[">=", "<="]
Unit = Literal["percent", "points", "plain", "bytes", "whole"]
"""How a value is printed: 0.912 as 91.20 %, 0.012 as 1.20 points, or as 0.9120; 48000 as 48,000,
with or without the word bytes."""


@dataclass(frozen=True)
class Metric:
    """What a check of this metric means.

    Attributes:
        measure: `module:function` in `measures/`, imported when a check is judged.
        direction: `>=` where the value must be at least the limit, `<=` where at most.
        phrase: how the sentence of a result begins.
        unit: how values are printed.
        lowest: the lowest limit that makes sense.
        highest: the highest limit that makes sense.
        compares: whether it needs a reference.
        reference: what it compares with where the check names nothing.
        options: keys of a check that belong to this metric, beside those every check has.
        required: those of the options that have no default.
        perfect: the limit that only a flawless truth keeps: no sample is evidence of that.
        margin: whether the limit is a margin, of which 0 hardly ever is shown to be kept.
        exact: whether the value is a count of what was measured, free of chance.
        recipe: whether a method exists over seeds, for `claim = "recipe"`.
        bias: which way the value itself errs, where it does.

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
    perfect: float | None = None
    margin: bool = False
    exact: bool = False
    recipe: bool = False
    bias: str = ""


_SMALL_CLASSES = "small classes make it read worse than it is"
_FEW_SAMPLES = "few samples make it read worse than it is"
_MOST = 2.0**40

METRICS: dict[str, Metric] = {
    "accuracy": Metric("overall:accuracy", ">=", "Accuracy", perfect=1.0, recipe=True),
    "top5_accuracy": Metric("overall:top5_accuracy", ">=", "Top-5 accuracy", perfect=1.0),
    "accuracy_drop": Metric(
        "pairs:accuracy_drop",
        "<=",
        "The drop in accuracy",
        "points",
        -1.0,
        compares=True,
        margin=True,
        recipe=True,
    ),
    "class_accuracy": Metric(
        "classes:class_accuracy",
        ">=",
        "Accuracy of the worst class",
        options=("classes",),
        perfect=1.0,
        bias=_SMALL_CLASSES,
    ),
    "class_accuracy_drop": Metric(
        "classes:class_accuracy_drop",
        "<=",
        "The largest drop in the accuracy of a class",
        "points",
        -1.0,
        compares=True,
        options=("classes",),
        margin=True,
        bias=_SMALL_CLASSES,
    ),
    "bottom_k_accuracy": Metric(
        "classes:bottom_k_accuracy",
        ">=",
        "Mean accuracy of the lowest classes",
        options=("k",),
        required=("k",),
        perfect=1.0,
        bias=_SMALL_CLASSES,
    ),
    "gini": Metric(
        "classes:gini",
        "<=",
        "Gini coefficient of the class accuracies",
        "plain",
        perfect=0.0,
        bias=_SMALL_CLASSES,
    ),
    "ece": Metric(
        "calibration:ece", "<=", "Calibration error (ECE)", "plain", perfect=0.0, bias=_FEW_SAMPLES
    ),
    "ece_increase": Metric(
        "calibration:ece_increase",
        "<=",
        "The increase in calibration error (ECE)",
        "plain",
        -1.0,
        compares=True,
        margin=True,
        bias=_FEW_SAMPLES,
    ),
    "brier_increase": Metric(
        "calibration:brier_increase",
        "<=",
        "The increase in the Brier score",
        "plain",
        -2.0,
        2.0,
        compares=True,
        margin=True,
    ),
    "global_gap": Metric(
        "calibration:global_gap",
        "<=",
        "The gap between mean confidence and accuracy",
        "points",
        perfect=0.0,
    ),
    "negative_flip_rate": Metric(
        "pairs:negative_flip_rate",
        "<=",
        "The share of samples that turned from right to wrong",
        compares=True,
        perfect=0.0,
        recipe=True,
    ),
    "jaccard": Metric(
        "pairs:jaccard",
        ">=",
        "The Jaccard index of the two error sets",
        "plain",
        compares=True,
        perfect=1.0,
        recipe=True,
    ),
    "parity": Metric(
        "pairs:parity",
        "<=",
        "The share of samples whose scores differ",
        compares=True,
        reference="tflm",
        exact=True,
    ),
    "flash_bytes": Metric("fit:flash_bytes", "<=", "Flash", "bytes", highest=_MOST, exact=True),
    "ram_bytes": Metric("fit:ram_bytes", "<=", "RAM", "bytes", highest=_MOST, exact=True),
    "cycles": Metric(
        "fit:cycles", "<=", "The count of an inference", "whole", highest=_MOST, exact=True
    ),
}
"""Every metric a check may name."""
