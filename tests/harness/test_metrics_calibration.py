from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from harness.metrics import (
    bin_of,
    confidence_where,
    ece,
    global_gap,
    mean_confidence,
    reliability_bins,
)
from harness.predictions import Predictions
from tests.harness.made import answers, drawn


def ece_by_loop(predictions: Predictions) -> float:
    total = 0.0
    for index in range(15):
        inside = [
            (float(confidence), bool(correct))
            for confidence, correct in zip(predictions.confidence, predictions.correct, strict=True)
            if min(int(15 * float(confidence)), 14) == index
        ]
        if inside:
            confidence = sum(one for one, _ in inside) / len(inside)
            accuracy = sum(one for _, one in inside) / len(inside)
            total += len(inside) / len(predictions) * abs(confidence - accuracy)
    return total


@pytest.mark.parametrize("skill", [0.0, 2.0, 8.0])
def test_ece_is_that_of_a_loop_over_the_samples(skill: float) -> None:
    made = drawn(1500, 10, seed=5, skill=skill)
    assert ece(made) == pytest.approx(ece_by_loop(made), abs=1e-12)


def test_the_bins_are_those_of_scikit_learn_away_from_the_edges() -> None:
    made = drawn(5000, 4, seed=6)
    accuracies, confidences = calibration_curve(made.correct, made.confidence, n_bins=15)
    filled = [one for one in reliability_bins(made) if one.count]
    np.testing.assert_allclose([one.accuracy for one in filled], accuracies, rtol=1e-12)
    np.testing.assert_allclose([one.confidence for one in filled], confidences, rtol=1e-12)


def test_confidence_1_falls_in_the_last_bin() -> None:
    made = answers([0, 0], [0, 1], classes=2, confidence=1.0)
    last = reliability_bins(made)[-1]
    assert (last.count, last.accuracy, last.confidence) == (2, 0.5, 1.0)
    assert ece(made) == 0.5


def test_a_bin_holds_its_lower_edge_and_not_its_upper_one() -> None:
    edges = np.array([0.0, 0.2, 0.4, 0.8, 1.0])  # exact multiples of 1/15 in float64
    assert bin_of(edges).tolist() == [0, 3, 6, 12, 14]
    assert bin_of(np.nextafter(edges[1:], 0)).tolist() == [2, 5, 11, 14]


@given(st.floats(0, 1))
@settings(deadline=None)
def test_every_confidence_has_a_bin_by_the_written_rule(confidence: float) -> None:
    assert bin_of(np.array([confidence]))[0] == min(int(15 * confidence), 14)


def test_empty_bins_stay_and_have_no_means() -> None:
    bins = reliability_bins(answers([0, 1], [0, 1], classes=2, confidence=0.9))
    assert [one.count for one in bins] == [0] * 13 + [2, 0]
    assert bins[0].accuracy is None
    assert bins[0].confidence is None


def test_confidences_split_by_right_and_wrong() -> None:
    made = answers([0, 0, 0, 0], [0, 0, 1, 0], classes=2, confidence=[0.75, 0.875, 0.625, 1.0])
    assert confidence_where(made, correct=True) == pytest.approx((0.75 + 0.875 + 1) / 3)
    assert confidence_where(made, correct=False) == 0.625
    assert mean_confidence(made) == 0.8125
    assert global_gap(made) == pytest.approx(0.0625)


def test_opposite_gaps_of_two_bins_cancel_in_the_global_gap_but_not_in_ece() -> None:
    made = answers([0] * 4, [0, 0, 1, 1], classes=2, confidence=[0.5, 0.5, 0.9, 0.9])
    # Of two equal scores the first class is predicted: right at 0.5, wrong at 0.9.
    assert ece(made) == pytest.approx(0.7, abs=1e-6)
    assert global_gap(made) == pytest.approx(0.2, abs=1e-6)
