from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from harness.errors import ConfigError, PredictionsError, UserError
from harness.gate.checks import Check, Rules
from harness.gate.decide import Case, Expected, judge
from harness.gate.metric import METRICS
from harness.gate.verdict import CheckResult
from harness.predictions import ModelRecord, Predictions, RuntimeRecord
from tests.harness.made import answers, drawn


def result(candidate: Predictions, reference: Predictions | None = None, **content: Any) -> Any:
    check = Check.model_validate({"decision": "estimate"} | content)
    references = {} if reference is None else {check.reference or "float": reference}
    verdict = judge([check], Case(candidate, references))
    assert verdict.outcome == verdict.checks[0].outcome
    return verdict.checks[0]


# Ten samples, classes 0 and 1 with five each. The reference gets 9 right, the candidate 8.
LABELS = [0] * 5 + [1] * 5
REFERENCE = answers(LABELS, [0] * 5 + [1] * 4 + [0], classes=2, confidence=0.75)
CANDIDATE = answers(LABELS, [0] * 5 + [1, 1, 1, 0, 0], classes=2, confidence=0.75)


@pytest.mark.parametrize(
    ("content", "value", "samples"),
    [
        ({"metric": "accuracy"}, 0.8, 10),
        ({"metric": "accuracy_drop"}, 0.1, 10),
        ({"metric": "class_accuracy"}, 0.6, 5),
        ({"metric": "class_accuracy", "classes": [0]}, 1.0, 5),
        ({"metric": "class_accuracy", "classes": ["1", 0]}, 0.6, 5),
        ({"metric": "class_accuracy_drop"}, 0.2, 5),
        ({"metric": "class_accuracy_drop", "classes": ["0"]}, 0.0, 5),
        ({"metric": "bottom_k_accuracy", "k": 1}, 0.6, 5),
        ({"metric": "bottom_k_accuracy", "k": 2}, 0.8, 10),
        ({"metric": "gini"}, 0.125, 10),
        ({"metric": "ece"}, 0.05, 10),
        ({"metric": "ece_increase"}, -0.1, 10),
        ({"metric": "global_gap"}, 0.05, 10),
        ({"metric": "negative_flip_rate"}, 0.1, 10),
        ({"metric": "jaccard"}, 0.5, 2),
    ],
)
def test_every_metric_passes_at_its_own_value_and_fails_just_beyond(
    content: dict[str, Any], value: float, samples: int
) -> None:
    rule = METRICS[content["metric"]]
    tighter = 1e-6 if rule.direction == ">=" else -1e-6
    reference = REFERENCE if rule.compares else None
    at_limit = result(CANDIDATE, reference, limit=value, **content)
    assert at_limit.estimate == pytest.approx(value, abs=1e-12)
    assert (at_limit.outcome, at_limit.n) == ("pass", samples)
    if rule.lowest <= value + tighter <= rule.highest:
        beyond = result(CANDIDATE, reference, limit=value + tighter, **content)
        assert beyond.outcome == "fail"
        assert beyond.estimate == at_limit.estimate


def test_top_5_accuracy_is_judged_where_it_means_something() -> None:
    made = drawn(500, 8, seed=1)
    found = result(made, metric="top5_accuracy", limit=0.5)
    assert found.outcome == "pass"
    assert result(made, metric="top5_accuracy", limit=1.0).outcome == "fail"


@pytest.mark.parametrize("samples", range(1, 200, 7))
def test_the_limit_itself_passes_for_every_number_of_samples(samples: int) -> None:
    labels = np.zeros(10 * samples, dtype=int)
    predicted = (np.arange(10 * samples) >= 9 * samples).astype(int)
    made = answers(labels, predicted, classes=2)
    assert result(made, metric="accuracy", limit=0.9).outcome == "pass"
    one_less = predicted.copy()
    one_less[0] = 1
    worse = answers(labels, one_less, classes=2)
    assert result(worse, metric="accuracy", limit=0.9).outcome == "fail"


def test_underconfidence_counts_as_a_gap_as_overconfidence_does() -> None:
    under = answers([0] * 10, [0] * 10, classes=2, confidence=0.75)
    over = answers([0] * 10, [0] * 5 + [1] * 5, classes=2, confidence=0.75)
    for made, word in ((under, "underconfident"), (over, "overconfident")):
        found = result(made, metric="global_gap", limit=0.2)
        assert (found.outcome, found.estimate) == ("fail", 0.25)
        assert word in found.sentence


