"""The value of each metric a check may name, on one candidate and, where it compares, one pair.

A value that the data do not define is None with a reason. `gap` says what keeps a defined value
from being the whole answer: it can show a violation but never compliance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

from harness import comparison, metrics
from harness.comparison import Pair
from harness.errors import ConfigError, PredictionsError
from harness.gate.checks import Check
from harness.predictions import Predictions

_NAMES_SHOWN = 3


@dataclass(frozen=True)
class Asked:
    """A check, the candidate it is about, and the pair with its reference where it compares."""

    check: Check
    candidate: Predictions
    compared: Pair | None

    @property
    def pair(self) -> Pair:
        """The candidate with the reference; a metric that compares is never asked without."""
        if self.compared is None:
            raise ValueError(f"{self.check.metric} was asked without a reference")
        return self.compared

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names by which a check may call a class."""
        return self.compared.class_names if self.compared else self.candidate.class_names


@dataclass(frozen=True)
class Measured:
    """A metric's value, the samples it rests on, and words for the sentence of the result."""

    value: float | None
    samples: int
    detail: str = ""
    """Follows the metric's phrase, such as the name of the worst class."""
    gap: str = ""
    """Why the value is undefined, or why it is not the whole answer."""


def measure(asked: Asked) -> Measured:
    """Return the value of the check's metric.

    Raises:
        ConfigError: the check names a class that the data do not have.

    """
    module, _, name = asked.check.rule.measure.partition(":")
    function: Callable[[Asked], Measured] = getattr(import_module(module), name)
    return function(asked)


def accuracy(asked: Asked) -> Measured:
    """Share of right answers."""
    return Measured(metrics.accuracy(asked.candidate), len(asked.candidate))


def top5_accuracy(asked: Asked) -> Measured:
    """Share of labels among the 5 highest scores; undefined for 5 classes or fewer."""
    value = metrics.top_k_accuracy(asked.candidate, 5)
    gap = "" if value is not None else f"top-5 of {asked.candidate.classes} classes is always 1"
    return Measured(value, len(asked.candidate), gap=gap)


def accuracy_drop(asked: Asked) -> Measured:
    """Accuracy of the reference minus that of the candidate."""
    return Measured(comparison.accuracy_drop(asked.pair), len(asked.pair))


def class_accuracy(asked: Asked) -> Measured:
    """Accuracy of the worst of the chosen classes."""
    return _worst_class(asked, metrics.class_accuracy(asked.candidate))


def class_accuracy_drop(asked: Asked) -> Measured:
    """Drop of the chosen class that lost most."""
    difference = comparison.class_difference(asked.pair)
    worst = _worst_class(asked, difference)
    value = None if worst.value is None else 0.0 - worst.value
    return Measured(value, worst.samples, worst.detail, worst.gap)


def bottom_k_accuracy(asked: Asked) -> Measured:
    """Mean accuracy of the k lowest classes; a class without samples could only lower it."""
    k = asked.check.k or 1
    values, counts = metrics.class_accuracy(asked.candidate), metrics.class_counts(asked.candidate)
    present = int(np.count_nonzero(counts))
    lowest = np.argsort(values, kind="stable")[:k]
    value = metrics.bottom_k_accuracy(asked.candidate, k)
    if value is None:
        gap = f"{k} classes are asked for, {present} of {len(counts)} have samples"
        return Measured(None, 0, gap=gap)
    return Measured(value, int(counts[lowest].sum()), f" ({k})", _absent(asked, counts))


def gini(asked: Asked) -> Measured:
    """Gini coefficient over all classes; undefined where one has no samples or none is right."""
    absent = _absent(asked, metrics.class_counts(asked.candidate))
    value = None if absent else metrics.class_gini(asked.candidate)
    gap = absent if absent or value is not None else "no answer is right in any class"
    return Measured(value, len(asked.candidate), gap=gap)


def ece(asked: Asked) -> Measured:
    """Calibration error of the candidate."""
    return Measured(metrics.ece(asked.candidate), len(asked.candidate))


