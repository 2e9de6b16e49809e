from __future__ import annotations

import itertools

import numpy as np
import pytest

from harness.comparison import jaccard, match
from harness.errors import PredictionsError
from harness.predictions import ModelRecord, Predictions
from harness.scaling.matched import matched_overlaps
from harness.scaling.overlap import expected_overlaps, overlaps
from harness.scaling.size import Size, families
from harness.scaling.sweep import sweep_of
from tests.harness.made import answers
from tests.harness.scaling.made import model, sweep

FIELDS = ("value", "independent", "independent_global", "containment")


def wrong_at(wrong: list[int], width: float, seed: int, samples: int = 20) -> Predictions:
    labels = np.arange(samples) % 2
    predicted = labels.copy()
    predicted[wrong] = 1 - predicted[wrong]
    record = ModelRecord(family="net", width=width, seed=seed, parameters=int(100 * width))
    return answers(labels, predicted, 2, model=record)


def test_every_pair_of_sizes_is_the_mean_of_the_comparison_of_its_models() -> None:
    models = sweep(widths=(1, 4), seeds=(0, 1, 2))
    found = {(one.first, one.second): one for one in overlaps(sweep_of(models))}
    by_size: dict[str, list[Predictions]] = {}
    for one in models:
        assert one.meta.model is not None
        by_size.setdefault(f"{one.meta.model.family}-{one.meta.model.width:g}", []).append(one)
    assert len(found) == 10
    for (first, second), one in found.items():
        same = first == second
        pairs = (
            itertools.combinations(by_size[first], 2)
            if same
            else itertools.product(by_size[first], by_size[second])
        )
        expected = [jaccard(match(a, b)) for a, b in pairs]
        means = [float(np.mean([getattr(e, name) for e in expected])) for name in FIELDS]
        shown = [one.mean, one.independent, one.independent_global, one.containment]
        assert shown == pytest.approx(means)
        assert one.std == pytest.approx(np.std([e.value for e in expected], ddof=1))


def test_known_error_sets_have_their_jaccard_index() -> None:
    models = [wrong_at([0, 1, 2, 3], 1, 0), wrong_at([2, 3, 4], 2, 0)]
    (one,) = overlaps(sweep_of(models))
    assert (one.mean, one.containment, one.pairs) == (2 / 5, 3 / 4, 1)
    assert (one.std, one.bootstrap) == (None, None)
    assert one.independent_global == pytest.approx(0.2 * 0.15 / (0.2 + 0.15 - 0.03))


def test_samples_in_another_order_are_matched_by_id() -> None:
    first, second = wrong_at([0, 1, 2, 3], 1, 0), wrong_at([2, 3, 4], 2, 0)
    order = np.random.default_rng(0).permutation(20)
    moved = Predictions(second.scores[order], second.labels[order], second.ids[order], second.meta)
    assert overlaps(sweep_of([first, moved])) == overlaps(sweep_of([first, second]))


def test_two_empty_error_sets_are_alike() -> None:
    (one,) = overlaps(sweep_of([wrong_at([], 1, 0), wrong_at([], 2, 0)]))
    assert (one.mean, one.independent, one.position) == (1.0, 1.0, None)


def test_the_baseline_of_one_size_takes_two_seeds() -> None:
    models = [wrong_at([0, 1], 1, 0), wrong_at([1, 2], 1, 1), wrong_at([1], 2, 0)]
    found = {(one.first, one.second): one.pairs for one in overlaps(sweep_of(models))}
    assert found == {("net-1", "net-1"): 1, ("net-1", "net-2"): 2}


def test_the_bootstrap_lies_within_the_pairs_and_repeats() -> None:
    models = sweep(families=("first",), widths=(1, 16))
    one = overlaps(sweep_of(models))[1]
    assert one.bootstrap is not None
    assert one.mean is not None
    assert one.bootstrap[0] < one.mean < one.bootstrap[1]
    assert one == overlaps(sweep_of(models))[1]


def test_families_are_matched_by_the_nearest_parameters() -> None:
    cnn = [model("cnn", w, 0) for w in (1, 4)]
    mobile = [model("mobile", w, 0) for w in (1.1, 2, 8)]
    whole = sweep_of([*cnn, *mobile])
    found = matched_overlaps(families(whole.sizes), overlaps(whole))
    shown = [(m.overlap.first, m.overlap.second, m.matched) for m in found]
    assert shown == [("cnn-1", "mobile-1.1", True), ("cnn-4", "mobile-2", False)]
    assert found[0].ratio == pytest.approx(1.21)


def test_error_rates_alone_give_the_reference_values() -> None:
    (one,) = expected_overlaps([Size("net", 1, 100, 0.5), Size("net", 2, 200, 0.2)])
    assert one.independent_global == pytest.approx(0.1 / 0.6)
    assert (one.containment, one.mean) == (0.4, None)


def test_a_model_given_twice_is_refused() -> None:
    with pytest.raises(PredictionsError, match="two results of net, width 1, seed 0"):
        sweep_of([wrong_at([0], 1, 0), wrong_at([1], 1, 0)])


def test_models_of_other_samples_are_refused() -> None:
    with pytest.raises(PredictionsError, match="samples differ"):
        sweep_of([wrong_at([0], 1, 0), wrong_at([1], 2, 0, samples=22)])
