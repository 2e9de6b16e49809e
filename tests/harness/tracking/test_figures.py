from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from harness.gate.checks import Check
from harness.gate.decide import Case, judge
from harness.predictions import DeviceRecord
from harness.tracking.figures import (
    answer_figures,
    check_names,
    float_figures,
    gate_figures,
    twin_figures,
)
from tests.harness.made import answers

LABELS = [0, 1, 2, 0, 1, 2]
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "mlflow.md"
ALLOWED = re.compile(r"[A-Za-z0-9_.-]+")


def test_every_name_that_is_logged_is_on_the_reference_page() -> None:
    labels = list(range(30)) * 4
    device = DeviceRecord(
        board="b",
        core="c",
        emulated=False,
        count_unit="cycles",
        count_per_sample=8.0,
        core_hz=16,
        arena_bytes=1,
        planned_bytes=1,
        model_bytes=1,
        stack_used_bytes=1,
        flash_bytes=1,
        ram_bytes=1,
    )
    reference = answers(labels, [29] * 20 + labels[20:], 30)
    candidate = answers(labels, [28] * 40 + labels[40:], 30).with_meta(device=device)
    named = set(re.findall(r"`([a-z0-9_/]+)`", PAGE.read_text(encoding="utf-8")))
    logged = [
        answer_figures(candidate),
        float_figures(candidate, reference),
        twin_figures(candidate, reference, 0.5),
    ]
    assert [sorted(set(one) - named) for one in logged] == [[], [], []]
    assert {"latency_s", "cycles_per_sample", "top5_accuracy"} <= set(logged[0])
    assert "vs_float/jaccard_position" in logged[1]


def test_a_model_is_held_against_its_float_checkpoint_and_its_twin() -> None:
    reference, candidate = answers(LABELS, LABELS, 3), answers(LABELS, [0, 1, 2, 0, 2, 2], 3)
    found = float_figures(candidate, reference)
    assert found["vs_float/accuracy_drop"] == pytest.approx(1 / 6)
    assert found["vs_float/negative_flip_rate"] == pytest.approx(1 / 6)
    twin = twin_figures(candidate, reference, 0.5)
    assert (twin["vs_tflm/agreement"], twin["vs_tflm/mismatches"]) == (pytest.approx(5 / 6), 1)
    assert twin["vs_tflm/largest_difference_lsb"] == 2 * twin["vs_tflm/largest_difference"]


def test_a_device_that_answered_a_part_is_held_against_the_same_part() -> None:
    whole = answers(LABELS, LABELS, 3)
    part = whole.of(whole.ids[np.array([1, 4])])
    assert twin_figures(part, whole, None) == {
        "vs_tflm/agreement": 1.0,
        "vs_tflm/mismatches": 0.0,
        "vs_tflm/negative_flips": 0.0,
        "vs_tflm/positive_flips": 0.0,
        "vs_tflm/largest_difference": 0.0,
    }


def test_every_check_of_a_verdict_has_its_estimate_bounds_and_limit() -> None:
    check = Check(metric="accuracy", limit=0.5, name="good: enough?", decision="estimate")
    verdict = judge([check], Case(answers(LABELS, LABELS, 3)))
    assert gate_figures(verdict) == {
        "gate/ships": 1.0,
        "gate/passed": 1.0,
        "gate/failed": 0.0,
        "gate/undecided": 0.0,
        "gate/not_judged": 0.0,
        "gate/good_enough/estimate": 1.0,
        "gate/good_enough/limit": 0.5,
        **{
            name: value
            for name, value in gate_figures(verdict).items()
            if name.endswith(("/lower", "/upper"))
        },
    }


def test_no_title_of_a_check_breaks_a_name_and_no_two_share_one() -> None:
    titles = ["accuracy_drop vs float", "..", "../../x", "é", "a/b", "a:b", "a b", "x" * 300]
    names = check_names(titles)
    assert names[0] == "accuracy_drop_vs_float"
    assert len(set(names)) == len(titles)
    assert all(ALLOWED.fullmatch(name) and len(name) <= 90 for name in names)
    assert not any(set(name) <= {"."} for name in names)
