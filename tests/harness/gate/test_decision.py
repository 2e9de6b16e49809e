from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from harness.errors import PredictionsError, UserError
from harness.gate.checks import Check, ChecksFile, Rules
from harness.gate.decide import Case, judge
from harness.gate.decision import decide
from harness.gate.measures.asked import Measured
from harness.gate.verdict import Looks, Verdict
from harness.predictions import DeviceRecord, Predictions
from tests.harness.made import answers, drawn


@dataclass(frozen=True)
class Evidence:
    """A method that has just so much evidence: p-values of compliance and of a violation."""

    p_complies: float
    p_violates: float
    name = "made up"
    estimate = 0.5
    n = 100
    limit = 0.5

    def bounds(self, alpha: float) -> tuple[float, float]:
        return 0.5 - alpha, 0.5 + alpha

    def complies(self, alpha: float) -> bool:
        return self.p_complies <= alpha

    def violates(self, alpha: float) -> bool:
        return self.p_violates <= alpha

    def samples_needed(self, alpha: float, power: float = 0.8) -> int | None:
        return 1234


KEPT, VIOLATED, UNCLEAR = Evidence(0.01, 1.0), Evidence(1.0, 0.01), Evidence(0.3, 0.3)


def outcomes(
    methods: Sequence[Evidence], gap: str = "", certain: bool = False, **rules: Any
) -> Any:
    checks = [Check(metric="accuracy", limit=0.5, name=str(i)) for i in range(len(methods))]
    measured = [Measured(0.5, 100, gap=gap, method=one, certain=certain) for one in methods]
    return [one.outcome for one in decide(checks, measured, Rules(**rules))]


@pytest.mark.parametrize(
    ("decision", "expected"),
    [
        ("evidence", ["pass", "fail", "inconclusive"]),
        ("regression", ["pass", "fail", "pass"]),
        ("non-inferiority", ["pass", "fail", "fail"]),
        ("estimate", ["pass", "pass", "pass"]),
    ],
)
def test_each_decision_takes_its_evidence(decision: str, expected: list[str]) -> None:
    found = [outcomes([one], decision=decision)[0] for one in (KEPT, VIOLATED, UNCLEAR)]
    assert found == expected


@pytest.mark.parametrize("decision", ["evidence", "regression", "non-inferiority", "estimate"])
def test_an_incomplete_answer_never_passes(decision: str) -> None:
    assert outcomes([KEPT], gap="class 'c' is absent", decision=decision) == ["inconclusive"]
    assert outcomes([UNCLEAR], gap="class 'c' is absent", decision=decision) == ["inconclusive"]


def test_a_violation_fails_though_the_answer_is_incomplete() -> None:
    assert outcomes([VIOLATED], gap="class 'c' is absent") == ["fail"]


def test_evidence_of_violations_is_corrected_over_the_checks_and_compliance_is_not() -> None:
    faint = Evidence(1.0, 0.04)
    assert outcomes([faint]) == ["fail"]
    assert outcomes([faint, KEPT]) == ["inconclusive", "pass"]
    assert outcomes([faint, KEPT], decision="regression") == ["inconclusive", "pass"]
    assert outcomes([faint, Evidence(1.0, 0.001)]) == ["fail", "fail"]  # Holm: 0.001, then 0.04
    assert outcomes([Evidence(0.04, 1.0)] * 9) == ["pass"] * 9


def test_what_is_certain_takes_no_part_in_the_correction() -> None:
    checks = [Check(metric="accuracy", limit=0.5, name=str(i)) for i in range(2)]
    measured = [
        Measured(0.5, 100, method=Evidence(1.0, 0.04)),
        Measured(0.5, 1, method=VIOLATED, certain=True),
    ]
    assert [one.outcome for one in decide(checks, measured, Rules())] == ["fail", "fail"]


def test_looks_divide_what_may_go_wrong() -> None:
    assert outcomes([Evidence(0.04, 1.0)], looks=1) == ["pass"]
    assert outcomes([Evidence(0.04, 1.0)], looks=2) == ["inconclusive"]
    assert outcomes([Evidence(1.0, 0.04)], looks=2) == ["inconclusive"]


def test_a_check_of_its_own_confidence_and_decision_is_decided_by_them() -> None:
    check = Check(metric="accuracy", limit=0.5, confidence=0.99, decision="non-inferiority")
    measured = Measured(0.5, 100, method=Evidence(0.02, 1.0))
    (found,) = decide([check], [measured], Rules())
    assert (found.outcome, found.alpha) == ("fail", pytest.approx(0.01))


def verdict(checks: list[dict[str, Any]], case: Case, **rules: Any) -> Verdict:
    return judge([Check.model_validate(one) for one in checks], case, rules=Rules(**rules))


def right(count: int, n: int) -> Predictions:
    return answers([0] * n, [0] * count + [1] * (n - count), classes=2)


