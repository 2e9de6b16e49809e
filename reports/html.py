"""A report as one HTML page that needs nothing else: no network, no scripts, no other files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harness.comparison import compare
from harness.gate.verdict import Evidence, Verdict
from harness.metrics import Summary, summarize
from reports.columns import (
    OUTCOME_WORDS,
    VERDICT_WORDS,
    bounds_note,
    check_columns,
    runtime_columns,
    twin_note,
)
from reports.drawing import INK, Drawing
from reports.figures import class_chart, reliability_diagram
from reports.report import Report
from reports.text import printable

_MOST_ROWS = 1000


@dataclass(frozen=True)
class ClassRow:
    """One class in the table of all classes; accuracies as text."""

    name: str
    samples: int
    accuracy: str
    change: str


@dataclass(frozen=True)
class EvidenceRow:
    """What one Predictions file of the gate is, as pairs of a name and a value."""

    who: str
    facts: tuple[tuple[str, str], ...]


def render_html(report: Report) -> str:
    """Return the page: verdict, checks, runtimes, classes, calibration, evidence, how to repeat.

    Everything that comes from files is escaped; the page's policy forbids scripts and loading.
    """
    verdict = report.verdict
    page = (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            verdict=verdict,
            verdict_word=VERDICT_WORDS[verdict.outcome] if verdict else "",
            outcome_words=OUTCOME_WORDS,
            checks=check_columns(verdict.checks) if verdict else None,
            bounds_note=bounds_note(verdict.checks) if verdict else "",
            runtimes=runtime_columns(report.rows) if report.rows else None,
            twin_note=twin_note(report.rows),
            classes=_class_rows(report),
            class_drawing=_class_drawing(report),
            drawings=list(_reliability_drawings(report)),
            evidence=list(_evidence(verdict)) if verdict else [],
            compared=next(iter(report.references), ""),
        )
    )
    return page + "\n"


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["printable"] = printable
    environment.filters["inline_svg"] = inline_svg
    return environment


def inline_svg(drawing: Drawing) -> Markup:
    """Return the drawing as an `<svg>` element whose ink follows the page's text colour.

    Matplotlib escapes every text it writes, so the element is safe as it is.
    """
    document = drawing.svg()
    return Markup(document[document.index("<svg") :].replace(INK, "currentColor"))  # noqa: S704


def _class_drawing(report: Report) -> Drawing | None:
    if report.candidate is None:
        return None
    reference = next(iter(report.references.values()), None)
    return class_chart(
        summarize(report.candidate), None if reference is None else summarize(reference)
    )


def _reliability_drawings(report: Report) -> Iterator[Drawing]:
    if report.candidate is not None:
        yield reliability_diagram(summarize(report.candidate), "candidate")
    for name, reference in report.references.items():
        yield reliability_diagram(summarize(reference), f"reference {printable(name)}")


def _class_rows(report: Report) -> list[ClassRow]:
    if report.candidate is None:
        return []
    summary = summarize(report.candidate)
    changes: tuple[float | None, ...] = (None,) * summary.classes
    reference = next(iter(report.references.values()), None)
    if reference is not None:
        changes = compare(reference, report.candidate).class_difference
    return [_class_row(summary, index, changes[index]) for index in range(summary.classes)][
        :_MOST_ROWS
    ]


def _class_row(summary: Summary, index: int, change: float | None) -> ClassRow:
    value = summary.class_accuracy[index]
    return ClassRow(
        name=printable(summary.class_names[index]),
        samples=summary.class_counts[index],
        accuracy="no samples" if value is None else f"{100 * value:.2f} %",
        change="" if change is None else f"{100 * change:+.2f}",
    )


def _evidence(verdict: Verdict) -> Iterator[EvidenceRow]:
    yield EvidenceRow("candidate", tuple(_facts(verdict.subject)))
    for name, reference in verdict.references.items():
        yield EvidenceRow(f"reference {printable(name)}", tuple(_facts(reference)))


def _facts(evidence: Evidence) -> Iterator[tuple[str, str]]:
    facts = {
        "artifact sha256": evidence.artifact_sha256,
        "artifact": evidence.caveat,
        "data digest": evidence.data_digest,
        "data": " ".join(filter(None, (evidence.data_name, evidence.split))) or None,
        "samples": f"{evidence.samples:,} over {evidence.classes:,} classes",
        "model": evidence.model and _described(evidence.model.model_dump(exclude_none=True)),
        "runtime": evidence.runtime and f"{evidence.runtime.name} {evidence.runtime.version}",
        "runtime options": evidence.runtime and _described(evidence.runtime.options),
        "host": evidence.host
        and f"{evidence.host.system} {evidence.host.machine} {evidence.host.cpu}",
        "device": evidence.device and _described(evidence.device.model_dump(exclude_none=True)),
        "device's twin": evidence.twin and _described(evidence.twin.model_dump(exclude_none=True)),
        "demanded and verified": ", ".join(evidence.verified) or "nothing: its own word",
    }
    return ((name, printable(value)) for name, value in facts.items() if value)


def _described(facts: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts.items())
