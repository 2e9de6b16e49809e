from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from harness.gate.methods.mismatches import Mismatches

ALPHA = 0.05

NEEDED = {
    0: (299, 2995, 29_956),
    1: (473, 4742, 47_437),
    3: (773, 7752, 77_535),
    10: (1693, 16_959, 169_619),
}
"""Samples to compare before so many mismatches are shown to be at most 1 %, 0.1 %, 0.01 %."""


@pytest.mark.parametrize("count", NEEDED)
def test_the_published_numbers_of_samples_are_the_fewest_that_comply(count: int) -> None:
    for compared, limit in zip(NEEDED[count], (0.01, 0.001, 0.0001), strict=True):
        assert Mismatches(count, compared, None, limit).complies(ALPHA)
        assert not Mismatches(count, compared - 2, None, limit).complies(ALPHA)


def worst_errors(
    bounds: Callable[[int, int, int], tuple[float, float]], compared: int, population: int
) -> tuple[float, float]:
    """The exact chances that each bound misses the set's rate, at the worst rate."""
    found = np.array([bounds(x, compared, population) for x in range(compared + 1)])
    over, under = 0.0, 0.0
    for bad in range(population + 1):
        weight = stats.hypergeom.pmf(np.arange(compared + 1), population, bad, compared)
        rate = bad / population
        over = max(over, weight[found[:, 0] > rate + 1e-9].sum())
        under = max(under, weight[found[:, 1] < rate - 1e-9].sum())
    return over, under


def test_bounds_of_a_random_part_miss_the_sets_rate_at_most_as_often_as_alpha() -> None:
    worst = worst_errors(lambda *one: Mismatches(*one, 0.1).bounds(ALPHA), 60, 200)
    assert 0.04 < min(worst) <= max(worst) <= ALPHA


def test_a_normal_bound_would_miss_it_more_often() -> None:
    def wald(count: int, compared: int, population: int) -> tuple[float, float]:
        left = (1 - compared / population) * count * (compared - count) / compared**3
        half = 1.645 * float(np.sqrt(left))
        return count / compared - half, count / compared + half

    assert max(worst_errors(wald, 60, 200)) > 0.5


def test_a_part_of_a_known_set_says_more_than_as_many_of_an_unlimited_source() -> None:
    assert Mismatches(0, 300, 1000, 0.01).bounds(ALPHA) == (0.0, 0.008)
    assert Mismatches(0, 300, None, 0.01).bounds(ALPHA) == pytest.approx((0.0, 0.0099), abs=1e-4)
    assert Mismatches(2, 300, 1000, 0.01).bounds(ALPHA)[0] >= 0.002


@pytest.mark.parametrize(("count", "complies"), [(0, True), (1, True), (2, False), (300, False)])
def test_a_whole_set_is_decided_by_its_count(count: int, complies: bool) -> None:
    found = Mismatches(count, 300, 300, 1 / 300)
    assert (found.complies(1e-9), found.violates(1e-9)) == (complies, not complies)
    assert found.bounds(ALPHA) == (count / 300, count / 300)
    assert found.future_bound(ALPHA) == Mismatches(count, 300, None, 0.1).bounds(ALPHA)[1]


def test_each_kind_names_its_method() -> None:
    names = {Mismatches(0, 10, population, 0.1).name for population in (None, 10, 11)}
    assert len(names) == 3


def test_bytes_that_must_be_equal_take_nearly_the_whole_set() -> None:
    assert not Mismatches(0, 284, 300, 0.0).complies(ALPHA)
    assert Mismatches(0, 285, 300, 0.0).complies(ALPHA)
    assert Mismatches(0, 100, 300, 0.0).samples_needed(ALPHA) == 285
    assert Mismatches(0, 299, None, 0.0).samples_needed(ALPHA) is None
    assert Mismatches(0, 300, 300, 0.0).complies(ALPHA)
    assert Mismatches(1, 299, 300, 0.0).violates(1e-6)
    assert Mismatches(1, 299, None, 0.0).violates(ALPHA)


def test_samples_needed_are_never_more_than_the_set() -> None:
    assert Mismatches(0, 100, None, 0.01).samples_needed(ALPHA) == 299
    assert Mismatches(0, 100, 10**6, 0.01).samples_needed(ALPHA) == 298
    assert Mismatches(0, 20, 200, 0.01).samples_needed(ALPHA) == 126
    assert Mismatches(1, 100, 200, 0.01).samples_needed(ALPHA) == 200


@pytest.mark.parametrize("counts", [(2, 1, None), (0, 0, None), (-1, 3, 5), (0, 4, 3)])
def test_impossible_counts_are_refused(counts: tuple[int, int, int | None]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        Mismatches(*counts, 0.5)
