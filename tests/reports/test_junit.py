from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from harness.gate.registered import Skipped
from harness.gate.verdict import Verdict
from reports.junit import render_junit
from tests.reports.made import report

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).with_name("junit.xsd")))


def verdict() -> Verdict:
    made = report().verdict
    assert made is not None
    return made


def parsed(text: str) -> etree._Element:
    root = etree.fromstring(text.encode())
    SCHEMA.assertValid(root)
    return root


def test_the_xml_is_valid_even_with_hostile_names() -> None:
    root = parsed(render_junit(verdict()))
    assert root.find("testsuite").get("name") == "tinygate: scale_cnn width 8 seed 0 on tflm"


def test_every_check_is_a_test_case_with_its_outcome_as_the_element() -> None:
    cases = parsed(render_junit(verdict())).findall(".//testcase")
    found = {case.get("name"): [child.tag for child in case] for case in cases}
    assert [case.get("classname") for case in cases] == [
        "tinygate.accuracy",
        "tinygate.class_accuracy",
        "tinygate.class_accuracy_drop",
        "tinygate.bottom_k_accuracy",
    ]
    assert list(found.values()) == [["system-out"], ["failure"], ["failure"], ["error"]]


def test_an_undecided_check_is_an_error_of_its_own_type_and_counted_as_one() -> None:
    root = parsed(render_junit(verdict()))
    error = root.find(".//error")
    assert error.get("type") == "inconclusive"
    assert "20 classes are asked for" in error.get("message")
    for element in (root, root.find("testsuite")):
        assert [element.get(one) for one in ("tests", "failures", "errors")] == ["4", "2", "1"]


def test_a_check_that_was_left_out_is_skipped_with_the_reason() -> None:
    left_out = Skipped(name="drop_vs_champion", metric="accuracy_drop", reason="none yet\x07.")
    made = verdict().model_copy(update={"skipped": (left_out,)})
    root = parsed(render_junit(made))
    case = root.findall(".//testcase")[-1]
    assert case.get("classname") == "tinygate.accuracy_drop"
    assert [child.tag for child in case] == ["skipped"]
    assert (
        case[0].get("message") == "Not judged: drop_vs_champion: none yet\N{REPLACEMENT CHARACTER}."
    )
    suite = root.find("testsuite")
    assert [suite.get(one) for one in ("tests", "failures", "errors", "skipped")] == list("5211")


def test_a_message_is_the_sentence_of_the_check_without_control_characters() -> None:
    root = parsed(render_junit(verdict()))
    message = root.find(".//failure").get("message")
    assert message == verdict().checks[1].sentence
    drop = root.findall(".//failure")[1]
    assert "required <= -1, n " in drop.text


def test_the_evidence_is_among_the_properties() -> None:
    root = parsed(render_junit(verdict()))
    found = {one.get("name"): one.get("value") for one in root.iter("property")}
    assert found["artifact_sha256"] == "a" * 64
    assert found["data_digest"] == "d" * 64
    assert (found["outcome"], found["runtime"], found["samples"]) == ("fail", "tflm", "300")


def test_equal_verdicts_give_equal_text() -> None:
    assert render_junit(verdict()) == render_junit(verdict())


@pytest.mark.parametrize("wrong", ["<skipped/>", "<failure/>", "<flaky type='x'/>"])
def test_the_schema_of_this_test_refuses_what_readers_would_not_take(wrong: str) -> None:
    text = render_junit(verdict()).replace("</testcase>", f"{wrong}</testcase>", 1)
    assert not SCHEMA.validate(etree.fromstring(text.encode()))
