from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.comparison import ece_increase, match
from harness.gate.methods.calibration_increase import EceIncrease
from tests.harness.made import drawn

Arrays = tuple[NDArray[np.float64], NDArray[np.float64]]
Answers = tuple[NDArray[np.bool_], NDArray[np.bool_]]


def paired(n: int, gaps: tuple[float, float], rng: np.random.Generator) -> tuple[Arrays, Answers]:
    """Return two models of nearly the same answers, overconfident by `gaps`."""
    confidence, luck = 0.4 + 0.55 * rng.random(n), rng.random(n)
    other = np.clip(confidence + 0.01 * rng.standard_normal(n), 0.3, 0.99)
    moved = np.where(rng.random(n) < 0.1, rng.random(n), luck)
    return (confidence, other), (luck < confidence - gaps[0], moved < other - gaps[1])


def rates(methods: list[EceIncrease]) -> tuple[float, float]:
    decided = [(one.complies(0.05), one.violates(0.05)) for one in methods]
    passed, failed = np.mean(decided, axis=0)
    return float(passed), float(failed)


def test_the_estimate_is_that_of_the_comparison() -> None:
    pair = match(drawn(900, 5, seed=1, skill=3.0), drawn(900, 5, seed=2))
    method = EceIncrease.of(
        (pair.reference.confidence, pair.candidate.confidence),
        (pair.reference_correct, pair.candidate_correct),
        0.01,
    )
    assert method.estimate == pytest.approx(ece_increase(pair), abs=1e-12)
    assert method.n == 900


def test_a_calibrated_reference_and_a_candidate_on_the_margin_pass_seldom() -> None:
    # The plain difference is too small by the reference's bias: it passes more often than not.
    rng = np.random.default_rng(1)
    methods = [EceIncrease.of(*paired(3000, (0.0, 0.03), rng), limit=0.03) for _ in range(50)]
    assert np.mean([one.estimate for one in methods]) < 0.027
    passed, failed = rates(methods)
    assert passed <= 0.1
    assert failed <= 0.1


def test_a_candidate_that_became_calibrated_fails_seldom_on_the_margin() -> None:
    rng = np.random.default_rng(2)
    methods = [EceIncrease.of(*paired(3000, (0.03, 0.0), rng), limit=-0.03) for _ in range(50)]
    assert np.mean([one.estimate for one in methods]) > -0.027
    passed, failed = rates(methods)
    assert passed <= 0.1
    assert failed <= 0.1


def test_a_ruined_calibration_fails_and_an_unchanged_one_passes() -> None:
    rng = np.random.default_rng(3)
    ruined = EceIncrease.of(*paired(10000, (0.02, 0.12), rng), limit=0.02)
    unchanged = EceIncrease.of(*paired(20000, (0.05, 0.05), rng), limit=0.03)
    assert (ruined.complies(0.05), ruined.violates(0.05)) == (False, True)
    assert (unchanged.complies(0.05), unchanged.violates(0.05)) == (True, False)


def test_bounds_widen_with_the_confidence_and_decide() -> None:
    confidence, correct = paired(2000, (0.0, 0.1), np.random.default_rng(4))
    method = EceIncrease.of(confidence, correct, 0.0)
    lowers, uppers = zip(
        *(method.bounds(level) for level in (0.2, 0.05, 0.003, 1e-4, 1e-6)), strict=True
    )
    assert list(lowers) == sorted(lowers, reverse=True)
    assert list(uppers) == sorted(uppers)
    lower, upper = method.bounds(0.05)
    assert EceIncrease.of(confidence, correct, upper).complies(0.05)
    assert not EceIncrease.of(confidence, correct, upper - 1e-6).complies(0.05)
    assert EceIncrease.of(confidence, correct, lower - 1e-6).violates(0.05)
    assert not EceIncrease.of(confidence, correct, lower).violates(0.05)


@pytest.mark.parametrize("n", [1, 50])
def test_certain_and_right_twice_has_bounds_that_do_not_collapse(n: int) -> None:
    sure, right = np.ones(n), np.ones(n, dtype=bool)
    method = EceIncrease.of((sure, sure), (right, right), 0.0)
    lower, upper = method.bounds(0.05)
    assert method.estimate == 0
    assert -1 <= lower < 0 < upper <= 1
    assert not method.complies(0.05)
    assert not method.violates(0.05)


def test_right_and_certain_against_wrong_and_certain_violates() -> None:
    sure, right = np.ones(50), np.ones(50, dtype=bool)
    method = EceIncrease.of((sure, sure), (right, ~right), 0.1)
    assert method.estimate == 1
    assert method.violates(0.05)


def test_the_samples_it_asks_for_decide_it() -> None:
    rng = np.random.default_rng(5)
    needed = EceIncrease.of(*paired(50000, (0.04, 0.04), rng), limit=0.03).samples_needed(0.05)
    assert needed is not None
    methods = [EceIncrease.of(*paired(needed, (0.04, 0.04), rng), limit=0.03) for _ in range(20)]
    assert rates(methods)[0] >= 0.6


def test_no_number_of_samples_settles_a_value_on_the_margin() -> None:
    sure, right = np.ones(50), np.ones(50, dtype=bool)
    assert EceIncrease.of((sure, sure), (right, right), 0.0).samples_needed(0.05) is None
