from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from harness.gate.methods import mcnemar
from harness.gate.methods.holm import holm_p_values

ALPHA = 0.05
DISCORDANT = [(4, 6, 7), (3, 3, 3, 5), (1, 2, 30), (5, 5, 5, 5), (2, 2, 6, 7)]


def tarone(p: np.ndarray, discordant: np.ndarray, alpha: float) -> np.ndarray:
    """Which classes Tarone 1990 rejects: Bonferroni over those that can attain so small a p."""
    lowest = 0.5 ** discordant.astype(float)
    for tests in range(1, p.size + 1):
        if (lowest <= alpha / tests).sum() <= tests:
            return p <= alpha / tests
    return p <= alpha / p.size


def outcomes(discordant: tuple[int, ...]) -> itertools.product[tuple[int, ...]]:
    return itertools.product(*(range(t + 1) for t in discordant))


@pytest.mark.parametrize("discordant", DISCORDANT)
def test_any_class_is_named_wrongly_at_most_as_often_as_alpha(discordant: tuple[int, ...]) -> None:
    """Exact: every class at no drop, all outcomes given the discordant pairs."""
    total, family, uncorrected = np.array(discordant), 0.0, 0.0
    for outcome in outcomes(discordant):
        b = np.array(outcome)
        chance = float(stats.binom.pmf(b, total, 0.5).prod())
        family += chance * bool(mcnemar.violating(b, total - b, ALPHA).size)
        uncorrected += chance * bool((mcnemar.p_values(b, total - b) <= ALPHA).any())
    assert family <= ALPHA
    assert family < uncorrected or uncorrected <= ALPHA


@pytest.mark.parametrize("discordant", DISCORDANT)
def test_whatever_tarone_or_holm_reject_is_rejected(discordant: tuple[int, ...]) -> None:
    total = np.array(discordant)
    for outcome in outcomes(discordant):
        b = np.array(outcome)
        p = mcnemar.p_values(b, total - b)
        found = set(mcnemar.violating(b, total - b, ALPHA).tolist())
        assert set(np.flatnonzero(tarone(p, total, ALPHA))) <= found
        assert set(np.flatnonzero(holm_p_values(p, ALPHA))) <= found


def test_uncorrected_tests_would_name_a_class_wrongly_more_often() -> None:
    total = np.full(40, 9)
    b = np.random.default_rng(1).binomial(9, 0.5, (500, 40))
    p = mcnemar.p_values(b, total - b)
    assert (p <= ALPHA).any(axis=1).mean() > 0.3
    family = np.mean([mcnemar.violating(row, total - row, ALPHA).size > 0 for row in b])
    assert family <= ALPHA + 0.02


def test_p_values_are_those_of_the_sign_test() -> None:
    b, c = np.array([0, 5, 9, 3]), np.array([0, 0, 4, 8])
    expected = [
        1.0,
        *(
            stats.binomtest(x, x + y, alternative="greater").pvalue
            for x, y in ((5, 0), (9, 4), (3, 8))
        ),
    ]
    assert mcnemar.p_values(b, c) == pytest.approx(expected)


def test_a_class_with_few_discordant_pairs_does_not_weigh_on_the_others() -> None:
    lonely = mcnemar.violating(np.array([6]), np.array([0]), ALPHA)
    crowd = mcnemar.violating(np.array([1, 2, 1, 6, 3]), np.array([0, 0, 1, 0, 0]), ALPHA)
    assert (lonely.tolist(), crowd.tolist()) == ([0], [3])
    assert not holm_p_values([1, 1, 1, 0.5**6, 1, 1], 0.05).any()


def test_what_is_rejected_at_a_level_is_rejected_at_every_higher_one() -> None:
    rng = np.random.default_rng(7)
    for _ in range(40):
        total = rng.integers(0, 14, 8)
        b = rng.binomial(total, 0.75)
        sets = [
            set(mcnemar.violating(b, total - b, a).tolist()) for a in np.linspace(0.001, 0.3, 25)
        ]
        assert all(low <= high for low, high in itertools.pairwise(sets))
