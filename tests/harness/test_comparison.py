from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, jaccard_score

from harness.comparison import (
    agreement,
    class_difference,
    compare,
    jaccard,
    largest_score_difference,
    match,
    outcomes,
)
from harness.errors import PredictionsError
from harness.predictions import Meta, Predictions
from tests.harness.made import answers, drawn


def shuffled(made: Predictions, seed: int) -> Predictions:
    order = np.random.default_rng(seed).permutation(len(made))
    return Predictions(made.scores[order], made.labels[order], made.ids[order], made.meta)


def test_flips_are_those_of_scikit_learns_confusion_matrix() -> None:
    reference, candidate = drawn(2000, 8, seed=1), drawn(2000, 8, seed=2)
    (neither, gained), (lost, both) = confusion_matrix(reference.correct, candidate.correct)
    found = outcomes(match(reference, candidate))
    assert (found.both_right, found.negative_flips, found.positive_flips, found.both_wrong) == (
        both,
        lost,
        gained,
        neither,
    )


def test_jaccard_is_that_of_scikit_learn() -> None:
    reference, candidate = drawn(2000, 8, seed=1), drawn(2000, 8, seed=2)
    found = jaccard(match(reference, candidate))
    assert found.value == jaccard_score(~reference.correct, ~candidate.correct)
    assert found.union == int((~reference.correct | ~candidate.correct).sum())


def test_jaccard_stands_between_hand_worked_reference_values() -> None:
    labels = [0] * 10 + [1] * 10
    reference = answers(labels, [1] * 6 + [0] * 4 + [1] * 8 + [0] * 2, classes=2)  # 6 + 2 wrong
    candidate = answers(labels, [1] * 4 + [0] * 3 + [1] * 3 + [0] + [1] * 9, classes=2)  # 7 + 1
    found = jaccard(match(reference, candidate))
    assert (found.intersection, found.union) == (4, 12)
    within = 6 * 7 / 10 + 2 * 1 / 10
    assert found.independent == pytest.approx(within / (8 + 8 - within))
    rate = 8 / 20
    assert found.independent_global == pytest.approx(rate * rate / (2 * rate - rate * rate))
    assert found.containment == 1.0
    expected = (4 / 12 - found.independent) / (1 - found.independent)
    assert found.position == pytest.approx(expected)


def test_errors_independent_within_classes_stand_near_position_0() -> None:
    rng = np.random.default_rng(7)
    labels = rng.integers(0, 20, 100_000)
    hard = np.linspace(0.02, 0.9, 20)[labels]
    first, second = ((labels + (rng.random(100_000) < hard)) % 20 for _ in range(2))
    found = jaccard(match(answers(labels, first, 20), answers(labels, second, 20)))
    assert found.position == pytest.approx(0.0, abs=0.01)
    assert found.value > 1.2 * found.independent_global


def test_errors_that_contain_each_other_stand_at_position_1() -> None:
    labels = np.zeros(100, dtype=int)
    found = jaccard(
        match(
            answers(labels, [1] * 10 + [0] * 90, classes=2),
            answers(labels, [1] * 30 + [0] * 70, classes=2),
        )
    )
    assert found.value == found.containment == pytest.approx(1 / 3)
    assert found.position == pytest.approx(1.0)


def test_two_models_without_errors_have_jaccard_1_and_no_position() -> None:
    right = answers([0, 1], [0, 1], classes=2)
    found = jaccard(match(right, right))
    assert (found.value, found.union, found.containment) == (1.0, 0, 1.0)
    assert found.position is None


def test_one_empty_error_set_gives_jaccard_0_and_no_position() -> None:
    found = jaccard(match(answers([0, 1], [0, 1], classes=2), answers([0, 1], [1, 0], classes=2)))
    assert (found.value, found.containment, found.independent) == (0.0, 0.0, 0.0)
    assert found.position is None


def test_two_models_that_are_always_wrong_have_jaccard_1_and_no_position() -> None:
    wrong = answers([0, 1, 1], [1, 0, 0], classes=2)
    found = jaccard(match(wrong, wrong))
    assert (found.value, found.independent, found.containment) == (1.0, 1.0, 1.0)
    assert found.position is None


