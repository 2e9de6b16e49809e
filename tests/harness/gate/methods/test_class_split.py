from __future__ import annotations

import numpy as np

from harness.gate.methods.class_counts import ClassCounts
from harness.gate.methods.class_split import ClassSplit
from harness.gate.methods.class_spread import ClassSpread
from tests.harness.gate.methods.classes import drawn_split, exact_split


def test_each_class_is_cut_in_half_and_nothing_is_lost() -> None:
    split = drawn_split([0, 1, 2, 5, 300], 0.7, np.random.default_rng(1))
    assert split.first.counts.tolist() == [0, 0, 1, 2, 150]
    assert split.second.counts.tolist() == [0, 1, 1, 3, 150]
    total = split.first.correct + split.second.correct
    assert total.tolist() == split.whole.correct.tolist()


def test_the_cut_is_that_of_the_seed_and_blind_to_the_answers() -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 7, 500)
    correct = rng.random(500) < 0.5
    one, same, other = (ClassSplit.of(labels, correct, 7, seed) for seed in (0, 0, 1))
    flipped = ClassSplit.of(labels, ~correct, 7, 0)
    assert one.first.correct.tolist() == same.first.correct.tolist()
    assert one.first.correct.tolist() != other.first.correct.tolist()
    assert (one.first.counts - one.first.correct).tolist() == flipped.first.correct.tolist()


def test_halves_of_a_class_say_nothing_of_each_other() -> None:
    rng = np.random.default_rng(3)
    splits = [drawn_split([40], 0.7, rng) for _ in range(1500)]
    halves = [(one.first.correct[0], one.second.correct[0]) for one in splits]
    assert abs(np.corrcoef(np.array(halves).T)[0, 1]) < 0.08


def test_more_classes_than_16_bits_are_split_the_same_way() -> None:
    labels = np.array([70000, 3, 70000, 3])
    split = ClassSplit.of(labels, np.array([True, True, True, False]), 70001)
    assert split.whole.counts[[3, 70000]].tolist() == [2, 2]
    assert split.first.counts[[3, 70000]].tolist() == [1, 1]


def test_the_spread_of_equal_classes_is_noise_and_of_unequal_ones_is_not() -> None:
    equal = ClassSpread.of(exact_split([100] * 20, [90] * 20).whole)
    assert equal.between == 0
    assert equal.reliability(1.0) == 0
    large = ClassSpread.of(exact_split([100] * 20, [60, 99] * 10).whole)
    assert large.scale(1.0) == 1
    assert large.reliability(1e9) > 0.999


def test_variances_do_not_collapse_where_all_answers_are_right() -> None:
    classes = ClassCounts(np.array([10, 0]), np.array([10, 10]))
    np.testing.assert_allclose(classes.variances, 11 / 12 * 1 / 12 / 10)