def ece_increase(asked: Asked) -> Measured:
    """Candidate minus reference ECE."""
    return Measured(comparison.ece_increase(asked.pair), len(asked.pair))


def global_gap(asked: Asked) -> Measured:
    """|mean confidence - accuracy|."""
    gap = metrics.global_gap(asked.candidate)
    detail = " (overconfident)" if gap > 0 else " (underconfident)" if gap < 0 else ""
    return Measured(abs(gap), len(asked.candidate), detail)


def negative_flip_rate(asked: Asked) -> Measured:
    """Share of samples the reference gets right and the candidate wrong."""
    flips = comparison.outcomes(asked.pair).negative_flips
    return Measured(flips / len(asked.pair), len(asked.pair))


def jaccard(asked: Asked) -> Measured:
    """Jaccard index of the error sets; 1 by convention, and said so, where both are empty."""
    index = comparison.jaccard(asked.pair)
    detail = "" if index.union else " (by convention: neither makes an error)"
    return Measured(index.value, index.union, detail)


def parity(asked: Asked) -> Measured:
    """Share of samples of which any score differs, of one artifact on two runtimes."""
    stated = [one.meta.artifact_sha256 for one in (asked.pair.reference, asked.candidate)]
    if None not in stated and len(set(stated)) > 1:
        raise PredictionsError(
            f"check {asked.check.title!r} compares two different artifacts, "
            f"{stated[0]} and {stated[1]}; parity is about one file on two runtimes"
        )
    count = comparison.mismatches(asked.pair)
    return Measured(count / len(asked.pair), len(asked.pair), f" ({count} of {len(asked.pair)})")


def _worst_class(asked: Asked, values: NDArray[np.float64]) -> Measured:
    """Return the lowest of the chosen classes' values; of equal ones the lowest class number."""
    chosen = _chosen_classes(asked)
    counts = metrics.class_counts(asked.candidate)
    present = chosen[counts[chosen] > 0]
    gap = _absent(asked, counts, chosen)
    if len(present) == 0:
        return Measured(None, 0, gap=gap)
    worst = int(present[np.argmin(values[present])])
    detail = f", {asked.class_names[worst]!r} ({counts[worst]} samples),"
    return Measured(float(values[worst]), int(counts[worst]), detail, gap)


def _chosen_classes(asked: Asked) -> NDArray[np.int64]:
    wanted = asked.check.classes
    if wanted is None:
        return np.arange(asked.candidate.classes)
    found = [_class_index(one, asked) for one in wanted]
    if len(set(found)) != len(found):
        raise ConfigError(f"check {asked.check.title!r} names a class twice")
    return np.array(found, dtype=np.int64)


def _class_index(wanted: int | str, asked: Asked) -> int:
    names = asked.class_names
    if isinstance(wanted, int):
        if 0 <= wanted < len(names):
            return wanted
        known = f"classes are 0 to {len(names) - 1}"
    else:
        if names.count(wanted) == 1:
            return names.index(wanted)
        twins = names.count(wanted) > 1
        known = "several classes have that name, use its number" if twins else _known(names)
    raise ConfigError(f"check {asked.check.title!r}: no class {wanted!r}; {known}")


def _known(names: tuple[str, ...]) -> str:
    listed = ", ".join(names)
    return f"classes are {listed if len(listed) <= 200 else listed[:200] + '...'}"  # noqa: PLR2004  a line


def _absent(
    asked: Asked, counts: NDArray[np.int64], chosen: NDArray[np.int64] | None = None
) -> str:
    """Return which of the chosen classes have no samples, in words; empty where all have."""
    classes = np.arange(len(counts)) if chosen is None else chosen
    names = [asked.class_names[index] for index in classes[counts[classes] == 0]]
    if not names:
        return ""
    shown = ", ".join(repr(name) for name in names[:_NAMES_SHOWN])
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"the data have no samples of class {shown}{more}"
