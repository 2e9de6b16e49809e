from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from harness.gate.methods import tango
from harness.gate.methods.paired_drop import PairedDrop, fewest_that_comply

ALPHA = 0.05
Rejects = Callable[[int, int], bool]


def size(rejects: Rejects, n: int, margin: float, highest: float = 0.06) -> float:
    """The exact chance of `rejects(b, c)` at a drop of `margin`, worst over the rate of c.

    The region is taken to be b >= first(c), first growing with c; (b, c) is multinomial.
    """
    rates = np.concatenate([[0.0], np.geomspace(1e-4, highest, 120)])
    rates = rates[rates + margin >= 0]
    counts = np.arange(int(stats.binom.isf(1e-7, n, highest)) + 2)
    first = np.empty_like(counts)
    b = 0
    for c in counts:
        while b <= n - c and not rejects(b, int(c)):
            b += 1
        first[c] = b
    left = n - counts
    chances = [
        stats.binom.pmf(counts, n, q) @ stats.binom.sf(first - 1, left, (q + margin) / (1 - q))
        for q in rates
    ]
    return float(max(chances))


@pytest.mark.parametrize("margin", [0.0, 0.01, 0.05])
def test_a_drop_of_the_limit_fails_at_most_as_often_as_alpha(margin: float) -> None:
    worst = size(lambda b, c: PairedDrop(b, c, 300, margin).violates(ALPHA), 300, margin)
    assert 0.045 < worst <= ALPHA


@pytest.mark.parametrize("margin", [0.0, 0.01, 0.05])
def test_a_drop_of_the_limit_passes_at_most_as_often_as_alpha(margin: float) -> None:
    worst = size(lambda c, b: PairedDrop(b, c, 300, margin).complies(ALPHA), 300, -margin, 0.1)
    assert 0.04 < worst <= ALPHA


def test_a_low_alpha_is_kept_too_where_the_normal_tail_is_not() -> None:
    alpha, z = 5e-4, stats.norm.isf(5e-4)
    exact = size(lambda b, c: PairedDrop(b, c, 300, 0.05).violates(alpha), 300, 0.05)
    normal = size(lambda b, c: bool(tango.score(b, c, 300, 0.05) >= z), 300, 0.05)
    assert exact <= alpha < normal / 2


def test_wald_would_pass_a_violated_limit_far_too_often() -> None:
    def wald(c: int, b: int) -> bool:
        half = 1.6449 * math.sqrt(max(b + c - (b - c) ** 2 / 300, 0)) / 300
        return (b - c) / 300 + half <= 0.01

    assert size(wald, 300, -0.01, 0.1) > 0.15


@pytest.mark.parametrize("margin", [-0.3, 0.0, 0.02, 0.4])
def test_the_score_grows_with_what_got_worse_and_falls_with_what_got_better(margin: float) -> None:
    for n in (1, 2, 9, 40):
        b, c = np.indices((n + 1, n + 1))
        fits = b + c <= n
        score = np.where(fits, tango.score(b, c, n, margin), np.nan)
        assert not np.isnan(score[fits]).any()
        for axis, sign in ((0, 1), (1, -1)):
            step = sign * np.diff(score, axis=axis)
            assert (step[~np.isnan(step)] >= -1e-12).all()


@pytest.mark.parametrize(("b", "c", "margin"), [(7, 3, 0.02), (0, 4, 0.1), (5, 0, -0.05)])
def test_the_null_rate_is_the_one_of_the_highest_likelihood(b: int, c: int, margin: float) -> None:
    q = np.linspace(max(0, -margin), (1 - margin) / 2, 200_001)[1:-1]
    rest = 50 - b - c
    likelihood = b * np.log(q + margin) + c * np.log(q) + rest * np.log1p(-2 * q - margin)
    assert tango.null_rate(b, c, 50, margin) == pytest.approx(q[likelihood.argmax()], abs=1e-4)


@pytest.mark.parametrize(("b", "c", "margin"), [(6, 1, 0.02), (4, 0, 0.0), (9, 5, -0.1)])
def test_the_p_value_is_the_one_of_its_definition(b: int, c: int, margin: float) -> None:
    """Every outcome of 30 pairs is scored and weighed by the multinomial, at 17 rates of c."""
    n, gamma = 30, 1e-3
    every_b, every_c = np.indices((n + 1, n + 1)).reshape(2, -1)
    fits = every_b + every_c <= n
    every_b, every_c = every_b[fits], every_c[fits]

    def scored(worse: np.ndarray, better: np.ndarray) -> np.ndarray:
        q = np.array([tango.null_rate(*one, n, margin) for one in zip(worse, better, strict=True)])
        excess = worse - better - n * margin
        corrected = np.sign(excess) * np.maximum(np.abs(excess) - 0.5, 0)
        return corrected / np.sqrt(np.maximum(n * (2 * q + margin * (1 - margin)), 1e-12))

    extreme = scored(every_b, every_c) >= scored(np.array([b]), np.array([c])) - 1e-9
    interval = stats.binomtest(c, n).proportion_ci(1 - gamma, method="exact")
    chances = [
        stats.multinomial.pmf(
            np.stack([every_b, every_c, n - every_b - every_c], axis=1)[extreme],
            n,
            [q + margin, q, 1 - 2 * q - margin],
        ).sum()
        for q in np.linspace(max(interval.low, -margin), min(interval.high, (1 - margin) / 2), 17)
    ]
    expected = max(chances) + gamma
    assert PairedDrop(b, c, n, margin).p_violates(gamma) == pytest.approx(expected, rel=1e-4)
    assert PairedDrop(c, b, n, -margin).p_complies(gamma) == pytest.approx(expected, rel=1e-4)


