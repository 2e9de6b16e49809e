"""Ways of getting smaller, compared on error sets drawn by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from harness.comparison import jaccard, match
from harness.errors import PredictionsError
from harness.predictions import ModelRecord, Predictions
from harness.scaling.compression import Compression, compression
from harness.scaling.paired_overlap import SeedOverlap, accuracy_difference, overlap_ratio
from harness.scaling.ways import Answered, Way, ways_of
from tests.harness.made import answers

N, CLASSES = 3000, 4
SMALL, LARGE = Way("net", 1), Way("net", 4)
PRUNED = Way("net", 1, pruned_from=4)
INT8 = Way("net", 1, weights="int8")


def answered(way: Way, seed: int, wrong: np.ndarray, file_bytes: int | None = 100) -> Answered:
    labels = np.arange(N) % CLASSES
    predicted = np.where(wrong, (labels + 1) % CLASSES, labels)
    record = ModelRecord(
        family=way.family,
        width=way.width,
        seed=seed,
        parameters=int(100 * way.width),
        pruned_from=way.pruned_from,
    )
    return Answered(way, "made", answers(labels, predicted, CLASSES, model=record), file_bytes)


def models(seeds: int = 3) -> list[Answered]:
    """The pruned model errs as the large one does and more; the small one as it happens."""
    made = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        large = rng.random(N) < 0.1
        pruned = large & (rng.random(N) < 0.9) | (rng.random(N) < 0.1)
        small = rng.random(N) < 0.2
        int8 = small.copy()
        int8[[*np.flatnonzero(small)[:10], *np.flatnonzero(~small)[:10]]] ^= True
        some = ((LARGE, large), (SMALL, small), (PRUNED, pruned), (INT8, int8))
        made += [answered(way, seed, wrong) for way, wrong in some]
    return made


def test_each_way_stands_beside_the_largest_model_of_its_seed() -> None:
    some = models()
    found = compression(ways_of(some))
    by_way = {one.way: one for one in found.results}
    assert list(by_way) == [SMALL, INT8, PRUNED, LARGE]
    of = {(one.way, one.predictions.meta.model.seed): one.predictions for one in some}  # type: ignore[union-attr]
    for way, one in by_way.items():
        pairs = [jaccard(match(of[LARGE, seed], of[way, seed])) for seed in range(3)]
        assert one.overlap is not None
        assert one.overlap.jaccard == pytest.approx(np.mean([p.value for p in pairs]))
        assert one.overlap.independent == pytest.approx(np.mean([p.independent for p in pairs]))
        assert one.overlap.containment == pytest.approx(np.mean([p.containment for p in pairs]))
        crossed = [
            jaccard(match(of[LARGE, a], of[way, b])).value
            for a, b in itertools.permutations(range(3), 2)
        ]
        assert one.overlap.cross_seed == pytest.approx(np.mean(crossed))
    small, pruned = by_way[SMALL].overlap, by_way[PRUNED].overlap
    assert small is not None
    assert pruned is not None
    assert small.jaccard == pytest.approx(small.independent, abs=0.02)
    assert pruned.interval is not None
    assert pruned.interval[0] < pruned.jaccard < pruned.interval[1]
    assert pruned.new == pytest.approx(0.5, abs=0.05)
    assert small.new == pytest.approx(0.9, abs=0.05)
    assert by_way[LARGE].overlap is not None
    assert by_way[LARGE].overlap.new == 0


def test_two_ways_are_compared_where_they_differ_in_one_thing() -> None:
    found = {one.kind: one for one in compression(ways_of(models(5))).pairs}
    assert set(found) == {"pruned", "quantized"}
    pruned, quantized = found["pruned"], found["quantized"]
    assert (pruned.first, pruned.second) == (SMALL, PRUNED)
    assert (quantized.first, quantized.second) == (SMALL, INT8)
    assert quantized.jaccard > 0.9
    assert pruned.jaccard < 0.3
    assert pruned.cross_seed == pytest.approx(quantized.cross_seed) == pytest.approx(0.11, abs=0.03)
    assert pruned.overlap is not None
    assert pruned.overlap.value > 3
    assert pruned.overlap.shown_for(1.0) == "recipes"
    assert quantized.accuracy.shown_for(0.0) == "no"


def test_two_seeds_show_a_difference_of_these_models_alone() -> None:
    pair = next(one for one in compression(ways_of(models(2))).pairs if one.kind == "pruned")
    assert pair.overlap is not None
    assert pair.overlap.recipe is None
    assert pair.overlap.shown_for(1.0) == "these models"


def test_a_sweep_of_trained_models_alone_has_no_other_ways() -> None:
    plain = [one for one in models() if one.way.is_plain]
    assert compression(ways_of(plain)) == Compression()


def test_a_family_without_its_trained_models_stands_beside_nothing() -> None:
    results = compression(ways_of([one for one in models() if one.way == INT8])).results
    assert [one.overlap for one in results] == [None]


def test_one_model_given_twice_is_refused() -> None:
    with pytest.raises(PredictionsError, match="two results of net-4 trained, seed 0"):
        ways_of([*models(1), *models(1)])


def test_intervals_of_equal_models_hold_them_to_be_equal() -> None:
    """Models of one recipe: of 200 pairs, at most about 5 % are told apart."""
    apart = {"accuracy": 0, "overlap": 0}
    for trial in range(200):
        rng = np.random.default_rng(trial)
        hard = rng.random(800)
        first, second, largest = (rng.random((4, 800)) * hard > 0.5 for _ in range(3))
        apart["accuracy"] += accuracy_difference(first, second, 1).shown_for(0.0) == "recipes"
        one, other = SeedOverlap(largest, first), SeedOverlap(largest, second)
        ratio = overlap_ratio(one, other, 1)
        assert ratio is not None
        apart["overlap"] += ratio.shown_for(1.0) == "recipes"
    assert max(apart.values()) <= 18  # 5 % and three standard errors


def test_models_without_a_shared_error_have_no_ratio() -> None:
    empty, full = np.zeros((2, 5), dtype=bool), np.ones((2, 5), dtype=bool)
    assert SeedOverlap(empty, empty).jaccard.tolist() == [1, 1]
    assert SeedOverlap(empty, full).interval() is None
    assert SeedOverlap(full, empty).new is None
    assert overlap_ratio(SeedOverlap(full, empty), SeedOverlap(full, full), 1) is None


def test_predictions_are_not_kept() -> None:
    made: list[Predictions] = [one.predictions for one in models(1)]
    ways = ways_of(models(1))
    assert {group.way for group in ways.groups} == {SMALL, LARGE, PRUNED, INT8}
    assert all(group.wrong([0]).shape == (1, len(made[0])) for group in ways.groups)
