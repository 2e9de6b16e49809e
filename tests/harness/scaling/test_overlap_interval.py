from __future__ import annotations

import numpy as np
import pytest

from harness.scaling.overlap_interval import recipe_interval


def error_sets(rng: np.random.Generator, seeds: int, samples: int, spread: float) -> np.ndarray:
    """Return (2, seeds, samples) error sets: sample difficulty shared, each model a bias."""
    difficulty = rng.standard_normal(samples)
    luck = rng.standard_normal((2, seeds, samples))
    bias = spread * rng.standard_normal((2, seeds, 1))
    limits = np.array([0.3, 0.9]).reshape(2, 1, 1)
    return (difficulty + luck + bias) / 2**0.5 > limits


@pytest.mark.parametrize(("seeds", "spread"), [(3, 0.1), (5, 0.1), (5, 0.0)])
def test_it_holds_the_true_index_at_least_as_often_as_it_says(seeds: int, spread: float) -> None:
    rng = np.random.default_rng(seeds)
    many = error_sets(rng, 60, 40_000, spread).astype(np.float32)
    both = many[0] @ many[1].T
    union = many[0].sum(axis=1)[:, np.newaxis] + many[1].sum(axis=1) - both
    truth = float(np.exp(np.log(both / union).mean()))
    found = [recipe_interval(*error_sets(rng, seeds, 500, spread)) for _ in range(300)]
    inside = sum(one is not None and one[0] <= truth <= one[1] for one in found)
    assert inside / 300 >= 0.93


def test_the_influence_of_samples_is_that_of_a_jackknife() -> None:
    first, second = error_sets(np.random.default_rng(1), 2, 2000, 0.0)
    same = recipe_interval(np.repeat(first[:1], 2, axis=0), np.repeat(second[:1], 2, axis=0))
    a, b = first[0], second[0]
    left_out = np.array(
        [
            np.log(((a & b).sum() - (x & y)) / ((a | b).sum() - (x | y)))
            for x, y in zip(a, b, strict=True)
        ]
    )
    deviation = np.sqrt(1999 / 2000 * ((left_out - left_out.mean()) ** 2).sum())
    middle = np.log((a & b).sum() / (a | b).sum())
    half = 12.7062 * deviation  # t, one degree of freedom
    assert same == pytest.approx((np.exp(middle - half), min(1, np.exp(middle + half))), rel=0.02)


def test_one_seed_or_no_shared_error_gives_none() -> None:
    first, second = error_sets(np.random.default_rng(0), 3, 100, 0.0)
    assert recipe_interval(first[:1], second) is None
    assert recipe_interval(first, first & False) is None
