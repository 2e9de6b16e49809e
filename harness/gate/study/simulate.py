"""The gate, run on test sets drawn from a scenario, and what came out, counted."""

from __future__ import annotations

import multiprocessing
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.gate.checks import FLOAT, Rules
from harness.gate.decide import Case, decisions
from harness.gate.study import limits
from harness.gate.study.answers import predictions
from harness.gate.study.population import Draw
from harness.gate.study.scenarios import SCENARIOS, Scenario
from harness.gate.verdict import Outcome, combined

SEED = 20240229
_PART = 25
"""Test sets that a worker decides at a time."""
_OUTCOMES = ("pass", "fail", "inconclusive")
_BY_NAME = {one.name: one for one in SCENARIOS}


@dataclass(frozen=True, order=True)
class Cell:
    """Test sets of one kind: the scenario by name, C, n, and how many are drawn."""

    scenario: str
    classes: int
    samples: int
    replicates: int

    @property
    def of(self) -> Scenario:
        """The scenario itself."""
        return _BY_NAME[self.scenario]


@dataclass(frozen=True, eq=False)
class Counts:
    """What the gate said to the test sets of a cell.

    Attributes:
        replicates: how many test sets.
        checks: (K, 3) how often each check passed, failed, was inconclusive, as the gate has it.
        alone: (K,) how often each would have failed as the only check of its gate.
        gate: (3,) how often the gate passed, failed, was inconclusive.
        false_fails: how often a check failed whose limit is kept.

    """

    replicates: int
    checks: NDArray[np.int64]
    alone: NDArray[np.int64]
    gate: NDArray[np.int64]
    false_fails: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.replicates + other.replicates,
            self.checks + other.checks,
            self.alone + other.alone,
            self.gate + other.gate,
            self.false_fails + other.false_fails,
        )


def simulate(cells: Sequence[Cell], workers: int) -> Iterator[tuple[Cell, Counts]]:
    """Yield the counts of each part of each cell as it is done; they add up to those of the cell.

    A test set depends on its cell and number alone, so the sums do not depend on the workers.
    """
    parts = [
        (cell, range(start, min(start + _PART, cell.replicates)))
        for cell in sorted(cells, key=lambda one: one.samples * one.classes, reverse=True)
        for start in range(0, cell.replicates, _PART)
    ]
    if workers == 1:
        yield from ((cell, count(cell, part)) for cell, part in parts)
        return
    spawn = multiprocessing.get_context("spawn")  # forked threads of numpy would hang
    with ProcessPoolExecutor(workers, spawn) as pool:
        yield from _collected(pool, parts)


def _collected(
    pool: Executor, parts: Sequence[tuple[Cell, range]]
) -> Iterator[tuple[Cell, Counts]]:
    running = {pool.submit(count, cell, part): cell for cell, part in parts}
    try:
        for done in as_completed(running):
            yield running[done], done.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def count(cell: Cell, numbers: range) -> Counts:
    """Return what the gate says to the test sets of a cell with these numbers."""
    gate, truth = cell.of.checks(cell.classes), cell.of.truth(cell.classes)
    kept = [limits.standing(one, truth[one.metric]) != "violated" for one in gate]
    found = [decisions(gate, _case(cell, number), Rules()) for number in numbers]
    outcomes = [[one.outcome for one in each] for each in found]
    fails = np.array([[one == "fail" for one in each] for each in outcomes])
    alone = [[one.outcome == "fail" or one.held_back for one in each] for each in found]
    return Counts(
        replicates=len(numbers),
        checks=np.sum([[_counted(one) for one in each] for each in outcomes], axis=0),
        alone=np.sum(alone, axis=0),
        gate=np.sum([_counted(combined(each)) for each in outcomes], axis=0),
        false_fails=int((fails & kept).any(axis=1).sum()),
    )


def _case(cell: Cell, number: int) -> Case:
    reference, candidate = predictions(_drawn(cell, number), cell.classes)
    return Case(candidate, {FLOAT: reference})


def _drawn(cell: Cell, number: int) -> Draw:
    scenario = zlib.crc32(cell.scenario.encode())
    source = np.random.default_rng((SEED, scenario, cell.classes, cell.samples, number))
    share = np.full(cell.classes, 1 / cell.classes)
    sizes = np.full(cell.classes, cell.samples // cell.classes)
    if not cell.of.stratified:
        sizes = source.multinomial(cell.samples, share)
    return cell.of.population(cell.classes).draw(sizes, source)


def _counted(outcome: Outcome) -> list[int]:
    return [int(outcome == one) for one in _OUTCOMES]
