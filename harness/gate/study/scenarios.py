"""What changed from the reference to the candidate, and where the limits stand then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from harness.gate.checks import Check
from harness.gate.study import limits
from harness.gate.study.population import LEVELS, Floats, Model, Population

OVERCONFIDENT = np.array([0.22, 0.45, 0.72, 0.92, 0.99])
"""Right where the model is unsure, 2 to 7 points too high elsewhere."""

BROKEN = np.array([0.40, 0.65, 0.85, 0.95, 0.99])
"""As after a wrong temperature."""

_ALIKE = 0.9
"""How much a candidate shares with its reference that is the same model, rebuilt."""


@dataclass(frozen=True)
class Scenario:
    """One change, and the limits it is held against.

    Attributes:
        name: of the scenario, in a few words.
        words: what changed, for the reader of the table.
        build: the population of C classes.
        limits: `base`: kept by the unchanged model by one margin; `at`: each the true figure
            itself; `beyond`: each missed by one margin.
        stratified: equally many samples of every class; else the classes of a test set are drawn,
            so that some have few samples or none.

    """

    name: str
    words: str
    build: Callable[[int], Population]
    limits: Literal["base", "at", "beyond"] = "base"
    stratified: bool = True

    def truth(self, classes: int) -> dict[str, float]:
        """Return the true value of every metric."""
        return _built(self, classes).figures(limits.lowest(classes))

    def population(self, classes: int) -> Population:
        """Return its population of so many classes."""
        return _built(self, classes)

    def checks(self, classes: int) -> tuple[Check, ...]:
        """Return the gate it is held against."""
        if self.limits == "base":
            unchanged = _unchanged(classes).figures(limits.lowest(classes))
            return limits.checks(limits.moved(unchanged, 1.0), classes)
        by = 0.0 if self.limits == "at" else -1.0
        return limits.checks(limits.moved(self.truth(classes), by), classes)


@cache
def _built(scenario: Scenario, classes: int) -> Population:
    return scenario.build(classes)


def _spread(classes: int, best: float = 0.92, span: float = 0.27) -> Floats:
    """Return class accuracies of which most are near `best` and a few up to `span` below."""
    place = (np.arange(classes) + 0.5) / classes
    return np.asarray(best - span * place**3)


def _unchanged(classes: int) -> Population:
    model = Model(_spread(classes), LEVELS)
    return Population(model, model, _ALIKE)


def _changed(classes: int) -> Population:
    accuracies = _spread(classes)
    return Population(
        Model(accuracies, LEVELS), Model(accuracies - 0.02, OVERCONFIDENT), shared=0.6
    )


def _equal(classes: int) -> Population:
    reference, candidate = np.full(classes, 0.80), np.full(classes, 0.78)
    return Population(Model(reference, LEVELS), Model(candidate, LEVELS), shared=0.6)


def _few_hard(classes: int) -> Population:
    hard = np.arange(classes) < limits.lowest(classes)
    accuracies = np.where(hard, 0.60, 0.90)
    return Population(
        Model(accuracies, LEVELS), Model(accuracies - 0.02, OVERCONFIDENT), shared=0.6
    )


def _few_errors(classes: int) -> Population:
    accuracies = _spread(classes, best=0.966, span=0.02)
    return Population(
        Model(accuracies, LEVELS), Model(accuracies - 0.01, OVERCONFIDENT), shared=0.8
    )


def _destroyed(classes: int) -> Population:
    accuracies = _spread(classes)
    others = accuracies + 0.40 / (classes - 1)
    others[classes // 2] = accuracies[classes // 2] - 0.40
    return Population(Model(accuracies, LEVELS), Model(others, LEVELS), _ALIKE)


def _uncalibrated(classes: int) -> Population:
    accuracies = _spread(classes)
    return Population(Model(accuracies, LEVELS), Model(accuracies, BROKEN), _ALIKE)


def _reshuffled(classes: int) -> Population:
    model = Model(_spread(classes), LEVELS)
    return Population(model, model, shared=0.0)


SCENARIOS = (
    Scenario("no change", "the same model, rebuilt; every limit kept by one margin", _unchanged),
    Scenario(
        "at the limit",
        "2 points lower in every class, overconfident; every limit is the true figure",
        _changed,
        "at",
    ),
    Scenario(
        "at the limit, equal classes",
        "the same where all classes are alike and both models are calibrated: every kink at once",
        _equal,
        "at",
    ),
    Scenario(
        "at the limit, few hard classes",
        "a tenth of the classes 30 points lower; the classes of the test set are drawn",
        _few_hard,
        "at",
        stratified=False,
    ),
    Scenario(
        "at the limit, few errors",
        "accuracy of about 95 %; the classes of the test set are drawn",
        _few_errors,
        "at",
        stratified=False,
    ),
    Scenario(
        "beyond the limit",
        "as at the limit; every limit missed by one margin",
        _changed,
        "beyond",
    ),
    Scenario(
        "one class destroyed",
        "one class 40 points lower, the others raised so that the average is the same",
        _destroyed,
    ),
    Scenario("calibration broken", "the same answers with other confidences", _uncalibrated),
    Scenario("errors reshuffled", "the same accuracies, errors on other samples", _reshuffled),
)