def test_the_same_ids_in_another_order_compare_alike() -> None:
    reference, candidate = drawn(500, 6, seed=1), drawn(500, 6, seed=2)
    expected = compare(reference, candidate)
    found = compare(shuffled(reference, 1), shuffled(candidate, 2))
    assert found.ece_increase == pytest.approx(expected.ece_increase, abs=1e-12)
    assert replace(found, ece_increase=0.0) == replace(expected, ece_increase=0.0)
    moved = match(shuffled(reference, 3), shuffled(candidate, 4))
    np.testing.assert_array_equal(moved.of_reference(moved.reference.ids), moved.candidate.ids)


def test_text_ids_are_matched_whatever_their_width() -> None:
    names = np.array(["b", "a"])
    scores = np.array([[1.0, 0.0], [0.0, 1.0]])
    reference = Predictions(scores, np.array([0, 1]), names, Meta(kind="logits"))
    candidate = Predictions(
        scores[::-1], np.array([1, 0]), np.array(["a", "b"], dtype="U9"), Meta(kind="logits")
    )
    assert agreement(match(reference, candidate)) == 1.0


def test_class_difference_is_candidate_minus_reference_and_undefined_for_absent_classes() -> None:
    reference = answers([0, 0, 1, 1], [0, 0, 1, 0], classes=3)
    candidate = answers([0, 0, 1, 1], [0, 1, 1, 1], classes=3)
    found = compare(reference, candidate)
    assert found.class_difference == (-0.5, 0.5, None)
    np.testing.assert_array_equal(
        class_difference(match(reference, candidate)), [-0.5, 0.5, np.nan]
    )
    assert found.accuracy_drop == 0.0
    assert (found.negative_flip_rate, found.positive_flip_rate) == (0.25, 0.25)


def test_drop_and_ece_increase_are_above_0_where_the_candidate_is_worse() -> None:
    good = answers([0] * 4, [0] * 4, classes=2, confidence=1.0)
    bad = answers([0] * 4, [0, 0, 0, 1], classes=2, confidence=1.0)
    assert compare(good, bad).accuracy_drop == 0.25
    assert compare(good, bad).ece_increase == 0.25
    assert compare(bad, good).accuracy_drop == -0.25


def test_a_comparison_is_json_without_nan() -> None:
    one = answers([0, 0], [0, 0], classes=3)
    content = json.loads(json.dumps(compare(one, one).to_json(), allow_nan=False))
    assert content["class_difference"] == [0.0, None, None]
    assert content["jaccard"]["position"] is None
    assert "jaccard_position" not in compare(one, one).scalars()


def test_the_largest_score_difference_follows_the_ids() -> None:
    made = drawn(50, 3, seed=1)
    moved = Predictions(made.scores + np.float32(0.5), made.labels, made.ids, made.meta)
    assert largest_score_difference(match(shuffled(made, 1), moved)) == pytest.approx(0.5, abs=1e-6)
    probabilities = answers(made.labels, made.predicted, classes=3)
    assert largest_score_difference(match(made, probabilities)) is None


LEFT = answers([0, 1, 1], [0, 1, 1], classes=2, data_digest="a" * 64)


@pytest.mark.parametrize(
    ("right", "said"),
    [
        (answers([0, 1, 1], [0, 1, 1], classes=3), "2 classes and the candidate 3"),
        (answers([0, 1, 1], [0, 1, 1], classes=2, data_digest="b" * 64), "the data differ"),
        (answers([0, 1, 1], [0, 1, 1], 2, ids=[0, 1, 5]), "1 ids are only in the reference and 1"),
        (answers([0, 1], [0, 1], classes=2), "1 ids are only in the reference and 0"),
        (answers([0, 1, 0], [0, 1, 1], classes=2), "1 samples have two labels, such as '2'"),
        (
            answers([0, 1, 1], [0, 1, 1], classes=2, ids=["0", "1", "2"]),
            "reference are numbers, those of the candidate text",
        ),
    ],
)
def test_predictions_that_do_not_belong_together_are_refused(right: Predictions, said: str) -> None:
    with pytest.raises(PredictionsError, match=said):
        match(LEFT, right)


def test_a_file_that_does_not_state_its_data_is_matched_by_its_ids() -> None:
    assert len(match(LEFT, answers([0, 1, 1], [0, 1, 1], classes=2))) == 3
