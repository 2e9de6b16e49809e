from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from harness.gate.methods.bounded_mean import GRID, BoundedMean

LEVELS = (0.2, 0.05, 0.05 / 15, 1e-5)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("hits", "n"), [(0, 30), (1, 30), (7, 30), (29, 30), (0, 1), (3, 1000)])
def test_of_values_0_and_1_the_bounds_are_those_of_clopper_and_pearson(
    hits: int, n: int, level: float
) -> None:
    sample = BoundedMean.of(np.repeat([1.0, 0.0], [hits, n - hits]), 0.0, 1.0)
    upper = beta.ppf(1 - level, hits + 1, n - hits)
    assert sample.upper(level) == pytest.approx(upper, rel=0.01)
    assert sample.upper(level) >= upper * (1 - 1e-3)
    if hits:
        lower = beta.ppf(level, hits, n - hits + 1)
        assert sample.lower(level) == pytest.approx(lower, rel=0.08)
        assert sample.lower(level) <= lower * (1 + 1e-3)
    else:
        assert sample.lower(level) == pytest.approx(0, abs=1e-9)


def test_the_tail_is_that_of_dirichlet_weights() -> None:
    rng = np.random.default_rng(1)
    values = np.concatenate([0.1 * rng.standard_normal(40), [1.2, -0.7]])
    weights = rng.standard_exponential((60_000, 43))
    means = weights @ np.append(values, 2.0) / weights.sum(axis=1)
    sample = BoundedMean.of(values, -2.0, 2.0)
    for limit in (0.15, 0.2, 0.3):
        assert sample.p_not_below(limit) == pytest.approx(np.mean(means >= limit), rel=0.06)


def test_large_samples_have_the_z_bounds() -> None:
    values = np.random.default_rng(2).uniform(-1, 1, 200_000)
    sample = BoundedMean.of(values, -2.0, 2.0)
    width = 1.6449 * values.std() / np.sqrt(len(values))
    assert sample.mean == pytest.approx(values.mean(), abs=1e-12)
    assert sample.upper(0.05) - sample.mean == pytest.approx(width, rel=0.02)
    assert sample.mean - sample.lower(0.05) == pytest.approx(width, rel=0.02)


def test_spreading_onto_the_grid_keeps_the_mean_and_never_narrows_the_bounds() -> None:
    values = np.random.default_rng(3).uniform(0, 1, GRID) ** 8
    whole = BoundedMean.of(values, -2.0, 2.0)
    spread = BoundedMean.of(np.repeat(values, 2), -2.0, 2.0)
    assert len(spread.values) <= GRID + 1
    assert spread.mean == pytest.approx(whole.mean, abs=1e-12)
    same = BoundedMean(whole.values, 2 * whole.weights, -2.0, 2.0)
    assert spread.upper(0.05) == pytest.approx(same.upper(0.05), abs=1e-5)
    assert spread.upper(0.05) >= same.upper(0.05) - 1e-9
    assert spread.lower(0.05) <= same.lower(0.05) + 1e-9


def test_values_at_the_ends_of_the_range_stay_inside_it() -> None:
    ends = np.repeat([-2.0, 2.0], GRID)
    sample = BoundedMean.of(ends, -2.0, 2.0)
    assert (sample.mean, sample.sd, sample.n) == (0.0, 2.0, 2 * GRID)
    assert BoundedMean.of(np.full(3, 2.0), -2.0, 2.0).upper(0.05) == 2.0
    assert BoundedMean.of(np.full(3, -2.0), -2.0, 2.0).lower(0.05) == -2.0


def test_one_value_says_what_markov_says() -> None:
    sample = BoundedMean.of(np.array([0.0]), 0.0, 1.0)
    assert sample.upper(0.05) == pytest.approx(0.95, abs=0.003)
