from __future__ import annotations

import numpy as np
import pytest

from harness.gate.methods.null_draws import NullDraws
from harness.gate.methods.sample_size import folded_mean, smallest, without_noise


def test_the_quantile_is_the_draw_of_rank_ceil_of_1_minus_alpha_times_b_plus_1() -> None:
    draws = NullDraws.of(np.arange(99, 0, -1.0), scale=1.0)
    assert draws.quantile(0.05) == 95
    assert draws.quantile(0.055) == 95
    assert draws.quantile(0.01) == 99


def test_beyond_the_last_draw_the_bound_takes_over_and_only_grows() -> None:
    draws = NullDraws.of(np.random.default_rng(1).standard_normal(99), scale=1.0)
    quantiles = [draws.quantile(level) for level in (0.5, 0.05, 0.01, 0.009, 1e-4, 1e-9)]
    assert quantiles == sorted(quantiles)
    mean = float(draws.ordered.mean())
    assert draws.quantile(1e-9) == pytest.approx(mean + np.sqrt(2 * np.log(1e9)))


@pytest.mark.parametrize("least", [1, 2, 3, 1000, 10**9])
def test_the_smallest_size_is_found(least: int) -> None:
    assert smallest(lambda n: n >= least) == least


def test_there_may_be_none() -> None:
    assert smallest(lambda n: n > 10**9) is None


def test_folded_means_are_those_of_draws_and_of_no_noise() -> None:
    means, sds = np.array([0.0, 0.5, -2.0, 0.3]), np.array([1.0, 1.0, 0.5, 0.0])
    draws = means + sds * np.random.default_rng(2).standard_normal((200_000, 4))
    np.testing.assert_allclose(folded_mean(means, sds), np.abs(draws).mean(axis=0), atol=0.01)


def test_means_without_noise_are_0_where_they_are_noise() -> None:
    plain = without_noise(np.array([-0.5, 0.1]), np.array([0.09, 0.04]))
    np.testing.assert_allclose(plain, [-0.4, 0.0])