@pytest.mark.parametrize(
    ("count", "outcome", "said"),
    [
        (960, "pass", "at least 94.82 % with 95 % confidence, which meets the limit"),
        (850, "fail", "at most 86.83 % with 95 % confidence, which misses the limit"),
        (910, "inconclusive", "1,000 samples cannot tell whether it meets the limit of at least"),
    ],
)
def test_a_sentence_says_how_sure_the_outcome_is(count: int, outcome: str, said: str) -> None:
    found = verdict([{"metric": "accuracy", "limit": 0.9}], Case(right(count, 1000))).checks[0]
    assert found.outcome == outcome
    assert said in found.sentence


def test_an_undecided_check_says_how_many_samples_would_decide_and_that_looking_costs() -> None:
    found = verdict([{"metric": "accuracy", "limit": 0.9}], Case(right(910, 1000)))
    needed = found.checks[0].samples_needed
    assert needed is not None
    assert 4000 < needed < 7000
    assert "a test set of about" in found.checks[0].sentence
    assert any("Testing again" in note for note in found.notes)
    assert (
        verdict([{"metric": "accuracy", "limit": 0.91}], Case(right(910, 1000)))
        .checks[0]
        .sentence.endswith("no number of samples would at this value.")
    )


@pytest.mark.parametrize(("policy", "code"), [("hold", 3), ("fail", 1), ("ship", 0)])
def test_the_config_says_what_an_inconclusive_gate_does(policy: str, code: int) -> None:
    found = verdict(
        [{"metric": "accuracy", "limit": 0.9}], Case(right(910, 1000)), inconclusive=policy
    )
    assert (found.outcome, found.exit_code, found.ships) == ("inconclusive", code, code == 0)


def test_the_rates_name_the_checks_that_need_no_evidence() -> None:
    checks = [
        {"metric": "accuracy", "limit": 0.9},
        {"metric": "ece", "limit": 0.9, "decision": "estimate"},
        {"metric": "global_gap", "limit": 0.9, "decision": "regression"},
        {"metric": "class_accuracy", "limit": 0.1, "decision": "non-inferiority"},
    ]
    rates = verdict(checks, Case(right(960, 1000)), looks=5).rates
    assert rates is not None
    assert rates.false_fail == pytest.approx(0.01)
    assert (rates.tests, rates.may_fail, rates.may_pass) == (
        2,
        ("ece", "class_accuracy"),
        ("ece", "global_gap"),
    )


@pytest.mark.parametrize(
    ("metric", "limit"),
    [
        ("accuracy", 1.0),
        ("ece", 0.0),
        ("gini", 0.0),
        ("global_gap", 0.0),
        ("negative_flip_rate", 0.0),
        ("jaccard", 1.0),
        ("class_accuracy", 1.0),
    ],
)
def test_a_limit_that_no_sample_is_evidence_of_is_refused_when_read(
    metric: str, limit: float
) -> None:
    check = {"metric": metric, "limit": limit}
    for decision in ("evidence", "non-inferiority"):
        with pytest.raises(ValidationError, match="no number of samples is evidence"):
            ChecksFile.model_validate({"checks": [check], "decision": decision})
    for decision in ("regression", "estimate"):
        assert ChecksFile.model_validate({"checks": [check], "decision": decision})
        assert ChecksFile.model_validate({"checks": [check | {"decision": decision}]})


def test_a_margin_of_0_is_warned_about_and_counts_are_exact() -> None:
    checks = [{"metric": "accuracy_drop", "limit": 0.0}, {"metric": "parity", "limit": 0.0}]
    read = ChecksFile.model_validate({"checks": checks})
    assert read.warnings == read.warnings_on(100)
    assert "unless the candidate is better" in read.warnings[0]


def test_an_ece_that_a_small_test_set_can_hardly_show_is_warned_about_when_read() -> None:
    read = ChecksFile.model_validate({"checks": [{"metric": "ece", "limit": 0.05}]})
    assert read.warnings_on(10_000) == ()
    (warning,) = read.warnings_on(539)
    assert "on 539 samples an ECE below about 0.086" in warning
    lenient = read.model_copy(update={"decision": "regression"})
    assert lenient.warnings_on(539) == ()


def test_an_ece_below_what_the_samples_can_show_is_warned_about() -> None:
    found = verdict([{"metric": "ece", "limit": 0.005}], Case(drawn(300, 4, seed=1)))
    assert any("not even a calibrated model" in note for note in found.notes)


def test_looks_beyond_the_plan_are_said() -> None:
    case = Case(right(960, 1000), looks=Looks(planned=2, seen=3, name="digits"))
    found = verdict([{"metric": "accuracy", "limit": 0.9}], case, looks=2)
    assert any("no longer holds. Set looks = 3" in note for note in found.notes)


