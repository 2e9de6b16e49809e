from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats
from scipy.special import ndtr

from harness.gate.methods.recipe import RecipeMean, residual
from harness.gate.methods.recipe_pairs import RecipeFlips, RecipeOverlap

ALPHA = 0.05
Flags = npt.NDArray[np.bool_]


def right_answers(
    rng: np.random.Generator, item: npt.NDArray[np.float64], seeds: int, level: float, spread: float
) -> Flags:
    """Right where a latent normal is below level + item + seed; shape (seeds, n)."""
    seed = rng.normal(0, spread, (seeds, 1))
    drawn = rng.normal(size=(seeds, item.size)) < level + item + seed
    return np.asarray(drawn)


def drops(seeds: int, runs: int, n: int = 500, spread: float = 0.2) -> list[RecipeMean]:
    """Trainings of two recipes whose true drop is 2 points, against that very limit."""
    rng, total = np.random.default_rng(seeds), np.sqrt(1 + 1.5**2 + spread**2)
    made = []
    for _ in range(runs):
        item = rng.normal(0, 1.5, n)
        reference = right_answers(rng, item, seeds, stats.norm.ppf(0.9) * total, spread)
        candidate = right_answers(rng, item, seeds, stats.norm.ppf(0.88) * total, spread)
        made.append(RecipeMean(1.0 - candidate, 1.0 - reference, 0.02, "<="))
    return made


@pytest.mark.parametrize("seeds", [3, 5])
def test_the_recipe_at_its_limit_is_decided_wrongly_at_most_as_often_as_alpha(seeds: int) -> None:
    made = drops(seeds, 500)
    for wrong in (
        np.mean([one.complies(ALPHA) for one in made]),
        np.mean([one.violates(ALPHA) for one in made]),
    ):
        assert wrong <= ALPHA + 0.01


def test_samples_alone_would_decide_wrongly_far_more_often() -> None:
    z, wrong = stats.norm.isf(ALPHA), 0
    for one in drops(5, 300):
        assert one.reference is not None
        difference = one.candidate.mean(axis=0) - one.reference.mean(axis=0)
        error = difference.std(ddof=1) / np.sqrt(difference.size)
        wrong += abs(difference.mean() - 0.02) > z * error
    assert wrong / 300 > 0.3


def test_the_variance_is_that_of_the_estimate_over_trainings_and_test_sets() -> None:
    made = drops(5, 400)
    actual = np.var([one.estimate for one in made])
    assert 0.85 < np.mean([one.variance for one in made]) / actual < 1.25


def test_the_residual_is_that_of_the_two_way_layout() -> None:
    rng = np.random.default_rng(0)
    rows, columns = rng.normal(size=(6, 1)), rng.normal(size=40)
    assert residual(rows + columns) == pytest.approx(0, abs=1e-12)
    noise = rng.normal(0, 3, (6, 4000))
    assert residual(rows + np.tile(columns, 100) + noise) == pytest.approx(9, rel=0.05)


def test_seeds_that_never_err_are_bounded_as_a_rate_that_was_never_seen() -> None:
    right = np.ones((5, 300))
    found = RecipeMean(right, None, 0.99, ">=")
    assert found.bounds(ALPHA) == pytest.approx((1 + np.log(ALPHA) / 300, 1 - np.log(ALPHA) / 300))
    assert found.complies(ALPHA)
    assert not RecipeMean(right, None, 0.995, ">=").complies(ALPHA)
    assert not RecipeMean(1 - right, 1 - right, 0.005, "<=").complies(ALPHA)


def test_one_recipe_is_held_against_an_absolute_limit() -> None:
    right = right_answers(np.random.default_rng(1), np.zeros(2000), 5, 1.0, 0.02).astype(float)
    low, high = RecipeMean(right, None, 0.8, ">=").bounds(ALPHA)
    assert low < ndtr(1.0) < high
    assert RecipeMean(right, None, low - 0.01, ">=").complies(ALPHA)
    assert RecipeMean(right, None, high + 0.01, ">=").violates(ALPHA)


def test_more_samples_settle_what_the_spread_of_the_seeds_allows() -> None:
    right = right_answers(np.random.default_rng(1), np.zeros(500), 5, 1.0, 0.02).astype(float)
    needed = [
        RecipeMean(right, None, limit, ">=").samples_needed(ALPHA) for limit in (0.5, 0.7, 0.81)
    ]
    assert needed[0] is not None and needed[1] is not None
    assert 1 < needed[0] < needed[1]
    uneven = right_answers(np.random.default_rng(1), np.zeros(500), 5, 1.0, 0.5).astype(float)
    assert RecipeMean(uneven, None, uneven.mean() - 0.01, ">=").samples_needed(ALPHA) is None


