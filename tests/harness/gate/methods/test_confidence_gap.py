from __future__ import annotations

import numpy as np
import pytest

from harness.gate.methods.confidence_gap import ConfidenceGap
from harness.metrics import global_gap
from tests.harness.made import drawn


def nearly_right(
    n: int, rng: np.random.Generator, limit: float, confidence: float = 0.9999
) -> ConfidenceGap:
    return ConfidenceGap.of(np.full(n, confidence), rng.random(n) < 0.995, limit)


def test_the_estimate_is_that_of_the_metrics_without_its_sign() -> None:
    made = drawn(1500, 10, seed=5, skill=4.0)
    method = ConfidenceGap.of(made.confidence, made.correct, 0.05)
    assert method.estimate == pytest.approx(abs(global_gap(made)), abs=1e-12)
    assert method.n == 1500


def test_accuracy_near_1_does_not_pass_by_a_width_of_0() -> None:
    # 22 % of the samples hold no error: a z interval is then nearly a point, and passes.
    rng = np.random.default_rng(1)
    methods = [nearly_right(300, rng, 0.0049) for _ in range(300)]
    assert np.mean([one.complies(0.05) for one in methods]) <= 0.08
    assert np.mean([one.violates(0.05) for one in methods]) <= 0.08


@pytest.mark.parametrize("gap", [0.05, -0.05])
def test_a_gap_of_the_limit_passes_and_fails_about_as_often_as_it_may(gap: float) -> None:
    rng = np.random.default_rng(2)
    methods = []
    for _ in range(300):
        rates = 0.4 + 0.5 * rng.random(600)
        methods.append(ConfidenceGap.of(rates + gap, rng.random(600) < rates, 0.05))
    for decided in ("complies", "violates"):
        rate = np.mean([getattr(one, decided)(0.05) for one in methods])
        assert 0.01 <= rate <= 0.08


def test_at_a_limit_of_0_both_sides_together_keep_the_level() -> None:
    # Either side at the full level fails 1 time in 10.
    rng = np.random.default_rng(3)
    methods = []
    for _ in range(500):
        rates = 0.4 + 0.5 * rng.random(500)
        methods.append(ConfidenceGap.of(rates, rng.random(500) < rates, 0.0))
    assert 0.01 <= np.mean([one.violates(0.05) for one in methods]) <= 0.07


def test_a_wide_gap_fails_and_a_narrow_one_passes_on_either_side() -> None:
    rng = np.random.default_rng(4)
    rates = 0.4 + 0.4 * rng.random(5000)
    correct = rng.random(5000) < rates
    for gap in (0.15, -0.15):
        assert ConfidenceGap.of(rates + gap, correct, 0.05).violates(0.05)
    for gap in (0.01, -0.01):
        assert ConfidenceGap.of(rates + gap, correct, 0.05).complies(0.05)


def test_bounds_widen_with_the_confidence_and_decide() -> None:
    rng = np.random.default_rng(5)
    rates = 0.4 + 0.4 * rng.random(2000)
    confidence, correct = rates + 0.1, rng.random(2000) < rates
    method = ConfidenceGap.of(confidence, correct, 0.05)
    bounds = [method.bounds(level) for level in (0.2, 0.05, 0.003, 1e-6)]
    lowers, uppers = zip(*bounds, strict=True)
    assert list(lowers) == sorted(lowers, reverse=True)
    assert list(uppers) == sorted(uppers)
    lower, upper = bounds[1]
    near = 1e-6
    assert ConfidenceGap.of(confidence, correct, upper + near).complies(0.05)
    assert not ConfidenceGap.of(confidence, correct, upper - near).complies(0.05)
    assert ConfidenceGap.of(confidence, correct, lower - near).violates(0.05)
    assert not ConfidenceGap.of(confidence, correct, lower + near).violates(0.05)


@pytest.mark.parametrize(("right", "estimate"), [(True, 0.0), (False, 1.0)])
@pytest.mark.parametrize("n", [1, 200])
def test_certain_answers(right: bool, estimate: float, n: int) -> None:
    method = ConfidenceGap.of(np.ones(n), np.full(n, right), 0.05)
    lower, upper = method.bounds(0.05)
    assert method.estimate == estimate
    assert 0 <= lower <= estimate <= upper <= 1
    assert method.violates(0.05) is (not right and n > 1)
    assert method.complies(0.05) is (right and n > 1)


@pytest.mark.parametrize("gap", [0.0, 0.02, 0.08])
def test_the_samples_it_asks_for_decide_it(gap: float) -> None:
    rng = np.random.default_rng(6)

    def sampled(n: int) -> ConfidenceGap:
        rates = 0.4 + 0.5 * rng.random(n)
        return ConfidenceGap.of(rates + gap, rng.random(n) < rates, 0.04)

    rates = 0.4 + 0.5 * (np.arange(40000) + 0.5) / 40000
    exact = ConfidenceGap.of(
        np.repeat(rates + gap, 2), rng.random(80000) < np.repeat(rates, 2), 0.04
    )
    needed = exact.samples_needed(0.05)
    assert needed is not None
    methods = [sampled(needed) for _ in range(150)]
    decided = [one.violates(0.05) if gap > 0.04 else one.complies(0.05) for one in methods]
    assert 0.6 <= np.mean(decided) <= 0.98


def test_no_number_of_samples_settles_a_limit_of_0_without_a_gap() -> None:
    assert ConfidenceGap.of(np.ones(9), np.ones(9, dtype=bool), 0.0).samples_needed(0.05) is None
