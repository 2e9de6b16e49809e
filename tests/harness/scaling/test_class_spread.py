from __future__ import annotations

import math

import numpy as np
import pytest

from harness.metrics import gini
from harness.scaling.class_spread import class_spreads, class_table, gini_null
from harness.scaling.sweep import sweep_of
from tests.harness.scaling.made import sweep


@pytest.mark.parametrize(("accuracy", "samples"), [(0.417, 100), (0.75, 100), (0.6, 1000)])
def test_the_null_is_the_closed_form_of_many_equal_classes(accuracy: float, samples: int) -> None:
    null = gini_null(accuracy, [samples] * 100)
    assert null is not None
    closed = math.sqrt(accuracy * (1 - accuracy) / samples) / (accuracy * math.sqrt(math.pi))
    assert null.mean == pytest.approx(closed, rel=0.02)


def test_as_many_equal_classes_exceed_the_95_percent_as_it_says() -> None:
    counts = np.array([20, 50, 100, 100, 30] * 4)
    null = gini_null(0.7, counts.tolist())
    assert null is not None
    draws = np.random.default_rng(5).binomial(counts, 0.7, (2000, 20)) / counts
    above = sum((gini(draw) or 0.0) > null.upper for draw in draws)
    assert 0.03 <= above / 2000 <= 0.07


def test_the_null_repeats_and_skips_classes_without_samples() -> None:
    assert gini_null(0.5, [10, 0, 20]) == gini_null(0.5, [10, 20])
    assert gini_null(0.0, [10, 20]) is None


def test_groups_are_means_of_each_models_own_weakest_and_strongest() -> None:
    runs = sweep_of(sweep(families=("first",), widths=(2,), seeds=(0, 1)))
    (spread,) = class_spreads(runs)
    tables = [np.sort(run.summary.class_accuracy) for run in runs.runs]
    assert spread.bottom == {1: pytest.approx(np.mean([table[0] for table in tables]))}
    assert spread.top == {1: pytest.approx(np.mean([table[-1] for table in tables]))}
    assert spread.gini == pytest.approx(np.mean([gini(table) for table in tables]))


def test_classes_stand_hardest_first() -> None:
    table = class_table(sweep_of(sweep(widths=(1, 4))))
    means = [np.mean(row) for row in table.accuracy]
    assert means == sorted(means)
    assert table.sizes == ("first-1", "first-4", "second-1", "second-4")
