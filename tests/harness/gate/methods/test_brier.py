from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.gate.methods.brier import BrierDifference
from harness.gate.methods.method import LIMIT_TOLERANCE


def method(differences: NDArray[np.float64], limit: float) -> BrierDifference:
    reference = np.maximum(0.0, -differences)
    return BrierDifference.of(reference, reference + differences, limit)


def flipped(n: int, rng: np.random.Generator, share: float = 0.0042) -> NDArray[np.float64]:
    """Return tiny changes and a few answers flipped for the worse by 0.5 to 1.9."""
    big = 0.5 + 1.4 * rng.random(n)
    return np.where(rng.random(n) < share, big, 0.01 * rng.standard_normal(n))


def test_a_few_flips_that_make_up_the_margin_pass_seldom() -> None:
    # No flip among 300 samples has a chance of 28 %: t, Johnson and Hall then pass.
    rng = np.random.default_rng(1)
    methods = [method(flipped(300, rng), 0.0042 * 1.2) for _ in range(200)]
    assert np.mean([one.complies(0.05) for one in methods]) <= 0.08
    assert np.mean([one.violates(0.05) for one in methods]) <= 0.08


def test_a_few_gains_against_many_small_losses_fail_seldom_on_the_margin() -> None:
    rng = np.random.default_rng(2)
    margin = 0.995 * 0.02 - 0.005 * 1.5
    methods = []
    for _ in range(200):
        losses = 0.02 + 0.005 * rng.standard_normal(300)
        methods.append(method(np.where(rng.random(300) < 0.005, -1.5, losses), margin))
    assert np.mean([one.violates(0.05) for one in methods]) <= 0.08


def test_enough_samples_decide_near_the_nominal_level() -> None:
    rng = np.random.default_rng(3)
    share = 0.05
    methods = [method(flipped(4000, rng, share), share * 1.2) for _ in range(300)]
    passed = np.mean([one.complies(0.05) for one in methods])
    assert 0.01 <= passed <= 0.08


def test_no_change_passes_from_1000_samples_on_and_a_destroyed_class_fails() -> None:
    rng = np.random.default_rng(4)
    unchanged = method(0.01 * rng.standard_normal(1000), 0.01)
    destroyed = np.where(np.arange(3000) < 60, 1.2, 0.02 * rng.standard_normal(3000))
    assert unchanged.complies(0.05)
    assert method(destroyed, 0.005).violates(0.05)


def test_the_estimate_is_the_mean_difference() -> None:
    rng = np.random.default_rng(5)
    before, after = rng.uniform(0, 2, 777), rng.uniform(0, 2, 777)
    one = BrierDifference.of(before, after, 0.0)
    assert one.estimate == pytest.approx((after - before).mean(), abs=1e-12)
    assert one.n == 777


def test_decisions_are_those_of_the_bounds() -> None:
    differences = flipped(500, np.random.default_rng(6), 0.05)
    lower, upper = method(differences, 0.0).bounds(0.05)
    near = 1e-6
    assert method(differences, upper + near).complies(0.05)
    assert not method(differences, upper - near).complies(0.05)
    assert method(differences, lower - near).violates(0.05)
    assert not method(differences, lower + near).violates(0.05)


def test_violation_is_monotone_in_the_level() -> None:
    one = method(flipped(500, np.random.default_rng(7), 0.05), 0.02)
    decided = [one.violates(level) for level in (1e-6, 1e-4, 0.003, 0.05, 0.3)]
    assert decided == sorted(decided)
    lowers = [one.bounds(level)[0] for level in (1e-6, 1e-4, 0.003, 0.05, 0.3)]
    assert lowers == sorted(lowers)


def test_identical_files_stand_on_margin_0_and_keep_a_margin_with_enough_samples() -> None:
    zeros = np.zeros(1000)
    assert not method(zeros, 0.0).complies(0.05)
    assert not method(zeros, 0.0).violates(0.05)
    assert method(zeros, 0.0).samples_needed(0.05) is None
    needed = method(zeros, 0.01).samples_needed(0.05)
    assert needed is not None
    assert method(np.zeros(needed + 5), 0.01).complies(0.05)
    assert not method(np.zeros(needed - 10), 0.01).complies(0.05)


@pytest.mark.parametrize("value", [-2.0, 0.0, 2.0])
def test_one_sample_decides_nothing_near_it(value: float) -> None:
    one = method(np.array([value]), value)
    lower, upper = one.bounds(0.05)
    assert -2 <= lower <= value <= upper <= 2
    assert not one.violates(0.05)
    assert one.complies(0.05) is (value == 2.0)  # the largest limit is kept by anything


def test_the_samples_it_asks_for_decide_it() -> None:
    rng = np.random.default_rng(8)
    sizes = [
        method(flipped(20000, rng, 0.02), limit).samples_needed(0.05) for limit in (0.04, 0.01)
    ]
    passing, failing = sizes
    assert passing is not None
    assert failing is not None
    passed = [method(flipped(passing, rng, 0.02), 0.04).complies(0.05) for _ in range(100)]
    failed = [method(flipped(failing, rng, 0.02), 0.01).violates(0.05) for _ in range(100)]
    assert 0.65 <= np.mean(passed) <= 0.99
    assert 0.65 <= np.mean(failed) <= 0.99


def test_the_limit_itself_is_acceptable() -> None:
    differences = np.full(10, 0.1)
    lower = method(differences, 0.0).bounds(0.05)[0]
    assert not method(differences, lower + LIMIT_TOLERANCE).violates(0.05)
