"""What a device cannot vouch for stands in the evidence of every form."""

from __future__ import annotations

import dataclasses

from harness.gate.checks import Check
from harness.gate.decide import Case, judge
from harness.gate.verdict import Verdict
from harness.predictions import DeviceRecord
from reports.html import render_html
from reports.junit import render_junit
from reports.markdown import render_markdown
from reports.report import Report
from tests.reports.made import predictions

WORDS = "not verified on the device"


def verdict(*, artifact_verified: bool | None) -> Verdict:
    device = DeviceRecord(
        board="A | `board`", core="", emulated=False, artifact_verified=artifact_verified
    )
    found = predictions(2, 2.5, "device")
    found = dataclasses.replace(found, meta=found.meta.model_copy(update={"device": device}))
    return judge([Check(metric="accuracy", limit=0.2)], Case(found))


def forms(made: Verdict) -> list[str]:
    report = Report("t", made)
    return [render_markdown(report), render_junit(made), render_html(report)]


def test_an_unverified_artifact_is_named_as_such_in_every_form() -> None:
    made = verdict(artifact_verified=False)
    assert made.subject.caveat is not None
    assert all(WORDS in one for one in forms(made))
    assert Verdict.model_validate_json(made.model_dump_json()).subject.caveat == made.subject.caveat


def test_a_verified_artifact_has_no_such_words() -> None:
    for known in (True, None):
        assert not any(WORDS in one for one in forms(verdict(artifact_verified=known)))
