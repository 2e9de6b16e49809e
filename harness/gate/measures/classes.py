"""Measures of the candidate class by class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness import metrics
from harness.gate.measures.asked import Asked, Measured
from harness.gate.measures.chosen import absent_classes, chosen_classes
from harness.gate.methods.bottom_k import BottomK
from harness.gate.methods.class_accuracies import ClassAccuracies
from harness.gate.methods.class_drops import ClassDrops
from harness.gate.methods.class_split import ClassSplit
from harness.gate.methods.gini import Gini
from harness.predictions import Predictions


def class_accuracy(asked: Asked) -> Measured:
    """Accuracy of the worst of the chosen classes."""
    chosen = chosen_classes(asked)
    counts, right = metrics.class_counts(asked.candidate), _right(asked.candidate)
    gap = absent_classes(asked, counts, chosen)
    if not counts[chosen].any():
        return Measured(None, 0, gap=gap)
    method = ClassAccuracies(right[chosen], counts[chosen], asked.check.limit)
    worst = int(chosen[method.worst])
    return Measured(method.estimate, int(counts[worst]), _named(asked, worst, counts), gap, method)


def class_accuracy_drop(asked: Asked) -> Measured:
    """Drop of the chosen class that lost most."""
    chosen, pair = chosen_classes(asked), asked.pair
    counts = metrics.class_counts(asked.candidate)
    gap = absent_classes(asked, counts, chosen)
    if not counts[chosen].any():
        return Measured(None, 0, gap=gap)
    lost = _per_class(asked, pair.reference_correct & ~pair.candidate_correct)
    gained = _per_class(asked, ~pair.reference_correct & pair.candidate_correct)
    method = ClassDrops(lost[chosen], gained[chosen], counts[chosen], asked.check.limit)
    worst = int(chosen[method.worst])
    return Measured(method.estimate, int(counts[worst]), _named(asked, worst, counts), gap, method)


def bottom_k_accuracy(asked: Asked) -> Measured:
    """Mean accuracy of the k lowest classes; a class without samples could only lower it."""
    k, model = asked.check.k or 1, asked.candidate
    values, counts = metrics.class_accuracy(model), metrics.class_counts(model)
    present = int(np.count_nonzero(counts))
    value = metrics.bottom_k_accuracy(model, k)
    if value is None:
        gap = f"{k} classes are asked for, {present} of {len(counts)} have samples"
        return Measured(None, 0, gap=gap)
    lowest = np.argsort(values, kind="stable")[:k]
    method = BottomK(_halved(model), k, asked.check.limit)
    gap = absent_classes(asked, counts)
    return Measured(value, int(counts[lowest].sum()), f" ({k})", gap, method)


def gini(asked: Asked) -> Measured:
    """Gini coefficient over all classes; undefined where one has no samples or none is right."""
    model = asked.candidate
    absent = absent_classes(asked, metrics.class_counts(model))
    value = None if absent else metrics.class_gini(model)
    if value is None:
        gap = absent or "no answer is right in any class"
        return Measured(None, len(model), gap=gap)
    method = Gini(_halved(model), asked.check.limit)
    return Measured(value, len(model), method=method)


def _right(model: Predictions) -> NDArray[np.int64]:
    return np.bincount(model.labels[model.correct], minlength=model.classes)


def _halved(model: Predictions) -> ClassSplit:
    """Return each class in two halves, which depend on the sample ids but not on their order."""
    order = np.argsort(model.ids, kind="stable")
    return ClassSplit.of(model.labels[order], model.correct[order], model.classes)


def _per_class(asked: Asked, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return (C,) how many of the chosen samples, (N,), are of each class."""
    model = asked.candidate
    return np.bincount(model.labels[chosen], minlength=model.classes)


def _named(asked: Asked, worst: int, counts: NDArray[np.int64]) -> str:
    return f", {asked.class_names[worst]!r} ({counts[worst]} samples),"
