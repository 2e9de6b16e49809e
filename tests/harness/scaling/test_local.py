from __future__ import annotations

import numpy as np
import pytest

from harness.scaling.local import saturation, steps
from harness.scaling.size import Size, size_of
from tests.harness.scaling.made import power_law_sizes


def sizes(*errors: float) -> list[Size]:
    return [Size("net", i, 1000 * 2**i, error) for i, error in enumerate(errors)]


def test_a_power_law_has_its_exponent_between_all_neighbours() -> None:
    found = steps(power_law_sizes(0.25))
    assert [step.alpha for step in found] == pytest.approx([0.25] * 7)
    assert found[0].error_reduction == pytest.approx(1 - 2**-0.25)


def test_a_doubling_gains_the_points_that_it_gains() -> None:
    (step,) = steps(sizes(0.40, 0.30))
    assert (step.gain_points, step.error_reduction) == pytest.approx((10, 0.25))
    assert step.middle == pytest.approx(1000 * 2**0.5)


def test_saturation_is_a_last_stretch_and_not_a_dip() -> None:
    found = saturation(steps(sizes(0.40, 0.399, 0.30, 0.299, 0.2985)))
    assert (found.width, found.parameters) == (2, 4000)
    assert saturation(steps(sizes(0.40, 0.399, 0.30))).width is None


def test_a_larger_threshold_finds_saturation_earlier() -> None:
    family = steps(sizes(0.40, 0.38, 0.365), threshold=0.1)
    assert saturation(family, 0.1).width == 0


def test_a_size_that_is_worse_counts_as_saturated() -> None:
    (step,) = steps(sizes(0.30, 0.31))
    assert step.alpha < 0
    assert step.saturated


def test_sizes_without_errors_and_of_equal_parameters_give_no_step() -> None:
    twin = [Size("net", 1, 1000, 0.4), Size("net", 2, 1000, 0.3), Size("net", 3, 2000, 0.0)]
    assert steps(twin) == ()


def test_the_interval_over_seeds_holds_the_true_exponent_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for _ in range(400):
        pair = [
            size_of("net", n, n, [(s, 2 * n**-0.2 * (1 + 0.03 * rng.normal())) for s in range(5)])
            for n in (1000, 3000)
        ]
        interval = steps(pair)[0].alpha_interval
        assert interval is not None
        inside += interval[0] <= 0.2 <= interval[1]
    assert 0.92 <= inside / 400 <= 0.98


def test_one_seed_has_no_interval() -> None:
    assert steps(power_law_sizes(0.2))[0].alpha_interval is None
