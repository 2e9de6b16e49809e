"""A verdict as JUnit XML in the form that Jenkins, GitLab and the Surefire readers take.

Every check is a test case. A failed check is a `<failure>`. An inconclusive one is an `<error>` of
type `inconclusive`, not `<skipped>`: readers count skipped cases as harmless and would show green,
while an error stops the build and is still told apart from a failure. `<skipped>` is a check that
the gate left out, because the registered version it compares with does not exist yet.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from harness.gate.registered import Skipped
from harness.gate.verdict import CheckResult, Verdict
from reports.text import printable

_ELEMENTS = {"fail": "failure", "inconclusive": "error"}


def render_junit(verdict: Verdict) -> str:
    """Return one `<testsuites>` with one suite, a test case per check, and the evidence.

    The text has no time stamp: equal verdicts give equal text.
    """
    counts = _counts(verdict)
    root = ET.Element("testsuites", counts | {"name": "tinygate"})
    suite = ET.SubElement(root, "testsuite", counts | _suite_name(verdict))
    properties = ET.SubElement(suite, "properties")
    for name, value in _evidence(verdict).items():
        ET.SubElement(properties, "property", {"name": name, "value": printable(value)})
    for check in verdict.checks:
        _add_case(suite, check)
    for skipped in verdict.skipped:
        _add_skipped(suite, skipped)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _counts(verdict: Verdict) -> dict[str, str]:
    outcomes = [check.outcome for check in verdict.checks]
    return {
        "tests": str(len(outcomes) + len(verdict.skipped)),
        "failures": str(outcomes.count("fail")),
        "errors": str(outcomes.count("inconclusive")),
        "time": "0",
    }


def _suite_name(verdict: Verdict) -> dict[str, str]:
    name = printable(f"tinygate: {verdict.subject.label}")
    return {"name": name, "skipped": str(len(verdict.skipped))}


def _evidence(verdict: Verdict) -> dict[str, str]:
    subject = verdict.subject
    facts = {
        "outcome": verdict.outcome,
        "artifact_sha256": subject.artifact_sha256,
        "artifact": printable(subject.caveat) if subject.caveat else None,
        "data_digest": subject.data_digest,
        "runtime": subject.runtime.name if subject.runtime else None,
        "samples": str(subject.samples),
        "evidence": subject.sentence,
        "error_rates": verdict.rates.sentence if verdict.rates else None,
        "looks": verdict.looks.sentence if verdict.looks else None,
        "tinygate_version": verdict.tinygate_version,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _case(suite: ET.Element, metric: str, name: str) -> ET.Element:
    names = {"classname": f"tinygate.{printable(metric)}", "name": printable(name)}
    return ET.SubElement(suite, "testcase", names | {"time": "0"})


def _add_skipped(suite: ET.Element, skipped: Skipped) -> None:
    case = _case(suite, skipped.metric, skipped.name)
    ET.SubElement(case, "skipped", {"message": printable(skipped.sentence)})


def _add_case(suite: ET.Element, check: CheckResult) -> None:
    case = _case(suite, check.metric, check.name)
    message = printable(check.sentence)
    if element := _ELEMENTS.get(check.outcome):
        kind = {"type": check.outcome, "message": message}
        ET.SubElement(case, element, kind).text = _details(check)
    else:
        ET.SubElement(case, "system-out").text = message


def _bounds(check: CheckResult) -> str:
    if check.lower is None or check.upper is None or check.confidence is None:
        return ""
    return f" ({check.lower:.6g} to {check.upper:.6g}, each at {check.confidence:.4g})"


def _details(check: CheckResult) -> str:
    value = "undefined" if check.estimate is None else f"{check.estimate:.6g}"
    return printable(
        f"estimate {value}{_bounds(check)}, required {check.direction} {check.limit:.6g}, "
        f"n {check.n}, decision {check.decision}, method: {check.method}"
        + (f", against {check.reference}" if check.reference else "")
    )
