from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.gate.methods.class_accuracies import ClassAccuracies
from harness.gate.methods.proportion import Proportion

ALPHA = 0.05


def of(correct: list[int], counts: list[int], limit: float) -> ClassAccuracies:
    return ClassAccuracies(np.array(correct), np.array(counts), limit)


def test_all_comply_if_each_does_alone_and_some_violates_if_one_does_at_its_share() -> None:
    rng = np.random.default_rng(0)
    kept, seen = set(), set()
    for _ in range(200):
        counts = rng.integers(1, 60, 5)
        correct = rng.binomial(counts, rng.choice([0.4, 0.85, 0.99]))
        made = ClassAccuracies(correct, counts, 0.7)
        alone = [
            Proportion(*one, 0.7) for one in zip(correct.tolist(), counts.tolist(), strict=True)
        ]
        assert made.complies(ALPHA) == all(one.complies(ALPHA) for one in alone)
        assert made.violates(ALPHA) == any(one.violates(ALPHA / 5) for one in alone)
        kept.add(made.complies(ALPHA))
        seen.add(made.violates(ALPHA))
    assert kept == seen == {True, False}


@pytest.mark.parametrize("classes", [1, 10, 100])
def test_the_family_fails_wrongly_at_most_as_often_as_alpha(classes: int) -> None:
    """All classes are at the limit; the chance is exact, for they are independent."""
    x, n, limit = np.arange(31), 30, 0.8

    def chance(made: list[bool]) -> float:
        return float(1 - (1 - stats.binom.pmf(x, n, limit)[made].sum()) ** classes)

    others = [n] * (classes - 1)
    family = [of([int(one), *others], [n] * classes, limit).violates(ALPHA) for one in x]
    uncorrected = [Proportion(int(one), n, limit).violates(ALPHA) for one in x]
    assert 0 < chance(family) <= ALPHA
    assert classes == 1 or chance(uncorrected) > 0.2


def test_a_class_without_samples_leaves_every_class_undecided() -> None:
    found = of([100, 0], [100, 0], 0.5)
    assert found.absent == (1,)
    assert (found.estimate, found.worst, found.n) == (1.0, 0, 100)
    assert (found.complies(0.5), found.bounds(ALPHA)[0]) == (False, 0.0)
    assert found.samples_needed(ALPHA) is None
    assert of([10, 0], [100, 0], 0.5).violates(ALPHA)


def test_the_worst_class_and_those_shown_to_be_under_the_limit_are_named() -> None:
    found = of([95, 20, 100, 30, 70], [100] * 5, 0.8)
    assert (found.worst, found.estimate) == (1, 0.2)
    assert found.violating(ALPHA) == (1, 3, 4)
    assert of([95, 90, 100], [100] * 3, 0.8).violating(ALPHA) == ()


def test_bounds_and_decisions_agree() -> None:
    for x in range(31):
        found = of([x, 28], [30, 30], 0.7)
        low, high = found.bounds(ALPHA)
        assert found.complies(ALPHA) == (low >= 0.7)
        assert found.violates(ALPHA) == (high < 0.7) == bool(found.violating(ALPHA))


def test_samples_needed_grow_with_the_rarity_of_the_class_that_decides() -> None:
    even = of([98, 90], [100, 100], 0.8).samples_needed(ALPHA) or 0
    rare = of([980, 90], [1000, 100], 0.8).samples_needed(ALPHA) or 0
    assert rare == pytest.approx(even * 11 / 2, rel=0.01)
    assert of([98, 80], [100, 100], 0.8).samples_needed(ALPHA) is None
    assert (of([98, 40], [100, 100], 0.8).samples_needed(ALPHA) or 0) < even


@pytest.mark.parametrize(
    ("correct", "counts"), [([1], [1, 2]), ([0], [0]), ([3], [2]), ([-1], [2])]
)
def test_impossible_counts_are_refused(correct: list[int], counts: list[int]) -> None:
    with pytest.raises(ValueError, match="class"):
        of(correct, counts, 0.5)
