from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.gate.verdict import CheckResult
from harness.predictions import Meta, Predictions
from reports.agreement import agreement_of
from reports.board import Board, Use, uses
from reports.check_figures import check_axis, checks_figure, described
from reports.divergence import FirstDifference
from tests.reports.made import DEVICE, whole


def check(**facts: object) -> CheckResult:
    base = {
        **{"name": "accuracy", "metric": "accuracy", "outcome": "pass", "estimate": 0.94},
        **{"lower": 0.92, "upper": 0.96, "confidence": 0.95, "limit": 0.9, "direction": ">="},
        **{"n": 539, "method": "Clopper-Pearson", "sentence": "It is."},
    }
    return CheckResult.model_validate(base | facts)


def test_a_check_is_drawn_with_its_value_bounds_and_limit_in_its_unit() -> None:
    axes = check_axis(check()).figure.axes[0]
    drawn = [[round(float(x), 9) for x in line.get_xdata()] for line in axes.lines]
    assert drawn == [[90, 90], [92, 96], [94]]
    (beyond,) = axes.patches
    assert beyond.get_x() + beyond.get_width() == pytest.approx(90)
    low, high = axes.get_xlim()
    assert low < 90
    assert 96 < high <= 100


def test_what_lies_beyond_a_limit_of_at_most_is_to_its_right() -> None:
    axes = check_axis(check(metric="ece", direction="<=", limit=0.98)).figure.axes[0]
    (beyond,) = axes.patches
    assert beyond.get_x() == pytest.approx(0.98)


@pytest.mark.parametrize("outcome", ["pass", "fail", "inconclusive"])
def test_outcomes_differ_in_shape_and_not_in_colour_alone(outcome: str) -> None:
    found = {
        one: check_axis(check(outcome=one)).figure.axes[0].lines[-1].get_marker()
        for one in ("pass", "fail", "inconclusive")
    }
    assert len(set(found.values())) == 3
    assert list(found.values()).count(found[outcome]) == 1


def test_a_check_without_a_value_shows_its_limit_alone() -> None:
    bare = check(estimate=None, lower=None, upper=None, outcome="inconclusive")
    axes = check_axis(bare).figure.axes[0]
    assert [list(line.get_xdata()) for line in axes.lines] == [[90, 90]]
    assert described(bare) == "accuracy: no value, limit at least 90.00 %: undecided"


def test_all_checks_are_one_figure_of_as_many_axes() -> None:
    drawing = checks_figure([check(), check(limit=0.95, outcome="fail")])
    assert len(drawing.figure.axes) == 2
    assert drawing.description.count("accuracy: 94.00 %, bounds 92.00 % to 96.00 %") == 2


def test_flash_and_ram_stand_against_the_gate_and_the_board() -> None:
    report = whole()
    found = uses(DEVICE, report.board, report.verdict)
    table = [(one.name, one.used, one.limit, one.limit_is, one.fits) for one in found]
    assert table == [
        ("Flash", 70_000, 60_000, "the board mps2-an386", False),
        ("RAM of an inference", 4_000, 3_500, "the gate", False),
        ("RAM of an inference", 4_000, 1_000_000, "the board mps2-an386", True),
        ("RAM of the firmware", 900_000, 1_000_000, "the board mps2-an386", True),
        ("An inference", 205_000, None, "", True),
    ]
    assert "never a time" in found[-1].parts


def test_cycles_of_silicon_are_a_time() -> None:
    silicon = DEVICE.model_copy(
        update={"emulated": False, "count_unit": "cycles", "core_hz": 100_000_000}
    )
    (count,) = [one for one in uses(silicon, None, None) if one.unit == "cycles"]
    assert count.parts == "median over the samples; 2.05 ms at 100 MHz"


def test_what_a_device_does_not_say_is_left_out() -> None:
    silent = DEVICE.model_copy(update={"flash_bytes": None, "arena_bytes": None})
    names = {one.name for one in uses(silent, Board("b"), None)}
    assert names == {"RAM of the firmware", "An inference"}
    assert Use("Flash", "", 1, "bytes").share is None


def made(scores: list[list[float]], ids: list[int], kind: str = "logits") -> Predictions:
    labels = np.zeros(len(ids), dtype=np.int64)
    meta = Meta.model_validate({"kind": kind})
    return Predictions(np.array(scores, dtype=np.float32), labels, np.array(ids), meta)


def test_runtimes_are_held_against_each_other_on_the_samples_both_answered() -> None:
    whole_set = made([[1.0, 0.0], [0.0, 1.0], [3.0, 0.0]], [5, 6, 7])
    part = made([[0.0, 1.5], [1.0, 0.0]], [6, 5])
    shares = made([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]], [5, 6, 7], "probabilities")
    found = agreement_of({"a": whole_set, "b": part, "c": shares}, output_scale=0.25)
    cell = found.cell(1, 0)
    assert cell is not None
    assert (cell.samples, cell.agreement, cell.difference, cell.lsb) == (2, 1.0, 0.5, 2.0)
    other = found.cell(0, 2)
    assert other is not None
    assert (round(other.agreement, 3), other.difference, other.lsb) == (0.667, None, None)
    assert found.cell(1, 1) is None


def test_where_runtimes_part_is_one_sentence() -> None:
    known = FirstDifference("litert-ref", "tflm", "190", 12, 13, "FULLY_CONNECTED", "1 of 10")
    assert known.sentence == (
        "litert-ref first differs from tflm in operator 13 of 13, FULLY_CONNECTED (1 of 10), "
        "on sample 190."
    )
    unknown = replace(known, operator=None, detail="which operator is not known: no trace")
    assert unknown.sentence.endswith("on sample 190; which operator is not known: no trace.")
