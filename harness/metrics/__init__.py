"""Metrics of one Predictions file: accuracy, its spread over classes, calibration."""

from harness.metrics.accuracies import (
    accuracy,
    bottom_k_accuracy,
    class_accuracy,
    class_counts,
    class_gini,
    gini,
    top_k_accuracy,
    top_k_class_accuracy,
)
from harness.metrics.calibration import (
    BINS,
    ReliabilityBin,
    bin_of,
    confidence_where,
    ece,
    global_gap,
    mean_confidence,
    reliability_bins,
)
from harness.metrics.summary import Summary, summarize

__all__ = [
    "BINS",
    "ReliabilityBin",
    "Summary",
    "accuracy",
    "bin_of",
    "bottom_k_accuracy",
    "class_accuracy",
    "class_counts",
    "class_gini",
    "confidence_where",
    "ece",
    "gini",
    "global_gap",
    "mean_confidence",
    "reliability_bins",
    "summarize",
    "top_k_accuracy",
    "top_k_class_accuracy",
]
