from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from harness.gate.methods.proportion import Proportion

ALPHA = 0.05
Decides = Callable[[int, int, float], bool]


def first(n: int, decides: Callable[[int], bool]) -> int:
    """The smallest number of right answers at which `decides`; n + 1 for none."""
    low, high = -1, n + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high


def worst_errors(n: int, complies: Decides, violates: Decides) -> tuple[float, float]:
    """The exact chances of a wrong pass and a wrong fail, at the worst of 250 limits."""
    passes, fails = [], []
    for limit in np.linspace(0.002, 0.998, 250):
        passed = first(n, lambda x, limit=limit: complies(x, n, limit))
        kept = first(n, lambda x, limit=limit: not violates(x, n, limit))
        passes.append(stats.binom.sf(passed - 1, n, limit))
        fails.append(stats.binom.cdf(kept - 1, n, limit))
    return max(passes), max(fails)


def test_neither_decision_is_wrong_more_often_than_alpha_at_any_limit() -> None:
    worst = worst_errors(
        300,
        lambda x, n, limit: Proportion(x, n, limit).complies(ALPHA),
        lambda x, n, limit: Proportion(x, n, limit).violates(ALPHA),
    )
    assert 0.045 < min(worst) <= max(worst) <= ALPHA


@pytest.mark.parametrize("wilson", [False, True])
def test_the_usual_intervals_would_be_wrong_more_often(wilson: bool) -> None:
    def half(x: int, n: int, limit: float) -> float:
        share = limit if wilson else x / n
        return 1.6449 * math.sqrt(share * (1 - share) / n)

    worst = worst_errors(
        300,
        lambda x, n, limit: x / n - half(x, n, limit) >= limit,
        lambda x, n, limit: x / n + half(x, n, limit) < limit,
    )
    assert max(worst) > (0.1 if wilson else 0.5)


def test_at_most_is_at_least_of_the_others() -> None:
    for x in range(31):
        at_most = Proportion(x, 30, 0.2, "<=")
        at_least = Proportion(30 - x, 30, 0.8)
        assert at_most.complies(ALPHA) == at_least.complies(ALPHA)
        assert at_most.violates(ALPHA) == at_least.violates(ALPHA)


@pytest.mark.parametrize("n", [1, 2, 10, 300])
def test_no_success_and_no_failure_have_the_bounds_of_the_rule_of_three(n: int) -> None:
    lowest = ALPHA ** (1 / n)
    assert Proportion(n, n, 0.5).bounds(ALPHA) == pytest.approx((lowest, 1.0))
    assert Proportion(0, n, 0.5).bounds(ALPHA) == pytest.approx((0.0, 1 - lowest))


def test_bounds_are_those_of_the_beta_quantiles() -> None:
    expected = stats.binomtest(270, 300).proportion_ci(0.9, method="exact")
    assert Proportion(270, 300, 0.9).bounds(ALPHA) == pytest.approx((expected.low, expected.high))


def test_99_5_percent_cannot_be_shown_with_300_samples_and_can_with_598() -> None:
    assert not Proportion(300, 300, 0.995).complies(ALPHA)
    assert not Proportion(597, 597, 0.995).complies(ALPHA)
    assert Proportion(598, 598, 0.995).complies(ALPHA)


@pytest.mark.parametrize(
    ("right", "limit", "published"), [(930, 0.90, 591), (970, 0.95, 681), (995, 0.99, 2190)]
)
def test_samples_needed_are_the_formulas_and_give_the_power_exactly(
    right: int, limit: float, published: int
) -> None:
    needed = Proportion(right, 1000, limit).samples_needed(ALPHA)
    assert needed == pytest.approx(published, rel=0.05)
    for n in (needed, needed + 7, needed + 31):
        passed = first(n, lambda x, n=n: Proportion(x, n, limit).complies(ALPHA))
        assert stats.binom.sf(passed - 1, n, right / 1000) >= 0.79


def test_samples_needed_without_an_error_are_the_fewest_that_pass() -> None:
    assert Proportion(50, 50, 0.99).samples_needed(ALPHA) == 299
    assert Proportion(0, 50, 0.01, "<=").samples_needed(ALPHA) == 299


def test_no_size_decides_a_value_on_its_limit() -> None:
    assert Proportion(270, 300, 0.9).samples_needed(ALPHA) is None


@pytest.mark.parametrize("counts", [(-1, 3), (4, 3), (0, 0)])
def test_impossible_counts_are_refused(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        Proportion(*counts, 0.5)