def seeds(first: int, skill: float, count: int = 4) -> tuple[Predictions, ...]:
    return tuple(drawn(800, 5, seed=first + i, skill=skill) for i in range(count))


RECIPE = {"claim": "recipe", "decision": "evidence"}


@pytest.mark.parametrize(
    ("check", "outcome"),
    [
        ({"metric": "accuracy", "limit": 0.5}, "pass"),
        ({"metric": "accuracy", "limit": 0.95}, "fail"),
        ({"metric": "accuracy_drop", "limit": 0.2}, "pass"),
        ({"metric": "accuracy_drop", "limit": -0.1}, "fail"),
        ({"metric": "negative_flip_rate", "limit": 0.5}, "pass"),
        ({"metric": "jaccard", "limit": 0.5}, "fail"),
    ],
)
def test_a_claim_about_the_recipe_is_decided_over_seeds(check: Any, outcome: str) -> None:
    reference, candidate = seeds(10, 2.5), seeds(20, 2.3)
    case = Case(candidate[0], {"float": reference[0]}, candidate, {"float": reference})
    found = verdict([check | RECIPE], case).checks[0]
    assert (found.outcome, found.claim) == (outcome, "recipe")
    assert "of the recipe (4 seeds" in found.sentence
    assert found.name.endswith("over seeds")


def test_a_recipe_without_seeds_is_refused() -> None:
    with pytest.raises(UserError, match="takes 2 seeds of the candidate or more; 0 given"):
        verdict([{"metric": "accuracy", "limit": 0.5, **RECIPE}], Case(drawn(50, 3, seed=1)))


def test_a_metric_without_a_method_over_seeds_is_refused() -> None:
    with pytest.raises(ValidationError, match="claim = 'recipe' takes accuracy, accuracy_drop"):
        Check(metric="ece", limit=0.1, claim="recipe")


def test_a_jaccard_stands_beside_chance_containment_and_other_seeds() -> None:
    reference = seeds(10, 2.0, 3)
    case = Case(drawn(800, 5, seed=1), {"float": reference[0]}, (), {"float": reference})
    found = verdict([{"metric": "jaccard", "limit": 0.01}], case).checks[0]
    assert set(found.baselines) == {"independent", "containment", "position", "cross_seed"}
    assert 0 < found.baselines["independent"] < found.baselines["containment"] <= 1
    assert "two seeds of the reference: 0." in found.sentence


DEVICE = DeviceRecord(
    board="nucleo", core="cortex-m4f", emulated=False, arena_bytes=5000, stack_used_bytes=1000
)
TWIN = drawn(1000, 4, seed=1, artifact_sha256="a" * 64)
SAMPLE = TWIN.of(np.arange(1000)[::-3].copy()).with_meta(device=DEVICE)


def differing(count: int) -> Predictions:
    scores = SAMPLE.scores.copy()
    scores[:count] += 1
    return Predictions(scores, SAMPLE.labels, SAMPLE.ids, SAMPLE.meta)


def sampled(mismatches: int, limit: float) -> Verdict:
    check = {"metric": "parity", "reference": "device", "limit": limit}
    return verdict([check], Case(TWIN, device_sample=differing(mismatches)))


def test_a_part_on_the_device_bounds_the_mismatches_of_the_whole() -> None:
    assert sampled(0, 0.01).outcome == "pass"
    assert sampled(0, 0.001).outcome == "inconclusive"
    assert sampled(30, 0.01).outcome == "fail"
    twin = sampled(2, 0.05).subject.twin
    assert twin is not None
    assert (twin.samples, twin.mismatches, twin.device) == (334, 2, DEVICE)
    assert 2 / 334 < twin.upper < 0.02
    assert "334 of them, drawn at random, also on the device nucleo: 2 differ" in " ".join(
        sampled(2, 0.05).notes
    )


def test_what_the_device_takes_is_known_from_its_part() -> None:
    check = {"metric": "ram_bytes", "limit": 6000}
    found = verdict([check], Case(TWIN, device_sample=SAMPLE))
    assert (found.outcome, found.checks[0].estimate) == ("pass", 6000)
    assert verdict([{**check, "limit": 5999}], Case(TWIN, device_sample=SAMPLE)).outcome == "fail"
    assert verdict([check], Case(TWIN)).outcome == "inconclusive"


def test_a_device_that_ran_another_file_or_other_samples_is_refused() -> None:
    check = [{"metric": "accuracy", "limit": 0.1}]
    other = SAMPLE.with_meta(artifact_sha256="b" * 64)
    with pytest.raises(PredictionsError, match="evaluate one file on both"):
        verdict(check, Case(TWIN, device_sample=other))
    strange = Predictions(SAMPLE.scores, SAMPLE.labels, SAMPLE.ids + 5000, SAMPLE.meta)
    with pytest.raises(PredictionsError, match="334 of 334 samples were not answered"):
        verdict(check, Case(TWIN, device_sample=strange))