def pairs(seeds: int, runs: int, n: int = 500) -> list[tuple[RecipeFlips, RecipeOverlap]]:
    """Two recipes without spread of seeds, each against its very rate of flips and overlap."""
    rng, item = np.random.default_rng(seeds), stats.norm.ppf((np.arange(4000) + 0.5) / 4000) * 1.5
    right, other = ndtr(item + 2.3), ndtr(item + 2.1)
    flips = float((right * (1 - other)).mean())
    overlap = float(((1 - right) * (1 - other)).mean() / (1 - right * other).mean())
    made = []
    for _ in range(runs):
        drawn = rng.normal(0, 1.5, n)
        reference = right_answers(rng, drawn, seeds, 2.3, 0.0)
        candidate = right_answers(rng, drawn, seeds, 2.1, 0.0)
        made.append(
            (
                RecipeFlips(reference, candidate, flips),
                RecipeOverlap(~reference, ~candidate, overlap),
            )
        )
    return made


def test_flips_and_overlap_at_their_limit_are_decided_wrongly_at_most_as_often_as_alpha() -> None:
    made = pairs(5, 300)
    for kind in (0, 1):
        assert np.mean([one[kind].complies(ALPHA) for one in made]) <= ALPHA
        assert np.mean([one[kind].violates(ALPHA) for one in made]) <= ALPHA
        assert np.mean([one[kind].violates(0.3) for one in made]) > 0.05


def test_flips_and_overlap_are_means_over_all_pairs_of_seeds() -> None:
    rng = np.random.default_rng(5)
    reference, candidate = rng.random((2, 60)) < 0.8, rng.random((3, 60)) < 0.7
    every = [(one, other) for one in reference for other in candidate]
    flips = np.mean([(one & ~other).mean() for one, other in every])
    overlap = np.mean([(~one & ~other).sum() / (~one | ~other).sum() for one, other in every])
    assert RecipeFlips(reference, candidate, 0.1).estimate == pytest.approx(flips)
    assert RecipeOverlap(~reference, ~candidate, 0.1).estimate == pytest.approx(overlap)


def test_the_influence_of_samples_is_the_jackknifes() -> None:
    rng = np.random.default_rng(6)
    wrong_r, wrong_c = rng.random((3, 300)) < 0.3, rng.random((4, 300)) < 0.4
    found = RecipeOverlap(wrong_r, wrong_c, 0.1)
    without = [
        RecipeOverlap(np.delete(wrong_r, i, 1), np.delete(wrong_c, i, 1), 0.1).estimate
        for i in range(300)
    ]
    jackknife = 299 / 300 * np.sum((np.array(without) - np.mean(without)) ** 2)
    assert found._spread.samples == pytest.approx(jackknife, rel=0.03)


def test_recipes_without_flips_or_errors_are_bounded_as_rates_never_seen() -> None:
    right = np.ones((3, 300), bool)
    flips = RecipeFlips(right, right, 0.01)
    assert flips.bounds(ALPHA) == pytest.approx((0, 1 - ALPHA ** (1 / 300)))
    assert (flips.complies(ALPHA), flips.samples_needed(ALPHA)) == (True, 299)
    overlap = RecipeOverlap(~right, ~right, 0.5)
    assert (overlap.estimate, overlap.bounds(ALPHA)) == (1.0, (0.0, 1.0))
    assert not overlap.complies(ALPHA)


def test_equal_error_sets_of_ten_samples_show_no_more_than_ten_samples_can() -> None:
    wrong = np.zeros((3, 300), bool)
    wrong[:, :10] = True
    assert RecipeOverlap(wrong, wrong, 0.5).bounds(ALPHA) == pytest.approx((ALPHA**0.1, 1.0))


@pytest.mark.parametrize("shape", [(1, 5), (2, 0), (5,)])
def test_one_seed_or_no_samples_are_no_recipe(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="needs 2 seeds or more"):
        RecipeMean(np.ones(shape), None, 0.5, ">=")


def test_sides_of_different_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in samples"):
        RecipeFlips(np.ones((2, 4), bool), np.ones((2, 5), bool), 0.5)
