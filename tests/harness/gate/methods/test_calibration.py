from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.gate.methods.calibration import Ece, ece_floor, widest_rates
from harness.metrics import ece
from tests.harness.made import drawn


def sampled(
    n: int, gap: float, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return confidences from 0.4 to 0.97 and answers that are right `gap` less often."""
    confidence = 0.4 + 0.57 * rng.random(n)
    return confidence, rng.random(n) < confidence - gap


def test_the_estimate_is_that_of_the_metrics() -> None:
    made = drawn(1500, 10, seed=5)
    method = Ece.of(made.confidence, made.correct, 0.05)
    assert method.estimate == pytest.approx(ece(made), abs=1e-12)
    assert method.n == 1500


def test_a_calibrated_model_does_not_fail_though_its_plug_in_value_is_far_from_0() -> None:
    # The plug-in value less z standard errors fails nearly every time here.
    rng = np.random.default_rng(1)
    methods = [Ece.of(*sampled(1000, 0.0, rng), limit=0.001) for _ in range(100)]
    assert np.mean([one.violates(0.05) for one in methods]) <= 0.05
    assert np.mean([one.estimate for one in methods]) > 0.02


def test_one_bin_at_the_limit_fails_and_passes_about_as_often_as_it_may() -> None:
    rng = np.random.default_rng(2)
    confidence = np.full(2000, 0.9)
    methods = [Ece.of(confidence, rng.random(2000) < 0.88, 0.02) for _ in range(150)]
    failed = np.mean([one.violates(0.05) for one in methods])
    passed = np.mean([one.complies(0.05) for one in methods])
    assert 0 < failed <= 0.1
    assert 0 < passed <= 0.1


def test_a_model_that_is_nearly_always_right_does_not_pass_by_a_width_of_0() -> None:
    # With no error seen, which happens in 22 % of the draws, a normal half-width is nearly 0.
    rng = np.random.default_rng(3)
    confidence = np.full(300, 0.9999)
    limit = 0.9999 - 0.995
    methods = [Ece.of(confidence, rng.random(300) < 0.995, limit) for _ in range(300)]
    assert np.mean([one.complies(0.05) for one in methods]) <= 0.08


def test_a_broken_calibration_fails_and_a_good_one_passes_with_enough_samples() -> None:
    rng = np.random.default_rng(4)
    broken = [Ece.of(*sampled(3000, 0.1, rng), limit=0.04) for _ in range(20)]
    good = [Ece.of(*sampled(20000, 0.0, rng), limit=0.04) for _ in range(20)]
    assert all(one.violates(0.05) for one in broken)
    assert all(one.complies(0.05) for one in good)


def test_bounds_enclose_the_estimate_and_widen_with_the_confidence() -> None:
    method = Ece.of(*sampled(2000, 0.05, np.random.default_rng(5)), limit=0.05)
    levels = (0.2, 0.05, 0.05 / 15, 1e-4, 1e-6)
    lowers, uppers = zip(*(method.bounds(level) for level in levels), strict=True)
    assert list(lowers) == sorted(lowers, reverse=True)
    assert list(uppers) == sorted(uppers)
    assert max(lowers) <= method.estimate <= min(uppers)


def test_decisions_are_those_of_the_bounds_and_the_limit_itself_is_kept() -> None:
    confidence, correct = sampled(2000, 0.1, np.random.default_rng(6))
    lower, upper = Ece.of(confidence, correct, 0.5).bounds(0.05)
    assert Ece.of(confidence, correct, upper).complies(0.05)
    assert not Ece.of(confidence, correct, upper - 1e-6).complies(0.05)
    assert not Ece.of(confidence, correct, lower).violates(0.05)
    assert Ece.of(confidence, correct, lower - 1e-6).violates(0.05)


def test_the_same_seed_decides_the_same() -> None:
    confidence, correct = sampled(500, 0.3, np.random.default_rng(7))
    one, same, other = (Ece.of(confidence, correct, 0.1, seed).bounds(0.05) for seed in (0, 0, 1))
    assert one == same
    assert one != other


@pytest.mark.parametrize(
    ("confidence", "correct"),
    [
        ([1.0], [True]),
        ([1.0], [False]),
        ([1.0] * 50, [True] * 50),
        ([1.0] * 50, [False] * 50),
        ([0.0] * 3, [True] * 3),
    ],
    ids=["one right", "one wrong", "all right", "all wrong", "no confidence"],
)
def test_certain_answers_have_ordered_finite_bounds(
    confidence: list[float], correct: list[bool]
) -> None:
    method = Ece.of(np.array(confidence), np.array(correct), 0.05)
    lower, upper = method.bounds(0.05)
    assert 0 <= lower <= method.estimate <= upper <= 1
    assert not method.complies(0.05)  # 50 samples do not show 5 %


def test_all_wrong_with_full_confidence_violates() -> None:
    method = Ece.of(np.ones(50), np.zeros(50, dtype=bool), 0.05)
    assert method.estimate == 1
    assert method.violates(0.05)


def test_the_rate_of_a_bin_is_the_one_of_the_larger_variance() -> None:
    counts, confidences = np.array([0.0, 10, 10]), np.array([0.0, 9.99, 5])
    rates = widest_rates(counts, confidences, np.array([0.0, 10, 0]))
    np.testing.assert_allclose(rates, [0.5, 12 / 14, 0.5])


def test_below_the_floor_nothing_passes_and_well_above_it_a_calibrated_model_does() -> None:
    rng = np.random.default_rng(8)
    methods = [Ece.of(*sampled(2000, 0.0, rng), limit=1.0) for _ in range(30)]
    uppers = np.array([one.bounds(0.05)[1] for one in methods])
    floor = methods[0].floor(0.05)
    assert np.mean(uppers) == pytest.approx(floor, rel=0.1)
    assert ece_floor(2000) == pytest.approx(floor, rel=0.35)


def test_the_samples_it_asks_for_decide_it() -> None:
    # Gaps of 0.05 in every bin at n = 1000: the plan for limit 0.03 must fail 4 times of 5.
    rng = np.random.default_rng(9)
    confidence = 0.4 + 0.57 * (np.arange(20000) + 0.5) / 20000
    counts = Ece.of(confidence, np.zeros(20000, dtype=bool), 0.0)
    exact = Ece(counts.counts, counts.confidences, counts.confidences - 0.05 * counts.counts, 0.02)
    needed = exact.samples_needed(0.05)
    assert needed is not None
    decided = [Ece.of(*sampled(needed, 0.05, rng), limit=0.02).violates(0.05) for _ in range(60)]
    assert 0.7 <= np.mean(decided) <= 0.99


def test_no_number_of_samples_settles_a_limit_of_0_without_a_gap() -> None:
    method = Ece(np.full(15, 100.0), np.full(15, 70.0), np.full(15, 70.0), 0.0)
    assert method.samples_needed(0.05) is None
