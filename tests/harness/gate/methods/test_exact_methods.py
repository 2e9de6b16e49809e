"""What holds for every exact method: the protocol, monotone decisions, bounds that agree."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from harness.gate.methods.class_accuracies import ClassAccuracies
from harness.gate.methods.class_drops import ClassDrops
from harness.gate.methods.error_overlap import ErrorOverlap
from harness.gate.methods.holm import holm
from harness.gate.methods.method import Method
from harness.gate.methods.mismatches import Mismatches
from harness.gate.methods.paired_drop import PairedDrop
from harness.gate.methods.proportion import Proportion
from harness.gate.methods.quantity import Quantity
from harness.gate.methods.recipe import RecipeMean
from harness.gate.methods.recipe_pairs import RecipeFlips, RecipeOverlap

RNG = np.random.default_rng(2)
RIGHT = RNG.random((4, 200)) < 0.85
OTHER = RNG.random((3, 200)) < 0.8
COUNTS = np.array([40, 60, 100])


def methods(limit: float) -> list[Method]:
    return [
        Proportion(170, 200, limit),
        Proportion(30, 200, limit, "<="),
        ClassAccuracies(np.array([30, 50, 95]), COUNTS, limit),
        PairedDrop(20, 8, 200, limit),
        ClassDrops(np.array([10, 5, 5]), np.array([2, 3, 3]), COUNTS, limit),
        ErrorOverlap(14, 40, 200, limit),
        Mismatches(4, 100, None, limit),
        Mismatches(4, 100, 250, limit),
        Mismatches(4, 100, 100, limit),
        Quantity(0.4, limit),
        RecipeMean(OTHER.astype(float), None, limit, ">="),
        RecipeMean(1.0 - OTHER, 1.0 - RIGHT, limit, "<="),
        RecipeFlips(RIGHT, OTHER, limit),
        RecipeOverlap(~RIGHT, ~OTHER, limit),
    ]


HIGHER_IS_BETTER = {0, 2, 5, 10, 13}
LIMITS = (0.0, 0.02, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
KINDS = range(len(methods(0.5)))


@pytest.mark.parametrize("kind", KINDS)
def test_bounds_enclose_the_estimate_and_agree_with_the_decisions(kind: int) -> None:
    seen = set()
    for limit in LIMITS:
        found = methods(limit)[kind]
        low, high = found.bounds(0.05)
        assert low <= found.estimate <= high
        kept, missed = (low >= limit, high < limit)
        if kind not in HIGHER_IS_BETTER:
            kept, missed = (high <= limit, low > limit)
        assert (found.complies(0.05), found.violates(0.05)) == (kept, missed)
        seen.add((kept, missed))
    assert {(True, False), (False, True)} <= seen


@pytest.mark.parametrize("kind", KINDS)
def test_decisions_are_monotone_in_alpha_and_never_both(kind: int) -> None:
    levels = (1e-6, 1e-4, 0.002, 0.01, 0.05, 0.1, 0.2)
    for limit in LIMITS:
        found = methods(limit)[kind]
        complies = [found.complies(alpha) for alpha in levels]
        violates = [found.violates(alpha) for alpha in levels]
        for decisions in (complies, violates):
            assert all(low <= high for low, high in pairwise(decisions))
        assert not any(one and other for one, other in zip(complies, violates, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_the_numbers_needed_are_whole_and_grow_near_the_limit(kind: int) -> None:
    for limit in LIMITS:
        found = methods(limit)[kind]
        needed = found.samples_needed(0.05)
        assert needed is None or (isinstance(needed, int) and needed >= 1)
        assert found.n >= 1
        assert found.name
        assert found.limit == limit


def test_a_gate_of_all_methods_is_decided_by_holm_over_their_decisions() -> None:
    made = methods(0.3)
    failed = holm([one.violates for one in made], 0.05)
    assert failed == [one.violates(0.05 / (len(made) - sum(failed))) for one in made]
    assert any(failed) and not all(failed)