ABSENT = answers([0, 0, 1, 1], [0, 0, 1, 0], classes=4, class_names=("a", "b", "c", "d"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"metric": "class_accuracy", "limit": 0.1}, "no samples of class 'c', 'd'"),
        ({"metric": "class_accuracy", "limit": 0.0, "classes": ["c"]}, "class 'c'"),
        ({"metric": "class_accuracy", "limit": 0.1, "classes": [0, 3]}, "class 'd'"),
        ({"metric": "class_accuracy_drop", "limit": 1.0}, "class 'c', 'd'"),
        ({"metric": "class_accuracy_drop", "limit": 1.0, "classes": ["d"]}, "class 'd'"),
        ({"metric": "bottom_k_accuracy", "limit": 0.1, "k": 2}, "class 'c', 'd'"),
        ({"metric": "bottom_k_accuracy", "limit": 0.0, "k": 3}, "3 classes are asked for, 2 of 4"),
        ({"metric": "gini", "limit": 1.0}, "class 'c', 'd'"),
        ({"metric": "gini", "limit": 0.0}, "class 'c', 'd'"),
        ({"metric": "top5_accuracy", "limit": 0.0}, "top-5 of 4 classes is always 1"),
    ],
)
def test_what_the_data_do_not_define_is_inconclusive_with_its_reason(
    content: dict[str, Any], reason: str
) -> None:
    reference = ABSENT if METRICS[content["metric"]].compares else None
    found = result(ABSENT, reference, **content)
    assert found.outcome == "inconclusive"
    assert reason in found.sentence


def test_gini_of_a_model_that_is_always_wrong_is_inconclusive() -> None:
    found = result(answers([0, 1], [1, 0], classes=2), metric="gini", limit=1.0)
    assert (found.outcome, found.estimate) == ("inconclusive", None)


@pytest.mark.parametrize(
    "content",
    [{"metric": "class_accuracy", "limit": 0.6}, {"metric": "bottom_k_accuracy", "k": 1}],
)
def test_a_violation_among_the_present_classes_fails_though_others_are_absent(
    content: dict[str, Any],
) -> None:
    assert result(ABSENT, **{"limit": 0.6, **content}).outcome == "fail"


def test_named_classes_are_judged_though_others_are_absent() -> None:
    found = result(ABSENT, metric="class_accuracy", limit=0.5, classes=["a", "b"])
    assert (found.outcome, found.estimate, found.n) == ("pass", 0.5, 2)


