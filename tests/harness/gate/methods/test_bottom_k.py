from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from harness.gate.methods import clopper_pearson
from harness.gate.methods.bottom_k import BottomK
from harness.gate.methods.bottom_k_null import BottomKNull
from harness.gate.methods.class_counts import ClassCounts
from harness.gate.methods.class_pool import ClassPool
from harness.gate.methods.class_split import ClassSplit
from harness.metrics import bottom_k_accuracy
from tests.harness.gate.methods.classes import drawn_split, exact_split
from tests.harness.made import drawn

FEW_BAD = np.where(np.arange(20) < 2, 0.6, 0.95)


def test_the_estimate_is_that_of_the_metrics() -> None:
    made = drawn(1500, 10, seed=5)
    method = BottomK(ClassSplit.of(made.labels, made.correct, 10), 3, 0.5)
    assert method.estimate == pytest.approx(bottom_k_accuracy(made, 3), abs=1e-12)
    assert method.n == 1500


def test_equal_classes_at_the_limit_fail_seldom_though_the_lowest_look_worse() -> None:
    # An upper bound of the lowest classes as if they had been named fails nearly every time.
    rng = np.random.default_rng(1)
    methods = [BottomK(drawn_split([100] * 20, 0.9, rng), 3, 0.9) for _ in range(120)]
    assert np.mean([one.violates(0.05) for one in methods]) <= 0.1
    assert np.mean([one.estimate for one in methods]) < 0.86


def test_a_few_bad_classes_at_the_limit_pass_and_fail_seldom() -> None:
    rng = np.random.default_rng(2)
    methods = [BottomK(drawn_split([100] * 20, FEW_BAD, rng), 2, 0.6) for _ in range(150)]
    assert np.mean([one.complies(0.05) for one in methods]) <= 0.1
    assert np.mean([one.violates(0.05) for one in methods]) <= 0.1


def test_unequal_classes_at_the_limit_pass_seldom() -> None:
    rng = np.random.default_rng(3)
    counts = np.append([5, 500], np.full(18, 100))
    methods = [BottomK(drawn_split(counts, FEW_BAD, rng), 2, 0.6) for _ in range(400)]
    assert np.mean([one.complies(0.05) for one in methods]) <= 0.08


def test_ruined_classes_fail_and_good_ones_pass() -> None:
    rng = np.random.default_rng(4)
    assert BottomK(drawn_split([200] * 20, FEW_BAD, rng), 2, 0.75).violates(0.05)
    assert BottomK(drawn_split([1000] * 20, 0.95, rng), 2, 0.9).complies(0.05)


def test_bounds_widen_with_the_confidence_and_decide() -> None:
    split = drawn_split([60, 80, 100, 120] * 5, FEW_BAD, np.random.default_rng(5))
    bounds = [BottomK(split, 2, 0.5).bounds(level) for level in (0.2, 0.05, 0.01)]
    lowers, uppers = zip(*bounds, strict=True)
    assert list(lowers) == sorted(lowers, reverse=True)
    assert list(uppers) == sorted(uppers)
    lower, upper = bounds[1]
    assert BottomK(split, 2, lower).complies(0.05)
    assert not BottomK(split, 2, lower + 1e-6).complies(0.05)
    assert BottomK(split, 2, upper + 5e-4).violates(0.05)
    assert not BottomK(split, 2, upper - 5e-4).violates(0.05)


@pytest.mark.parametrize("limit", np.linspace(0.6, 0.95, 15))
def test_a_violation_is_an_upper_bound_below_the_limit_and_monotone(limit: float) -> None:
    method = BottomK(drawn_split([60, 100] * 10, FEW_BAD, np.random.default_rng(6)), 2, limit)
    assert method.violates(0.05) == (method.bounds(0.05)[1] < limit - 1e-9)
    decided = [method.violates(level) for level in (1e-6, 1e-4, 0.003, 0.05, 0.3)]
    assert decided == sorted(decided)


def test_absent_classes_forbid_a_pass_and_not_a_fail() -> None:
    good = BottomK(exact_split([0, 500, 500, 500], [0, 500, 500, 500]), 2, 0.5)
    bad = BottomK(exact_split([0, 500, 500, 500], [0, 100, 100, 500]), 2, 0.5)
    assert (good.complies(0.05), good.violates(0.05)) == (False, False)
    assert (bad.complies(0.05), bad.violates(0.05)) == (False, True)


