"""Which test sets are drawn, and how many of each."""

from __future__ import annotations

from harness.gate.study.scenarios import SCENARIOS, Scenario
from harness.gate.study.simulate import Cell

CLASSES = (10, 100, 1000)
SAMPLES = (300, 1000, 3000, 10_000, 30_000)
_MANY_CLASSES = 1000
_MANY_SAMPLES = 10_000


def full() -> tuple[Cell, ...]:
    """Return every cell; most test sets where errors are most likely and a decision is quick."""
    return tuple(
        Cell(scenario.name, classes, samples, _replicates(scenario, classes, samples))
        for scenario in SCENARIOS
        for classes in CLASSES
        for samples in SAMPLES
        if samples >= classes or not scenario.stratified
    )


def _replicates(scenario: Scenario, classes: int, samples: int) -> int:
    if scenario.limits != "at":
        return 60 if classes >= _MANY_CLASSES else 120
    if classes >= _MANY_CLASSES:
        return 200
    return 400 if samples >= _MANY_SAMPLES else 800


def quick() -> tuple[Cell, ...]:
    """Return a few small cells of every scenario."""
    return tuple(
        Cell(scenario.name, 10, samples, 100 if scenario.limits == "at" else 40)
        for scenario in SCENARIOS
        for samples in (300, 1000)
    )
