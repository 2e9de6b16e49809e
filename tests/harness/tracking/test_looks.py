from __future__ import annotations

from pathlib import Path

import pytest

from harness.tracking.store import TrackingStore
from harness.tracking.tracker import Tracker, distinct

pytestmark = pytest.mark.filterwarnings("default")  # MLflow's database layer deprecates freely

ABOUT = {"tinygate.gate.model": "digits", "tinygate.gate.data": "d" * 64}
ARTIFACT = "tinygate.gate.artifact"


def test_artifacts_gated_on_a_test_set_are_counted_once_each_over_all_experiments(
    tmp_path: Path,
) -> None:
    store = TrackingStore.choose(None, tmp_path)
    first, second = Tracker.connect(store, "sweep 1"), Tracker.connect(store, "sweep 2")
    made = [
        (first.run("a", "1"), ABOUT | {ARTIFACT: "a" * 64}),
        (second.run("b", "2"), ABOUT | {ARTIFACT: "b" * 64}),
        (second.run("b again", "3"), ABOUT | {ARTIFACT: "b" * 64}),
        (first.run("another model", "4"), ABOUT | {"tinygate.gate.model": "x", ARTIFACT: "c" * 64}),
        (first.run("another test set", "5"), ABOUT | {"tinygate.gate.data": "e", ARTIFACT: "d"}),
        (first.run("not gated", "6"), {}),
    ]
    for run, tags in made:
        run.tags(tags)
    assert distinct(made[0][0], ABOUT, ARTIFACT) == {"a" * 64, "b" * 64}
