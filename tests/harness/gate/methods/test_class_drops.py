from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from harness.gate.methods.class_drops import ClassDrops
from harness.gate.methods.holm import holm_p_values
from harness.gate.methods.paired_drop import PairedDrop

ALPHA = 0.05
Ints = npt.NDArray[np.int64]


def of(b: list[int], c: list[int], counts: list[int], limit: float) -> ClassDrops:
    return ClassDrops(np.array(b), np.array(c), np.array(counts), limit)


def drawn(seed: int, counts: Ints, worse: float | Ints, better: float, limit: float) -> ClassDrops:
    rng = np.random.default_rng(seed)
    b = rng.binomial(counts, worse)
    return ClassDrops(b, rng.binomial(counts - b, better), counts, limit)


@pytest.mark.parametrize(("classes", "count"), [(10, 30), (100, 30)])
def test_the_family_fails_wrongly_at_most_as_often_as_alpha(classes: int, count: int) -> None:
    """All classes drop by the limit; the chance is exact, for they are independent."""
    limit, better = 0.05, 0.02
    b, c = np.indices((count + 1, 12)).reshape(2, -1)
    b, c = b[b + c <= count], c[b + c <= count]
    rest = [0] * (classes - 1)
    first = np.array(
        [
            of([x, *rest], [y, *rest], [count] * classes, limit).violates(ALPHA)
            for x, y in zip(b.tolist(), c.tolist(), strict=True)
        ]
    )
    alone = np.array(
        [
            PairedDrop(x, y, count, limit).violates(ALPHA)
            for x, y in zip(b.tolist(), c.tolist(), strict=True)
        ]
    )
    chance = stats.multinomial.pmf(
        np.stack([b, c, count - b - c], axis=1), count, [limit + better, better, 0.93 - better]
    )
    assert 0 < 1 - (1 - chance[first].sum()) ** classes <= ALPHA
    assert 1 - (1 - chance[alone].sum()) ** classes > 2 * ALPHA


def test_every_class_complies_if_each_does_alone() -> None:
    seen = set()
    for seed in range(40):
        made = drawn(seed, np.array([200, 300, 400]), 0.02, 0.02, 0.05)
        alone = [
            PairedDrop(b, c, n, 0.05).complies(ALPHA)
            for b, c, n in zip(made.b.tolist(), made.c.tolist(), made.counts.tolist(), strict=True)
        ]
        assert made.complies(ALPHA) == all(alone)
        seen.add(made.complies(ALPHA))
    assert seen == {True, False}


def test_the_screen_loses_no_rejection() -> None:
    for seed in range(20):
        made = drawn(seed, np.full(12, 60), 0.2, 0.05, 0.05)
        gamma = ALPHA / (20 * 12)
        p = [
            PairedDrop(b, c, 60, 0.05).p_violates(gamma)
            for b, c in zip(made.b.tolist(), made.c.tolist(), strict=True)
        ]
        assert made.violating(ALPHA) == tuple(np.flatnonzero(holm_p_values(p, ALPHA)).tolist())


def test_a_destroyed_class_among_a_hundred_is_named() -> None:
    worse = np.full(100, 0.05)
    worse[37] = 0.45
    found = drawn(1, np.full(100, 100), worse, 0.05, 0.05)
    assert (found.worst, found.violating(ALPHA), found.suspects(0.1)) == (37, (37,), (37,))


def test_suspects_are_false_at_most_as_often_as_asked() -> None:
    worse = np.full(40, 0.1)
    worse[:10] = 0.45
    false = []
    for seed in range(40):
        found = drawn(seed, np.full(40, 60), worse, 0.05, 0.05).suspects(0.1)
        false.append(sum(one >= 10 for one in found) / max(len(found), 1))
    assert np.mean(false) <= 0.1


@pytest.mark.parametrize("limit", [-0.02, 0.0, 0.03])
@pytest.mark.parametrize("worse", [0.005, 0.05, 0.3])
def test_bounds_and_decisions_agree_and_the_bounds_are_those_of_the_classes(
    limit: float, worse: float
) -> None:
    found = drawn(3, np.array([50, 400, 900, 900]), worse, 0.02, limit)
    low, high = found.bounds(ALPHA)
    assert found.complies(ALPHA) == (high <= limit)
    assert found.violates(ALPHA) == (low > limit)
    alone = [
        PairedDrop(b, c, n, limit).bounds(a)
        for a in (ALPHA, ALPHA / 4)
        for b, c, n in zip(found.b.tolist(), found.c.tolist(), found.counts.tolist(), strict=True)
    ]
    assert high == pytest.approx(max(one[1] for one in alone[:4]), abs=5e-3)
    assert low == pytest.approx(max(one[0] for one in alone[4:]), abs=5e-3)


def test_a_class_without_samples_leaves_every_class_undecided() -> None:
    found = of([0, 0], [0, 0], [1000, 0], 0.05)
    assert (found.absent, found.complies(0.5), found.bounds(ALPHA)[1]) == ((1,), False, 1.0)
    assert found.samples_needed(ALPHA) is None
    assert of([500, 0], [0, 0], [1000, 0], 0.05).violating(ALPHA) == (0,)


def test_a_limit_of_0_takes_the_tests_that_count_what_can_be_attained() -> None:
    found = of([6, 1, 2, 1], [0, 0, 0, 1], [20] * 4, 0.0)
    assert found.violating(ALPHA) == (0,)
    assert "McNemar" in found.name


def test_identical_answers_comply_once_each_class_is_large_enough() -> None:
    none = [0] * 3
    assert of(none, none, [80] * 3, 0.05).complies(ALPHA)
    assert not of(none, none, [80, 80, 20], 0.05).complies(ALPHA)
    needed = of(none, none, [80, 80, 20], 0.05).samples_needed(ALPHA) or 0
    assert of(none, none, [needed * 4 // 9, needed * 4 // 9, needed // 9], 0.05).complies(ALPHA)
    assert not of(none, none, [300, 300, 50], 0.05).complies(ALPHA)
    assert of(none, none, [80] * 3, 0.0).samples_needed(ALPHA) is None
    assert of(none, none, [80] * 3, 1.0).complies(ALPHA)


def test_samples_needed_for_every_class_are_the_published_ones() -> None:
    found = of([25] * 100, [25] * 100, [1000] * 100, 0.05)
    assert found.samples_needed(ALPHA) == pytest.approx(505 * 100, rel=0.01)


@pytest.mark.parametrize(
    ("b", "c", "counts"),
    [([1], [0], [1, 2]), ([0], [0], [0]), ([2], [1], [2]), ([-1], [0], [2])],
)
def test_impossible_counts_are_refused(b: list[int], c: list[int], counts: list[int]) -> None:
    with pytest.raises(ValueError, match="class"):
        of(b, c, counts, 0.5)