def test_fewer_classes_with_samples_than_k_show_nothing() -> None:
    method = BottomK(exact_split([0, 9, 0], [0, 9, 0]), 2, 0.5)
    assert np.isnan(method.estimate)
    assert method.bounds(0.05) == (0.0, 1.0)
    assert (method.complies(0.05), method.violates(0.05)) == (False, False)
    assert method.samples_needed(0.05) is None


def test_all_right_all_wrong_and_single_samples() -> None:
    right = BottomK(exact_split([100, 60], [100, 60]), 2, 0.9)
    wrong = BottomK(exact_split([100, 60], [0, 0]), 2, 0.1)
    single = BottomK(exact_split([1, 1], [0, 1]), 1, 0.5)
    assert right.complies(0.05)
    assert right.bounds(0.05)[1] == 1
    assert wrong.violates(0.05)
    assert wrong.bounds(0.05)[0] == 0
    assert (single.complies(0.05), single.violates(0.05)) == (False, False)


def test_a_pool_of_equal_classes_is_the_binomial_of_all_their_samples() -> None:
    pool = ClassPool.of(ClassCounts(np.array([40, 30]), np.array([50, 50])))
    assert pool.lower(0.05) == pytest.approx(float(clopper_pearson.lower(70, 100, 0.05)))
    assert pool.upper(0.05) == pytest.approx(float(clopper_pearson.upper(70, 100, 0.05)))
    assert pool.p_not_below(0.8) == pytest.approx(binom.cdf(70, 100, 0.8))


def test_the_effective_size_of_a_pool_is_at_most_k_times_the_smallest_class() -> None:
    uneven = ClassPool.of(ClassCounts(np.array([4, 450]), np.array([5, 500])))
    assert uneven.size <= 10
    assert uneven.mean == pytest.approx(0.85)


@pytest.mark.parametrize("sizes", [(5, 50), (20, 60), (3, 30)])
def test_a_pool_of_unequal_classes_is_wrong_no_more_often_than_alpha_by_enumeration(
    sizes: tuple[int, int],
) -> None:
    # Without the cap on the effective size it is wrong 17 % of the time at (5, 50).
    one, other = (axis.ravel() for axis in np.meshgrid(*(np.arange(n + 1) for n in sizes)))
    counts = np.array(sizes)
    pairs = zip(one, other, strict=True)
    pools = [ClassPool.of(ClassCounts(np.array(pair), counts)) for pair in pairs]
    lowers = np.array([pool.lower(0.05) for pool in pools])
    worst = 0.0
    for p in np.linspace(0.02, 0.98, 17):
        for q in np.linspace(0.02, 0.98, 17):
            chance = binom.pmf(one, sizes[0], p) * binom.pmf(other, sizes[1], q)
            worst = max(worst, float(chance[lowers >= (p + q) / 2 - 1e-9].sum()))
    assert 0 < worst <= 0.05


def test_the_null_is_that_of_independent_binomial_classes() -> None:
    counts = np.array([30] * 8 + [50] * 3)
    null = BottomKNull.of(counts, 3, 4000, seed=0)
    drawn_means = np.random.default_rng(7).binomial(counts, 0.8, (50000, 11)) / counts
    means = np.sort(drawn_means, axis=1)[:, :3].mean(axis=1)
    for mean in (0.62, 0.66, 0.7, 0.72):
        expected = np.mean(means <= mean + 1e-12)
        error = 4 * np.sqrt(expected * (1 - expected) / 4000)
        assert null.p_value(mean, 0.8) == pytest.approx(expected, abs=error + 5e-4)
    assert null.p_value(0.7, 0.8) >= null.p_value(0.7, 0.85) >= null.p_value(0.7, 0.9)


@pytest.mark.parametrize("limit", [0.5, 0.7])
def test_the_samples_it_asks_for_decide_it(limit: float) -> None:
    rng = np.random.default_rng(8)
    needed = BottomK(drawn_split([20000] * 20, FEW_BAD, rng), 2, limit).samples_needed(0.05)
    assert needed is not None
    size = -(-needed // 20)
    methods = [BottomK(drawn_split([size] * 20, FEW_BAD, rng), 2, limit) for _ in range(60)]
    decided = [one.violates(0.05) if limit > 0.6 else one.complies(0.05) for one in methods]
    assert np.mean(decided) >= 0.65


def test_no_number_of_samples_settles_a_value_on_the_limit() -> None:
    assert BottomK(exact_split([100] * 5, [90] * 5), 2, 0.9).samples_needed(0.05) is None
