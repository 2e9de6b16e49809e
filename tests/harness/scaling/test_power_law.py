from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from harness.scaling.power_law import PowerLaw, exponent_tests, power_law
from harness.scaling.size import Size, size_of
from tests.harness.scaling.made import power_law_sizes


def fitted(sizes: tuple[Size, ...]) -> PowerLaw:
    law = power_law("net", sizes)
    assert law is not None
    return law


def test_an_exact_power_law_is_returned_exactly() -> None:
    law = fitted(power_law_sizes(0.2))
    assert (law.alpha, law.coefficient, law.r2) == pytest.approx((0.2, 3.0, 1.0))
    assert law.error(1e5) == pytest.approx(3 * 1e5**-0.2)


def test_the_interval_holds_the_true_exponent_as_often_as_it_says() -> None:
    intervals = [
        fitted(power_law_sizes(0.15, noise=0.05, seed=seed)).alpha_interval for seed in range(400)
    ]
    inside = sum(one is not None and one[0] <= 0.15 <= one[1] for one in intervals)
    assert 0.92 <= inside / 400 <= 0.98


def seeded(alphas: dict[int, float], family: str = "net") -> tuple[Size, ...]:
    return tuple(
        size_of(family, n, n, [(seed, 2 * n**-alpha) for seed, alpha in alphas.items()])
        for n in (1000, 4000, 16000)
    )


def test_each_seed_has_its_own_exponent_and_their_spread_is_stated() -> None:
    law = fitted(seeded({0: 0.10, 1: 0.12, 4: 0.17}))
    assert dict(law.seed_alphas) == pytest.approx({0: 0.10, 1: 0.12, 4: 0.17})
    assert (law.seed_mean, law.seed_std) == pytest.approx(
        (0.13, np.std([10, 12, 17], ddof=1) / 100)
    )
    expected = stats.t.interval(0.95, 2, 0.13, np.std([10, 12, 17], ddof=1) / 100 / 3**0.5)
    assert law.seed_interval == pytest.approx(expected)


def test_a_seed_that_lacks_a_size_has_no_exponent() -> None:
    full = seeded({0: 0.1, 1: 0.2})
    partial = size_of("net", 9, 64000, [(0, 2 * 64000**-0.1)])
    assert [seed for seed, _ in fitted((*full, partial)).seed_alphas] == [0]


def test_sizes_without_errors_are_left_out_and_one_size_is_no_law() -> None:
    sizes = power_law_sizes(0.2, count=3)
    perfect = Size("net", 99, 10**8, 0.0)
    assert fitted((*sizes, perfect)).sizes == 3
    assert power_law("net", [sizes[0], perfect]) is None


def test_two_sizes_give_an_exponent_without_an_interval() -> None:
    law = fitted(power_law_sizes(0.2, count=2))
    assert law.alpha == pytest.approx(0.2)
    assert (law.alpha_interval, law.alpha_error) == (None, None)


def test_families_are_compared_by_welchs_t_test_of_their_seeds() -> None:
    first, second = {0: 0.10, 1: 0.12, 2: 0.17}, {0: 0.20, 1: 0.21, 2: 0.25, 3: 0.22}
    laws = [fitted(seeded(first)), fitted(seeded(second))]
    test = next(one for one in exponent_tests(laws) if one.method == "seeds")
    expected = stats.ttest_ind(list(first.values()), list(second.values()), equal_var=False)
    assert (test.t, test.p, test.degrees) == pytest.approx(
        (expected.statistic, expected.pvalue, expected.df)
    )


def test_the_test_of_slopes_rejects_equal_exponents_as_often_as_it_says() -> None:
    rejected = 0
    for seed in range(300):
        laws = [fitted(power_law_sizes(0.15, noise=0.05, seed=2 * seed + i)) for i in range(2)]
        (test,) = exponent_tests(laws)
        rejected += test.p is not None and test.p < 0.05
    assert 0.02 <= rejected / 300 <= 0.09
