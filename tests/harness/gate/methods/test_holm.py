from __future__ import annotations

import numpy as np
from scipy import stats

from harness.gate.methods.false_discovery import benjamini_hochberg
from harness.gate.methods.holm import holm, holm_p_values

P = np.random.default_rng(3).random((400, 6)) ** 4


def naive(p: np.ndarray, alpha: float) -> list[bool]:
    rejected = [False] * len(p)
    for rank, index in enumerate(np.argsort(p)):
        if p[index] > alpha / (len(p) - rank):
            break
        rejected[index] = True
    return rejected


def test_predicates_and_p_values_reject_what_the_definition_rejects() -> None:
    partly = 0
    for p in P:
        expected = naive(p, 0.05)
        assert holm([lambda a, one=one: bool(one <= a) for one in p], 0.05) == expected
        assert holm_p_values(p, 0.05).tolist() == expected
        partly += 0 < sum(expected) < len(p)
    assert partly > 50


def test_no_tests_reject_nothing() -> None:
    assert holm([], 0.05) == []
    assert holm_p_values([], 0.05).size == 0
    assert benjamini_hochberg([], 0.1).size == 0


def test_the_family_of_true_nulls_is_wrong_at_most_as_often_as_alpha() -> None:
    p = np.random.default_rng(0).random((4000, 10))
    family = np.mean([holm_p_values(row, 0.05).any() for row in p])
    uncorrected = np.mean((p <= 0.05).any(axis=1))
    assert 0.038 < family < 0.06
    assert uncorrected > 0.35


def test_suspects_are_those_of_the_published_procedure_strongest_first() -> None:
    for p in P:
        found = benjamini_hochberg(p, 0.1)
        adjusted = stats.false_discovery_control(p)
        assert sorted(found.tolist()) == np.flatnonzero(adjusted <= 0.1).tolist()
        assert (np.diff(p[found]) >= 0).all()
