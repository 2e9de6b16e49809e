from __future__ import annotations

import numpy as np
import pytest

from harness.gate.methods.class_split import ClassSplit
from harness.gate.methods.gini import Gini
from harness.metrics import class_gini, gini
from tests.harness.gate.methods.classes import drawn_split, exact_split
from tests.harness.made import drawn

SPREAD = 0.75 + 0.24 * (np.arange(20) + 0.5) / 20


def test_the_estimate_is_that_of_the_metrics() -> None:
    made = drawn(1500, 10, seed=5)
    method = Gini(ClassSplit.of(made.labels, made.correct, 10), 0.1)
    assert method.estimate == pytest.approx(class_gini(made), abs=1e-12)
    assert method.n == 1500


def test_equal_classes_seldom_fail_though_their_plug_in_value_is_far_from_0() -> None:
    # The plug-in value less z standard errors is above 0 nearly every time.
    rng = np.random.default_rng(1)
    methods = [Gini(drawn_split([100] * 20, 0.9, rng), 0.0005) for _ in range(300)]
    assert np.mean([one.violates(0.05) for one in methods]) <= 0.08
    assert np.mean([one.estimate for one in methods]) > 0.01


@pytest.mark.parametrize("size", [30, 400])
def test_classes_that_are_unequal_by_the_limit_pass_and_fail_seldom(size: int) -> None:
    rng = np.random.default_rng(2)
    methods = [Gini(drawn_split([size] * 20, SPREAD, rng), gini(SPREAD) or 0.0) for _ in range(300)]
    assert np.mean([one.complies(0.05) for one in methods]) <= 0.08
    assert np.mean([one.violates(0.05) for one in methods]) <= 0.08


def test_a_ruined_class_fails_and_equal_classes_pass() -> None:
    rng = np.random.default_rng(3)
    ruined = np.where(np.arange(20) < 4, 0.3, 0.95)
    assert Gini(drawn_split([200] * 20, ruined, rng), 0.03).violates(0.05)
    assert Gini(drawn_split([1000] * 20, 0.95, rng), 0.03).complies(0.05)


def test_bounds_widen_with_the_confidence_and_decide() -> None:
    split = drawn_split([500] * 20, SPREAD, np.random.default_rng(4))
    bounds = [Gini(split, 0.0).bounds(level) for level in (0.2, 0.05, 0.003, 1e-5)]
    lowers, uppers = zip(*bounds, strict=True)
    assert list(lowers) == sorted(lowers, reverse=True)
    assert list(uppers) == sorted(uppers)
    lower, upper = bounds[1]
    assert 0 < lower < Gini(split, 0.0).estimate < upper < 1
    assert Gini(split, upper).complies(0.05)
    assert not Gini(split, upper - 1e-6).complies(0.05)
    assert Gini(split, lower - 1e-6).violates(0.05)
    assert not Gini(split, lower).violates(0.05)


@pytest.mark.parametrize(
    ("counts", "correct"), [([5, 0, 5], [4, 0, 5]), ([5, 5], [0, 0])], ids=["absent", "all wrong"]
)
def test_an_undefined_value_shows_nothing(counts: list[int], correct: list[int]) -> None:
    method = Gini(exact_split(counts, correct), 0.5)
    assert np.isnan(method.estimate)
    assert method.bounds(0.05) == (0.0, 1.0)
    assert not method.complies(0.05)
    assert not method.violates(0.05)
    assert method.samples_needed(0.05) is None


def test_a_class_of_one_sample_cannot_be_split_so_no_violation_is_shown() -> None:
    method = Gini(exact_split([1, 500, 500], [0, 500, 500]), 0.01)
    assert method.bounds(0.05)[0] == 0
    assert not method.violates(0.05)


def test_one_class_is_equal_to_itself() -> None:
    method = Gini(exact_split([10], [3]), 0.0)
    assert (method.estimate, method.bounds(0.05)) == (0.0, (0.0, 0.0))
    assert method.complies(0.05)
    assert not method.violates(0.05)


def test_all_right_passes_only_with_enough_samples() -> None:
    few, many = exact_split([3] * 10, [3] * 10), exact_split([2000] * 10, [2000] * 10)
    assert not Gini(few, 0.01).complies(0.05)
    assert Gini(many, 0.01).complies(0.05)
    assert not Gini(few, 0.0).violates(0.05)


@pytest.mark.parametrize("limit", [0.08, 0.02])
def test_the_samples_it_asks_for_decide_it(limit: float) -> None:
    rng = np.random.default_rng(5)
    needed = Gini(drawn_split([20000] * 20, SPREAD, rng), limit).samples_needed(0.05)
    assert needed is not None
    size = -(-needed // 20)
    methods = [Gini(drawn_split([size] * 20, SPREAD, rng), limit) for _ in range(150)]
    decided = [one.violates(0.05) if limit < 0.05 else one.complies(0.05) for one in methods]
    assert np.mean(decided) >= 0.65


def test_no_number_of_samples_settles_a_limit_of_0_for_equal_classes() -> None:
    assert Gini(exact_split([100] * 5, [90] * 5), 0.0).samples_needed(0.05) is None
