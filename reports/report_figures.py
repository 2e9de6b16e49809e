"""Every figure of a report by name: drawn once, for the page, for MLflow and for the docs."""

from __future__ import annotations

from harness.metrics import summarize
from harness.scaling.analysis import Analysis
from reports.calibration_figures import calibration_figures
from reports.change import Change
from reports.change_figures import change_chart, confidence_chart, overlap_chart
from reports.check_figures import checks_figure
from reports.class_figures import class_figures
from reports.drawing import Drawing
from reports.figures import class_chart, reliability_diagram
from reports.overlap_figures import overlap_figures
from reports.report import Report
from reports.scaling_figures import scaling_figures
from reports.text import shortened

SWEEP_FIGURES = ("power_law", "calibration", "jaccard_matrix", "classes")
"""What a report shows of a sweep; its own analysis shows the rest."""
_NAME_LENGTH = 24


def report_drawings(report: Report, change: Change) -> dict[str, Drawing]:
    """Return every figure that the report has data for, by the name of its files."""
    found: dict[str, Drawing | None] = {}
    if report.verdict is not None:
        found["checks"] = checks_figure(report.verdict.checks)
    found |= _changes(change)
    found |= _answers(report, change)
    if report.sweep is not None:
        found |= {f"sweep_{name}": one for name, one in sweep_drawings(report.sweep).items()}
    return {name: one for name, one in found.items() if one is not None}


def _changes(change: Change) -> dict[str, Drawing | None]:
    found: dict[str, Drawing | None] = {"error_overlap": overlap_chart(change.compared)}
    for place, one in enumerate(change.against, 1):
        words = shortened(one.compared.words, _NAME_LENGTH * 2)
        found[class_changes_name(place)] = change_chart(one.classes, words)
    return found


def class_changes_name(place: int) -> str:
    """Return the name of the figure of the reference at `place`, from 1."""
    return f"class_changes_{place}"


def _answers(report: Report, change: Change) -> dict[str, Drawing | None]:
    if report.candidate is None:
        return {}
    name = change.main.name if change.main else ""
    reference = change.main.pair.reference if change.main else None
    candidate = summarize(report.candidate)
    other = None if reference is None else summarize(reference)
    found: dict[str, Drawing | None] = {"class_accuracy": class_chart(candidate, other)}
    if other is not None:
        title = f"reference {shortened(name, _NAME_LENGTH)}"
        found["reliability_reference"] = reliability_diagram(other, title)
    found["reliability_candidate"] = reliability_diagram(candidate, "candidate")
    found["confidence"] = confidence_chart(report.candidate, reference, name)
    return found


def sweep_drawings(analysis: Analysis) -> dict[str, Drawing]:
    """Return the figures of a sweep that the analysis has data for."""
    every = (
        scaling_figures(analysis, SWEEP_FIGURES)
        | overlap_figures(analysis, SWEEP_FIGURES)
        | class_figures(analysis, SWEEP_FIGURES)
        | calibration_figures(analysis, SWEEP_FIGURES)
    )
    return {name: every[name] for name in SWEEP_FIGURES if name in every}