DATA = [(10, 5, 300), (0, 0, 300), (3, 0, 40), (0, 3, 40), (1, 0, 1), (0, 0, 1), (30, 0, 30)]


@pytest.mark.parametrize("data", DATA)
def test_a_bound_is_where_the_decision_turns(data: tuple[int, int, int]) -> None:
    low, high = PairedDrop(*data, 0.0).bounds(ALPHA)
    step = 0.02 * (high - low)
    if low - step > -1:
        assert PairedDrop(*data, low - step).violates(ALPHA)
    if high + step < 1:
        assert PairedDrop(*data, high + step).complies(ALPHA)
    assert not PairedDrop(*data, min(low + step, 1)).violates(ALPHA)
    assert not PairedDrop(*data, max(high - step, -1)).complies(ALPHA)
    assert -1 <= low <= PairedDrop(*data, 0.0).estimate <= high <= 1


def test_swapped_models_have_the_mirrored_bounds() -> None:
    low, high = PairedDrop(12, 4, 500, 0.01).bounds(ALPHA)
    assert PairedDrop(4, 12, 500, -0.01).bounds(ALPHA) == pytest.approx((-high, -low))


def test_equal_answers_pass_a_margin_only_with_enough_samples() -> None:
    fewest = fewest_that_comply(0.01, ALPHA)
    assert 300 < fewest < 391
    assert PairedDrop(0, 0, fewest, 0.01).complies(ALPHA)
    assert not PairedDrop(0, 0, fewest - 2, 0.01).complies(ALPHA)
    assert PairedDrop(0, 0, 20, 0.01).samples_needed(ALPHA) >= fewest


def test_a_margin_of_0_is_never_kept_by_equal_answers_and_no_size_would_help() -> None:
    found = PairedDrop(0, 0, 10**6, 0.0)
    assert (found.complies(ALPHA), found.violates(ALPHA)) == (False, False)
    assert found.samples_needed(ALPHA) is None
    assert PairedDrop(8, 0, 30, 0.0).violates(ALPHA)
    assert PairedDrop(0, 8, 30, 0.0).complies(ALPHA)


@pytest.mark.parametrize(("limit", "complies"), [(1.0, True), (-1.0, False)])
def test_limits_that_every_drop_keeps_or_none_is_shown_to_keep(
    limit: float, complies: bool
) -> None:
    assert PairedDrop(20, 0, 20, limit).complies(ALPHA) == complies
    assert PairedDrop(0, 20, 20, 1.0).violates(ALPHA) is False
    assert PairedDrop(0, 20, 20, -1.0).violates(ALPHA) is False


POWERS = [(0.01, 0.02, 1497), (0.005, 0.004, 1710), (0.002, 0.02, 31_608)]


@pytest.mark.parametrize(("margin", "discordant", "published"), POWERS)
def test_samples_needed_are_the_published_ones(
    margin: float, discordant: float, published: int
) -> None:
    half = round(discordant / 2 * 10**5)
    found = PairedDrop(half, half, 10**5, margin).samples_needed(ALPHA)
    assert found == pytest.approx(published, rel=0.002)


def test_samples_needed_give_the_power() -> None:
    rng = np.random.default_rng(4)
    needed = PairedDrop(10, 10, 1000, 0.01).samples_needed(ALPHA) or 0
    drawn = rng.multinomial(needed, [0.01, 0.01, 0.98], 300)
    power = np.mean([PairedDrop(b, c, needed, 0.01).complies(ALPHA) for b, c, _ in drawn.tolist()])
    assert 0.74 < power < 0.88


def test_a_large_test_set_is_decided_by_the_normal_tail_and_agrees_with_the_exact_sum(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = PairedDrop(10_400, 10_000, 300_000, 0.001)
    exact = found.p_violates(1e-9)
    monkeypatch.setattr("harness.gate.methods.unconditional.WIDEST_WINDOW", 0)
    assert found.p_violates(1e-9) == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("counts", [(-1, 0, 3), (2, 2, 3), (0, 0, 0)])
def test_impossible_counts_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        PairedDrop(*counts, 0.1)
