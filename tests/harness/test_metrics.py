from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, recall_score, top_k_accuracy_score

from harness.metrics import (
    accuracy,
    bottom_k_accuracy,
    class_accuracy,
    class_counts,
    class_gini,
    gini,
    summarize,
    top_k_accuracy,
    top_k_class_accuracy,
)
from harness.predictions import Meta, Predictions
from tests.harness.made import answers, drawn


def test_accuracy_is_that_of_scikit_learn() -> None:
    made = drawn(997, 7, seed=1)
    assert accuracy(made) == accuracy_score(made.labels, made.predicted)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_top_k_accuracy_is_that_of_scikit_learn(k: int) -> None:
    made = drawn(20_000, 9, seed=1)
    expected = top_k_accuracy_score(made.labels, made.scores, k=k, labels=np.arange(9))
    assert top_k_accuracy(made, k) == expected


def test_top_1_accuracy_is_accuracy_even_among_ties() -> None:
    scores = np.random.default_rng(3).integers(0, 3, (5000, 8)).astype(np.float32)
    labels = np.random.default_rng(4).integers(0, 8, 5000)
    made = Predictions(scores, labels, np.arange(5000), Meta(kind="logits"))
    assert top_k_accuracy(made, 1) == accuracy(made)


def test_of_equal_scores_the_lowest_classes_are_the_top_5() -> None:
    labels = np.arange(6)
    made = Predictions(np.zeros((6, 6)), labels, labels, Meta(kind="logits"))
    assert top_k_accuracy(made, 5) == 5 / 6


@pytest.mark.parametrize(("classes", "defined"), [(2, False), (4, False), (5, False), (6, True)])
def test_top_5_is_undefined_where_every_model_would_have_1(classes: int, defined: bool) -> None:
    assert (top_k_accuracy(drawn(50, classes, seed=1), 5) is not None) == defined


def test_class_accuracy_is_the_recall_of_scikit_learn() -> None:
    made = drawn(3000, 11, seed=2)
    expected = recall_score(made.labels, made.predicted, average=None)
    np.testing.assert_allclose(class_accuracy(made), expected, rtol=1e-15)
    assert class_counts(made).tolist() == [int((made.labels == c).sum()) for c in range(11)]


def test_a_class_without_samples_has_no_accuracy() -> None:
    made = answers([0, 0, 2, 2], [0, 2, 2, 2], classes=4)
    np.testing.assert_array_equal(class_accuracy(made), [0.5, np.nan, 1.0, np.nan])
    assert class_counts(made).tolist() == [2, 0, 2, 0]


def test_bottom_and_top_classes_are_averaged_without_weights_and_without_absent_ones() -> None:
    labels = [0] * 10 + [1] * 2 + [2] * 4
    predicted = [0] * 9 + [1] + [0, 1] + [2] * 4
    made = answers(labels, predicted, classes=5)  # 0.9, 0.5, 1.0; 3 and 4 are absent
    assert bottom_k_accuracy(made, 1) == 0.5
    assert bottom_k_accuracy(made, 2) == pytest.approx(0.7)
    assert top_k_class_accuracy(made, 2) == pytest.approx(0.95)
    assert bottom_k_accuracy(made, 3) == top_k_class_accuracy(made, 3) == pytest.approx(0.8)
    assert bottom_k_accuracy(made, 4) is None
    assert top_k_class_accuracy(made, 4) is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30).filter(lambda one: sum(one) > 1e-6))
@settings(deadline=None)
def test_gini_is_the_mean_difference_over_twice_the_mean(values: list[float]) -> None:
    array = np.array(values)
    pairs = sum(abs(a - b) for a in values for b in values)
    expected = pairs / (2 * len(values) ** 2 * array.mean())
    assert gini(array) == pytest.approx(expected, abs=1e-9)


def test_gini_of_hand_worked_values() -> None:
    assert gini(np.array([0.5, 0.5, 0.5])) == 0.0
    assert gini(np.array([0.0, 1.0])) == 0.5
    assert gini(np.array([0.0, 0.0, 0.0, 1.0])) == 0.75
    assert gini(np.array([0.5, np.nan, 1.0])) == pytest.approx(1 / 6)


def test_gini_is_undefined_where_every_answer_is_wrong() -> None:
    assert class_gini(answers([0, 1], [1, 0], classes=2)) is None
    assert gini(np.array([np.nan])) is None


def test_everything_right_is_accuracy_1_in_every_class_and_gini_0() -> None:
    found = summarize(answers([0, 1, 2], [0, 1, 2], classes=3))
    assert found.accuracy == 1.0
    assert found.class_accuracy == (1.0, 1.0, 1.0)
    assert found.gini == 0.0
    assert found.confidence_wrong is None
    assert found.confidence_correct == 0.75


def test_everything_wrong_is_accuracy_0_in_every_class() -> None:
    found = summarize(answers([0, 1, 2], [1, 2, 0], classes=3))
    assert found.accuracy == 0.0
    assert found.class_accuracy == (0.0, 0.0, 0.0)
    assert found.confidence_correct is None


def test_a_summary_with_undefined_figures_is_json_without_nan() -> None:
    found = summarize(answers([0, 0], [1, 1], classes=3))
    content = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert content["class_accuracy"] == [0.0, None, None]
    assert content["gini"] is None
    assert content["top5_accuracy"] is None
    assert content["bottom_k_accuracy"] == {"5": None, "10": None, "20": None}
    assert len(content["bins"]) == 15


def test_scalars_leave_out_what_is_undefined() -> None:
    found = summarize(answers([0, 0], [1, 1], classes=3)).scalars()
    assert set(found) == {
        "accuracy",
        "ece",
        "global_gap",
        "confidence",
        "confidence_wrong",
    }
    whole = summarize(drawn(2000, 20, seed=1)).scalars()
    assert {"bottom_5_accuracy", "bottom_20_accuracy", "top_10_class_accuracy"} <= set(whole)
