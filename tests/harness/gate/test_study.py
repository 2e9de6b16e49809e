"""The study: test sets of known truth, the gate's own decisions on them, and errors found out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from harness import metrics
from harness.comparison import match, outcomes
from harness.gate import decision
from harness.gate.checks import FLOAT, Rules
from harness.gate.decide import Case, decisions, judge
from harness.gate.methods.calibration import Ece
from harness.gate.study import plan, simulate
from harness.gate.study.answers import dense, predictions
from harness.gate.study.rates import GATE, Rate, Rates, decided, highest, of_metric, pooled
from harness.gate.study.record import CellCounts, Study
from harness.gate.study.scenarios import SCENARIOS, Scenario
from harness.gate.study.simulate import Cell

AT_LIMIT = [one for one in SCENARIOS if one.limits == "at"]
BY_NAME = {one.name: one for one in SCENARIOS}


def studied(*cells: Cell) -> Study:
    return Study.of(simulate.simulate(cells, workers=1), "0")


def standings(name: str, classes: int) -> dict[str, str]:
    cell = Cell(name, classes, 300, 1)
    counted = CellCounts.of(cell, simulate.count(cell, range(1)))
    return {one.metric: one.standing for one in counted.checks}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_a_large_draw_has_the_figures_of_its_population(scenario: Scenario) -> None:
    classes, per_class = 10, 40_000
    draw = scenario.population(classes).draw(np.full(classes, per_class), np.random.default_rng(1))
    reference, candidate = predictions(draw, classes)
    pair, truth = match(reference, candidate), scenario.truth(classes)
    table, n = outcomes(pair), classes * per_class
    accuracies = metrics.class_accuracy(candidate)
    drops = metrics.class_accuracy(reference) - accuracies
    assert {
        "accuracy": metrics.accuracy(candidate),
        "accuracy_drop": (table.negative_flips - table.positive_flips) / n,
        "class_accuracy": accuracies.min(),
        "class_accuracy_drop": drops.max(),
        "bottom_k_accuracy": np.sort(accuracies)[0],
        "gini": metrics.class_gini(candidate),
        "ece": metrics.ece(candidate),
        "ece_increase": metrics.ece(candidate) - metrics.ece(reference),
        "brier_increase": (candidate.brier - reference.brier).mean(),
        "global_gap": abs(metrics.global_gap(candidate)),
        "negative_flip_rate": table.negative_flips / n,
        "jaccard": table.both_wrong / (n - table.both_right),
    } == pytest.approx(truth, abs=0.012)


def test_every_limit_stands_to_the_truth_as_the_scenario_says() -> None:
    assert set(standings("no change", 10).values()) == {"kept"}
    assert set(standings("beyond the limit", 100).values()) == {"violated"}
    for scenario in AT_LIMIT:
        assert set(standings(scenario.name, 10).values()) == {"at"}


@pytest.mark.parametrize(
    ("name", "classes", "violated"),
    [
        ("one class destroyed", 100, {"class_accuracy", "class_accuracy_drop"}),
        ("calibration broken", 100, {"ece", "ece_increase", "global_gap"}),
        ("errors reshuffled", 100, {"negative_flip_rate", "jaccard"}),
    ],
)
def test_a_change_violates_the_checks_that_are_about_it_and_no_other(
    name: str, classes: int, violated: set[str]
) -> None:
    found = standings(name, classes)
    assert {metric for metric, one in found.items() if one == "violated"} == violated
    assert found["accuracy"] == found["accuracy_drop"] == "kept"


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize(
    "name", ["at the limit", "one class destroyed", "at the limit, few errors"]
)
def test_summarized_answers_are_decided_as_scores_are_and_as_the_verdict_says(
    name: str, number: int
) -> None:
    cell = Cell(name, 10, 500, 1)
    draw = simulate._drawn(cell, number)
    checks = BY_NAME[name].checks(10)
    short, full = (
        Case(candidate, {FLOAT: reference})
        for reference, candidate in (predictions(draw, 10), dense(draw, 10))
    )
    found = [one.outcome for one in decisions(checks, short, Rules())]
    assert found == [one.outcome for one in decisions(checks, full, Rules())]
    assert found == [one.outcome for one in judge(checks, full).checks]


def test_counts_do_not_depend_on_who_counts_them() -> None:
    cell = Cell("beyond the limit", 10, 300, 30)
    (alone,) = studied(cell).cells
    (shared,) = Study.of(simulate.simulate([cell], workers=2), "0").cells
    assert alone == shared
    assert alone.fails > 0


def test_a_study_survives_its_file() -> None:
    study = studied(Cell("no change", 10, 300, 2))
    assert Study.model_validate_json(study.to_json()) == study


def test_no_error_rate_is_above_nominal_in_a_short_run() -> None:
    rates = Rates(studied(*(Cell(one.name, 10, 1000, 60) for one in AT_LIMIT)))
    assert rates.above_nominal == ()
    assert pooled(rates.of("accuracy", "false pass")).of == 60 * len(AT_LIMIT)


def test_a_gate_without_correction_over_its_checks_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decision, "holm", lambda tests, alpha: [test(alpha) for test in tests])
    rates = Rates(studied(Cell("at the limit, equal classes", 10, 1000, 100)))
    assert GATE in {one.what for one in rates.above_nominal}


def test_an_ece_that_ignores_its_kink_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def violates(self: Ece, alpha: float) -> bool:
        return self.estimate - self._half_width(alpha) > self.limit

    monkeypatch.setattr(Ece, "violates", violates)
    rates = Rates(studied(Cell("at the limit, equal classes", 10, 1000, 60)))
    assert ("ece", "false fail") in {(one.what, one.error) for one in rates.above_nominal}


def test_power_grows_with_the_samples() -> None:
    cells = studied(*(Cell("beyond the limit", 10, n, 20) for n in (300, 3000))).cells
    shares = [decided(cell, of_metric(cell, "accuracy")).value for cell in cells]
    assert shares[0] < 0.5 < shares[1]


@pytest.mark.parametrize(("count", "of"), [(0, 40), (3, 40), (40, 40)])
def test_intervals_are_those_of_clopper_and_pearson(count: int, of: int) -> None:
    expected = binomtest(count, of).proportion_ci(0.95, "exact")
    assert Rate(count, of).interval == pytest.approx((expected.low, expected.high))


def test_a_rate_is_above_nominal_only_beyond_chance() -> None:
    assert not Rate(8, 100).above_nominal
    assert Rate(16, 100).above_nominal


def test_the_worst_cell_is_not_merely_the_smallest() -> None:
    study = studied(Cell("at the limit", 10, 300, 1), Cell("at the limit", 10, 1000, 1))
    few, many = study.cells
    cells = (
        few.model_copy(update={"false_fails": 1}),
        many.model_copy(update={"false_fails": 90, "replicates": 1000}),
    )
    rates = Rates(study.model_copy(update={"cells": cells}))
    assert highest(rates.of(GATE, "false fail")).rate == Rate(90, 1000)


def test_the_plan_reaches_from_300_to_30_000_samples_and_10_to_1_000_classes() -> None:
    cells = plan.full()
    assert {one.samples for one in cells} == {300, 1000, 3000, 10_000, 30_000}
    assert {one.classes for one in cells} == {10, 100, 1000}
    assert {one.scenario for one in cells} == set(BY_NAME)
    assert all(one.samples >= one.classes for one in cells if one.of.stratified)
