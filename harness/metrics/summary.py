"""Every metric of one Predictions file in one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from harness.metrics.accuracies import (
    accuracy,
    bottom_k_accuracy,
    class_accuracy,
    class_counts,
    class_gini,
    top_k_accuracy,
    top_k_class_accuracy,
)
from harness.metrics.calibration import (
    ReliabilityBin,
    confidence_where,
    ece,
    global_gap,
    mean_confidence,
    reliability_bins,
)
from harness.predictions import Predictions

GROUP_SIZES = (5, 10, 20)
"""How many of the lowest and of the highest classes are averaged."""


@dataclass(frozen=True)
class Summary:
    """What `summarize` returns; a figure that the data do not define is None, never 0 or NaN.

    Attributes:
        samples: number of samples.
        classes: number of classes, including those without a sample.
        accuracy: share of right answers.
        top5_accuracy: share of labels among the 5 highest scores; None for 5 classes or fewer.
        class_names: (C,) names, or numbers as text.
        class_counts: (C,) samples per class.
        class_accuracy: (C,) accuracy per class; None for a class without a sample.
        bottom_k_accuracy: for k = 5, 10, 20 the mean of the k lowest class accuracies.
        top_k_class_accuracy: for k = 5, 10, 20 the mean of the k highest class accuracies.
        gini: Gini coefficient of the class accuracies.
        ece: expected calibration error, 15 bins.
        global_gap: mean confidence minus accuracy.
        confidence: mean confidence.
        confidence_correct: mean confidence of the right answers.
        confidence_wrong: mean confidence of the wrong answers.
        bins: the 15 reliability bins.

    """

    samples: int
    classes: int
    accuracy: float
    top5_accuracy: float | None
    class_names: tuple[str, ...]
    class_counts: tuple[int, ...]
    class_accuracy: tuple[float | None, ...]
    bottom_k_accuracy: Mapping[int, float | None]
    top_k_class_accuracy: Mapping[int, float | None]
    gini: float | None
    ece: float
    global_gap: float
    confidence: float
    confidence_correct: float | None
    confidence_wrong: float | None
    bins: tuple[ReliabilityBin, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain dicts, lists and numbers for `json.dumps`; undefined figures are None."""
        content = asdict(self)
        for name in ("bottom_k_accuracy", "top_k_class_accuracy"):
            content[name] = {str(k): value for k, value in content[name].items()}
        return {key: list(one) if isinstance(one, tuple) else one for key, one in content.items()}

    def scalars(self) -> dict[str, float]:
        """Return every defined single figure by a stable flat name, as a tracker logs it."""
        figures: dict[str, float | None] = {
            name: getattr(self, name)
            for name in (
                "accuracy",
                "top5_accuracy",
                "gini",
                "ece",
                "global_gap",
                "confidence",
                "confidence_correct",
                "confidence_wrong",
            )
        }
        figures |= {f"bottom_{k}_accuracy": one for k, one in self.bottom_k_accuracy.items()}
        figures |= {f"top_{k}_class_accuracy": one for k, one in self.top_k_class_accuracy.items()}
        return {name: value for name, value in figures.items() if value is not None}


def summarize(predictions: Predictions) -> Summary:
    """Return every metric of `predictions`."""
    classes = class_accuracy(predictions)
    return Summary(
        samples=len(predictions),
        classes=predictions.classes,
        accuracy=accuracy(predictions),
        top5_accuracy=top_k_accuracy(predictions, 5),
        class_names=predictions.class_names,
        class_counts=tuple(class_counts(predictions).tolist()),
        class_accuracy=tuple(None if np.isnan(one) else float(one) for one in classes),
        bottom_k_accuracy={k: bottom_k_accuracy(predictions, k) for k in GROUP_SIZES},
        top_k_class_accuracy={k: top_k_class_accuracy(predictions, k) for k in GROUP_SIZES},
        gini=class_gini(predictions),
        ece=ece(predictions),
        global_gap=global_gap(predictions),
        confidence=mean_confidence(predictions),
        confidence_correct=confidence_where(predictions, correct=True),
        confidence_wrong=confidence_where(predictions, correct=False),
        bins=reliability_bins(predictions),
    )
