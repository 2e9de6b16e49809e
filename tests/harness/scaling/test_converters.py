"""The comparison of two converters' files is what their answers say."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import PredictionsError
from harness.gate.methods.paired_drop import PairedDrop
from harness.metrics import accuracy, ece
from harness.predictions import ModelRecord, Predictions
from harness.scaling.converters import ConvertedTwice, converter_pairs
from tests.harness.made import answers
from tests.harness.scaling.made import model, variant

LABELS = np.arange(40) % 4


def flipped(usual: Predictions, wrong: int, right: int, other_error: int = 0) -> Predictions:
    """Return the answers with samples made wrong, made right, and wrong in another way."""
    predicted = usual.predicted.copy()
    good, bad = np.flatnonzero(usual.correct), np.flatnonzero(~usual.correct)
    predicted[good[:wrong]] = (usual.labels[good[:wrong]] + 1) % usual.classes
    predicted[bad[:right]] = usual.labels[bad[:right]]
    predicted[bad[right : right + other_error]] = (
        usual.labels[bad[right : right + other_error]] + 2
    ) % usual.classes
    made = answers(usual.labels, predicted, usual.classes, usual.confidence)
    return variant(made.with_meta(**dict(usual.meta)), converter="tensorflow")


def twice(seed: int = 0, wrong: int = 0, right: int = 0, other: int = 0) -> ConvertedTwice:
    usual = model("net", 2, seed, runtime="tflm")
    return ConvertedTwice(usual, flipped(usual, wrong, right, other), 0.25)


def test_every_figure_is_that_of_the_answers() -> None:
    made = twice(wrong=30, right=10, other=5)
    (pair,) = converter_pairs([made])
    usual, other = made.usual, made.other
    assert (pair.name, pair.converter, pair.runtime) == ("net-2-s0", "tensorflow", "tflm")
    assert (pair.lost, pair.gained, pair.other_class, pair.samples) == (30, 10, 45, 4000)
    assert pair.accuracy == pytest.approx((accuracy(usual), accuracy(other)))
    assert pair.difference == pytest.approx(accuracy(other) - accuracy(usual))
    assert pair.ece == (ece(usual), ece(other))
    a, b = ~usual.correct, ~other.correct
    assert pair.jaccard == (a & b).sum() / (a | b).sum()
    assert pair.jaccard_interval[0] < pair.jaccard < pair.jaccard_interval[1] < 1
    assert pair.independent < 0.5 < pair.jaccard_interval[0]
    assert pair.other_scores == (np.abs(usual.scores - other.scores) > 0.125).any(axis=1).sum()
    assert pair.largest_lsb == np.abs(usual.scores - other.scores).max() / 0.25
    low, high = PairedDrop(30, 10, 4000, 0.0).bounds(0.025)
    assert pair.interval == pytest.approx((-high, -low))
    assert pair.interval[0] < -0.005 < pair.interval[1] < 0
    assert pair.changes_accuracy


def test_equal_answers_change_nothing_and_leave_no_doubt_about_it() -> None:
    usual = twice().usual
    same = ConvertedTwice(usual, variant(usual, converter="tensorflow"), 0.25)
    (pair,) = converter_pairs([same])
    assert (pair.other_class, pair.lost, pair.gained, pair.other_scores) == (0, 0, 0, 0)
    assert (pair.difference, pair.jaccard, pair.largest_lsb) == (0, 1, 0)
    assert pair.interval[0] < 0 < pair.interval[1] < 0.005
    assert not pair.changes_accuracy


def test_scales_that_differ_in_the_last_bit_make_no_other_scores() -> None:
    usual = twice().usual
    nearly = Predictions(
        np.nextafter(usual.scores, np.float32(1)), usual.labels, usual.ids, usual.meta
    )
    same = ConvertedTwice(usual, variant(nearly, converter="tensorflow"), 0.25)
    (pair,) = converter_pairs([same])
    assert (pair.other_scores, pair.largest_lsb > 0) == (0, True)


def test_other_seeds_of_the_size_are_the_baseline() -> None:
    made = [twice(seed, wrong=3) for seed in (2, 0, 1)]
    pairs = converter_pairs([*made, ConvertedTwice(*other_size(), None)])
    assert [pair.name for pair in pairs] == ["net-2-s0", "net-2-s1", "net-2-s2", "net-4-s0"]
    masks = {one.usual.meta.model.seed: ~one.usual.correct for one in made}
    for pair in pairs[:3]:
        own = masks[pair.model.seed]
        others = [mask for seed, mask in masks.items() if seed != pair.model.seed]
        expected = np.mean([(own & one).sum() / (own | one).sum() for one in others])
        assert pair.cross_seed == pytest.approx(expected)
        assert pair.cross_seed < pair.jaccard
    assert (pairs[3].cross_seed, pairs[3].largest_lsb, pairs[3].other_scores) == (None,) * 3


def other_size() -> tuple[Predictions, Predictions]:
    usual = model("net", 4, 0, runtime="tflm")
    return usual, flipped(usual, 1, 0)


def test_more_models_make_wider_intervals_since_all_hold_together() -> None:
    (alone,) = converter_pairs([twice(wrong=9)])
    together = converter_pairs([twice(seed, wrong=9) for seed in range(5)])[0]
    assert together.interval[0] < alone.interval[0] < alone.interval[1] < together.interval[1]
    assert together.jaccard_interval[0] < alone.jaccard_interval[0]


def test_samples_in_another_order_are_brought_together() -> None:
    made = twice(wrong=4)
    order = np.random.default_rng(0).permutation(len(made.other))
    other = made.other
    mixed = Predictions(other.scores[order], other.labels[order], other.ids[order], other.meta)
    assert converter_pairs([ConvertedTwice(made.usual, mixed, 0.25)]) == converter_pairs([made])


def test_two_perfect_files_agree_and_nothing_is_known_of_their_overlap() -> None:
    about = ModelRecord(family="net", width=1, seed=0, parameters=9)
    usual = answers(LABELS, LABELS, 4, model=about)
    other = variant(usual, converter="tensorflow")
    (pair,) = converter_pairs([ConvertedTwice(usual, other, None)])
    assert (pair.jaccard, pair.jaccard_interval) == (1, (0, 1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "net-2 seed 0 and net-2 tensorflow seed 1 are two models"),
        ({"converter": None}, "both files of net-2 seed 0 are of one converter"),
        ({"quantization": "float"}, "are two models"),
    ],
)
def test_files_that_do_not_belong_together_are_refused(
    change: dict[str, object], message: str
) -> None:
    made = twice()
    with pytest.raises(PredictionsError, match=message):
        converter_pairs([ConvertedTwice(made.usual, variant(made.other, **change), None)])
