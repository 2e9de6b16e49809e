from __future__ import annotations

import json
from typing import Any

import pytest

from harness.errors import UserError
from harness.gate.checks import Check
from harness.gate.decide import Case, judge
from harness.gate.verdict import Verdict
from harness.predictions import HostRecord, ModelRecord, RuntimeRecord
from tests.harness.made import answers, drawn

CANDIDATE = drawn(
    200,
    4,
    seed=1,
    artifact_sha256="a" * 64,
    runtime=RuntimeRecord(name="tflm", options={"threads": 2}),
    host=HostRecord(system="Linux", machine="x86_64", features=("avx2",)),
    model=ModelRecord(family="scale_cnn", width=0.5, seed=3),
)
REFERENCE = drawn(200, 4, seed=2)
CHECKS = [
    Check(metric="accuracy", limit=0.2),
    Check(metric="jaccard", limit=0.0),
    Check(metric="top5_accuracy", limit=0.5),
]


def verdict() -> Verdict:
    return judge(CHECKS, Case(CANDIDATE, {"float": REFERENCE}))


def test_a_verdict_survives_json() -> None:
    made = verdict()
    assert Verdict.from_json(made.to_json()) == made


def test_the_json_is_versioned_and_undefined_figures_are_null() -> None:
    content = json.loads(verdict().to_json())
    assert content["format"] == 1
    assert content["outcome"] == "inconclusive"
    assert content["checks"][2]["estimate"] is None
    assert content["subject"]["artifact_sha256"] == "a" * 64
    assert "NaN" not in verdict().to_json()


def changed(path: tuple[str | int, ...], value: Any) -> str:
    content = json.loads(verdict().to_json())
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return json.dumps(content)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a verdict: "),
        ("[]", "not a verdict: "),
        ("[" * 100_000, "not a verdict: "),
        (changed(("outcome",), "pass"), "outcome is 'pass', but the checks give 'inconclusive'"),
        (changed(("checks",), []), "checks: "),
        (changed(("format",), 2), "format: "),
        (changed(("colour",), 1), "unknown key 'colour'"),
        (changed(("checks", 0, "outcome"), "maybe"), "checks.0.outcome: "),
        (changed(("checks", 0, "n"), -1), "checks.0.n: "),
        (changed(("subject", "artifact_sha256"), "`rm`"), "subject.artifact_sha256: "),
        (verdict().to_json().replace('"limit": 0.2', '"limit": NaN'), "not a verdict: "),
    ],
)
def test_json_that_is_not_a_verdict_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        Verdict.from_json(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_headline_counts_the_checks_and_names_what_was_gated() -> None:
    named = "scale_cnn width 0.5 seed 3 on tflm"
    assert verdict().headline == f"1 of 3 checks undecided: {named}"
    passed = judge(CHECKS[:2], Case(CANDIDATE, {"float": REFERENCE}))
    assert passed.headline == f"all 2 checks passed: {named}"
    failed = judge(
        [Check(metric="accuracy", limit=1.0), *CHECKS], Case(CANDIDATE, {"float": REFERENCE})
    )
    assert failed.headline == f"1 of 4 checks failed, 1 of 4 checks undecided: {named}"
    alone = judge(CHECKS[:1], Case(answers([0, 1], [0, 1], classes=2), {}))
    assert alone.headline == "the only check passed: candidate"


def test_a_verdict_holds_the_evidence_of_its_references() -> None:
    made = verdict()
    assert made.references["float"].samples == 200
    assert made.subject.host == HostRecord(system="Linux", machine="x86_64", features=("avx2",))
