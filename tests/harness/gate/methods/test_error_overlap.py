from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from harness.gate.methods.error_overlap import ErrorOverlap

ALPHA = 0.05
Decides = Callable[[int, int], bool]


def worst_errors(truth: float, complies: Decides, violates: Decides) -> tuple[float, float]:
    """The exact chances of a wrong pass and fail, worst over the size of the union."""
    passes, fails = [], []
    for union in (1, 3, 10, 15, 40, 90):
        both = np.arange(union + 1)
        weight = stats.binom.pmf(both, union, truth)
        passes.append(sum(weight[[complies(int(x), union) for x in both]]))
        fails.append(sum(weight[[violates(int(x), union) for x in both]]))
    return max(passes), max(fails)


@pytest.mark.parametrize("truth", [0.05, 0.2, 0.5, 0.8, 0.95])
def test_neither_decision_is_wrong_more_often_than_alpha(truth: float) -> None:
    worst = worst_errors(
        truth,
        lambda both, union: ErrorOverlap(both, union, 100, truth).complies(ALPHA),
        lambda both, union: ErrorOverlap(both, union, 100, truth).violates(ALPHA),
    )
    assert 0.005 < max(worst) <= ALPHA


def test_the_delta_method_would_be_wrong_far_more_often() -> None:
    def half(both: int, union: int) -> float:
        return 1.645 * float(np.sqrt(both * (union - both) / union**3))

    worst = worst_errors(
        0.8,
        lambda both, union: both / union - half(both, union) >= 0.8,
        lambda both, union: both / union + half(both, union) < 0.8,
    )
    assert max(worst) > 0.3


def test_two_models_without_errors_are_equal_by_convention_and_nothing_is_shown() -> None:
    found = ErrorOverlap(0, 0, 300, 0.5)
    assert (found.estimate, found.by_convention, found.bounds(ALPHA)) == (1.0, True, (0.0, 1.0))
    assert (found.complies(ALPHA), found.violates(ALPHA)) == (False, False)
    assert found.samples_needed(ALPHA) is None
    assert ErrorOverlap(0, 0, 300, 0.0).complies(ALPHA)


def test_samples_needed_grow_as_errors_get_rare() -> None:
    rare, common = ErrorOverlap(14, 20, 2000, 0.5), ErrorOverlap(14, 20, 200, 0.5)
    assert rare.samples_needed(ALPHA) == 10 * (common.samples_needed(ALPHA) or 0)
    assert ErrorOverlap(10, 20, 200, 0.5).samples_needed(ALPHA) is None


@pytest.mark.parametrize("counts", [(3, 2, 5), (1, 6, 5), (-1, 2, 5)])
def test_impossible_error_sets_are_refused(counts: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="no error sets"):
        ErrorOverlap(*counts, 0.5)