def test_two_models_without_errors_pass_jaccard_by_convention_and_it_says_so() -> None:
    right = answers([0, 1], [0, 1], classes=2)
    found = result(right, right, metric="jaccard", limit=1.0)
    assert (found.outcome, found.n) == ("pass", 0)
    assert "by convention" in found.sentence


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (["cat"], "no class 'cat'; classes are a, b, c, d"),
        ([4], "no class 4; classes are 0 to 3"),
        ([-1], "no class -1"),
        (["a", 0], "names a class twice"),
    ],
)
def test_a_class_that_the_data_do_not_have_is_refused(classes: list[Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        result(ABSENT, metric="class_accuracy", limit=0.5, classes=classes)


def test_a_class_name_that_two_classes_share_is_refused() -> None:
    made = answers([0, 1], [0, 1], classes=2, class_names=("x", "x"))
    with pytest.raises(ConfigError, match="several classes have that name"):
        result(made, metric="class_accuracy", limit=0.5, classes=["x"])


SENTENCES = {
    "accuracy": "Accuracy is 80.00 %, which misses the limit of at least 90.00 %.",
    "accuracy_drop": "The drop in accuracy against the float model of the same size is "
    "10.00 points, which misses the limit of at most 5.00 points.",
    "class_accuracy": "Accuracy of the worst class, '1' (5 samples), is 60.00 %, which meets the "
    "limit of at least 50.00 %.",
}


@pytest.mark.parametrize(
    ("metric", "limit"), [("accuracy", 0.9), ("accuracy_drop", 0.05), ("class_accuracy", 0.5)]
)
def test_a_result_says_what_was_found_in_one_sentence(metric: str, limit: float) -> None:
    reference = REFERENCE if METRICS[metric].compares else None
    found = result(CANDIDATE, reference, metric=metric, limit=limit)
    assert found.sentence == SENTENCES[metric]


def test_a_value_that_rounds_to_its_limit_is_printed_with_the_digits_that_differ() -> None:
    made = answers([0] * 30_000, [0] * 26_999 + [1] * 3001, classes=2)
    found = result(made, metric="accuracy", limit=0.9)
    assert "is 89.997 %, which misses the limit of at least 90.000 %" in found.sentence


def test_the_gate_fails_if_any_check_fails_and_is_inconclusive_if_none_fails() -> None:
    passes = Check(metric="accuracy", limit=0.5)
    undecided = Check(metric="gini", limit=0.5)
    fails = Check(metric="accuracy", limit=1.0, name="perfect")
    for checks, outcome, code in (
        ([passes], "pass", 0),
        ([passes, undecided], "inconclusive", 3),
        ([passes, undecided, fails], "fail", 1),
    ):
        verdict = judge(checks, Case(ABSENT), rules=Rules(decision="estimate"))
        assert (verdict.outcome, verdict.exit_code) == (outcome, code)


def test_a_gate_without_checks_is_refused() -> None:
    with pytest.raises(UserError, match="no checks"):
        judge([], Case(CANDIDATE, {}))


def test_a_missing_reference_is_refused_by_name() -> None:
    check = Check(metric="jaccard", limit=0.5, reference="largest")
    with pytest.raises(UserError, match="'largest', which was not given; given: float"):
        judge([check], Case(CANDIDATE, {"float": REFERENCE}))


STATED = drawn(
    100,
    3,
    seed=1,
    artifact_sha256="a" * 64,
    data_digest="d" * 64,
    runtime=RuntimeRecord(name="tflm"),
    model=ModelRecord(family="scale_cnn", width=8, seed=1),
)
EXPECTED = Expected("a" * 64, "d" * 64, "tflm", "scale_cnn", 8.0, 1)
ACCURATE = Check(metric="accuracy", limit=0.1)


def test_evidence_that_is_as_demanded_is_listed_as_verified() -> None:
    verdict = judge([ACCURATE], Case(STATED, {}), EXPECTED)
    assert verdict.subject.verified == (
        "artifact_sha256",
        "data_digest",
        "runtime",
        "family",
        "width",
        "seed",
    )
    assert judge([ACCURATE], Case(STATED, {})).subject.verified == ()


@pytest.mark.parametrize(
    "other",
    [
        {"artifact_sha256": "b" * 64},
        {"data_digest": "e" * 64},
        {"runtime": "litert"},
        {"family": "mobilenet_v2"},
        {"width": 4.0},
        {"seed": 0},
    ],
)
def test_predictions_of_another_artifact_model_runtime_or_split_are_refused(
    other: dict[str, Any],
) -> None:
    with pytest.raises(PredictionsError, match=f"the candidate is of {next(iter(other))}"):
        judge([ACCURATE], Case(STATED, {}), replace(EXPECTED, **other))


def test_predictions_that_do_not_state_a_demanded_fact_are_refused() -> None:
    silent = drawn(100, 3, seed=1)
    with pytest.raises(PredictionsError, match="does not state its artifact_sha256"):
        judge([ACCURATE], Case(silent, {}), EXPECTED)


def test_references_are_held_to_what_is_demanded_of_them() -> None:
    check = Check(metric="jaccard", limit=0.0)
    due = Expected(references={"float": Expected(width=16.0)})
    with pytest.raises(PredictionsError, match="the reference 'float' is of width 8"):
        judge([check], Case(STATED, {"float": STATED}), due)
    due = Expected(references={"float": Expected(width=8.0)})
    verdict = judge([check], Case(STATED, {"float": STATED}), due)
    assert verdict.references["float"].verified == ("width",)


def test_a_reference_on_other_data_is_refused_and_one_that_nobody_asks_for_is_ignored() -> None:
    other = drawn(100, 3, seed=1, data_digest="e" * 64)
    with pytest.raises(PredictionsError, match="the data differ"):
        judge([Check(metric="jaccard", limit=0.0)], Case(STATED, {"float": other}))
    assert judge([ACCURATE], Case(STATED, {"float": other})).references == {}


def test_a_result_records_what_was_asked_and_how_it_was_decided() -> None:
    found = result(CANDIDATE, REFERENCE, metric="ece_increase", limit=0.0, name="calibration")
    assert isinstance(found, CheckResult)
    assert (found.name, found.metric, found.decision) == ("calibration", "ece_increase", "estimate")
    assert (found.confidence, found.direction, found.claim) == (0.95, "<=", "artifact")
    assert found.lower is not None
    assert found.upper is not None
    assert found.lower < -0.1 < found.upper
    assert "few samples make it read worse" in found.method
    assert found.reference == "the float model of the same size"
