"""A report as one HTML page that needs nothing else: no network and no other files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.gate.verdict import CheckResult, Outcome
from reports.agreement import Agreement, Cell, agreement_of
from reports.board import uses
from reports.change import Change, change_of, class_columns, overall_columns
from reports.check_figures import check_axis
from reports.columns import (
    OUTCOME_WORDS,
    VERDICT_WORDS,
    Columns,
    bounds_note,
    check_columns,
    runtime_columns,
    twin_note,
)
from reports.drawing import Drawing
from reports.evidence import evidence_rows
from reports.flips import flips
from reports.headline import headline_facts, target_device
from reports.page import rendered
from reports.report import Report, RuntimeRow
from reports.report_figures import class_changes_name, report_drawings
from reports.thumbnail import Thumbnails

SIGNS: dict[Outcome, str] = {"pass": "✓", "fail": "✕", "inconclusive": "?"}
_TITLES = {
    "checks": "Checks",
    "changed": "What changed",
    "calibration": "Calibration",
    "runtimes": "Runtimes",
    "target": "Target",
    "sweep": "All sizes",
    "evidence": "Evidence",
    "again": "How to reproduce",
}
_MOST_ROWS = 1000
_EQUAL_SCORES, _EQUAL_CLASSES = "0", "100"
_LEAST_SHOWN = 0.01
_KNOWN_OF_THE_GATED = ("model", "width", "seed", "parameters", "MACs")
"""Columns that say the same in every row of one model."""


def render_html(
    report: Report, change: Change | None = None, drawings: Mapping[str, Drawing] | None = None
) -> str:
    """Return the page: verdict, checks, what changed, calibration, runtimes, target, evidence.

    Everything that comes from files is escaped; the page's policy forbids loading and any script
    but ours. `change` and `drawings` are those of the report, made here where they are not given.
    """
    change = change or change_of(report)
    drawings = report_drawings(report, change) if drawings is None else drawings
    content = {
        "report": report,
        "verdict": report.verdict,
        "signs": SIGNS,
        "glance": headline_facts(report),
        "drawings": drawings,
        **_check_content(report),
        **_change_content(report, change),
        **_runtime_content(report),
        **_target_content(report),
        **_sweep_content(report, drawings),
        "evidence": evidence_rows(report.verdict),
    }
    sections = [(name, _TITLES[name]) for name in _TITLES if _has(name, report, content)]
    return rendered("report.html.j2", content | {"sections": sections})


def _has(section: str, report: Report, content: Mapping[str, Any]) -> bool:
    present = {
        "checks": report.verdict is not None,
        "changed": content["change"].main is not None,
        "calibration": report.candidate is not None,
        "runtimes": bool(report.rows),
        "target": bool(content["uses"]),
        "sweep": report.sweep is not None,
        "evidence": report.verdict is not None,
        "again": True,
    }
    return present[section]


def _check_content(report: Report) -> dict[str, Any]:
    verdict = report.verdict
    checks: tuple[CheckResult, ...] = verdict.checks if verdict else ()
    table = check_columns(checks)
    methods = tuple(
        (*row, one.decision, one.method) for row, one in zip(table.rows, checks, strict=True)
    )
    return {
        "verdict_word": VERDICT_WORDS[verdict.outcome] if verdict else "",
        "outcome_words": OUTCOME_WORDS,
        "checks": table,
        "checks_table": Columns(
            (*table.headers, "decided by", "method"), (*table.numeric, False, False), methods
        ),
        "axes": [check_axis(one) for one in checks],
        "bounds_note": bounds_note(checks),
    }


def _change_content(report: Report, change: Change) -> dict[str, Any]:
    thumbnails = None if report.samples is None else Thumbnails(report.samples)
    count = max(1, len(change.against))
    return {
        "change": change,
        "overall": overall_columns(change),
        "against": [
            {
                "name": one.compared.name,
                "words": one.compared.words,
                "figure": class_changes_name(place),
                "classes": class_columns(one.classes[:_MOST_ROWS]),
                "flips": flips(one.compared.pair, thumbnails, share_of=count),
            }
            for place, one in enumerate(change.against, 1)
        ],
    }


def _runtime_content(report: Report) -> dict[str, Any]:
    agreement = agreement_of(report.answers, report.output_scale) if report.answers else None
    gated = tuple(_gated_rows(report))
    table = runtime_columns(gated or report.rows)
    for header in _KNOWN_OF_THE_GATED if gated else ():
        table = table.without(header)
    table = table.led_by("runtime") if gated else table
    in_lsb = report.output_scale is not None
    counts = [cell.samples for cell in agreement.cells.values()] if agreement else []
    return {
        "runtimes": table,
        "twin_note": twin_note(gated or report.rows),
        "agreement": agreement if agreement and len(agreement.runtimes) > 1 else None,
        "same_class": _same_class,
        "largest_difference": _largest_difference,
        "equal_difference": _EQUAL_SCORES,
        "equal_classes": _EQUAL_CLASSES,
        "difference_caption": "Largest difference of a score"
        + (", in steps of the int8 output (LSB)" if in_lsb else ""),
        "fewest_samples": min(counts) if len(set(counts)) > 1 else None,
        "no_difference": _no_difference(agreement),
    }


def _gated_rows(report: Report) -> Iterator[RuntimeRow]:
    model = report.verdict.subject.model if report.verdict and report.answers else None
    for row in report.rows:
        if model and (row.family, row.width, row.seed) == (model.family, model.width, model.seed):
            yield row


def _same_class(cell: Cell) -> str:
    if cell.agreement == 1:
        return _EQUAL_CLASSES
    return f"{min(100 * cell.agreement, 99.99):.2f}"


def _largest_difference(cell: Cell) -> str:
    value = cell.difference if cell.lsb is None else cell.lsb
    if value is None:
        return "—"
    return f"< {_LEAST_SHOWN}" if 0 < value < _LEAST_SHOWN else f"{value:.3g}"


def _no_difference(agreement: Agreement | None) -> str:
    if agreement is None or len(agreement.runtimes) < 2:  # noqa: PLR2004  nothing to agree with
        return ""
    return "Where runtimes of the int8 file part was not looked into: none differs, or none can."


def _target_content(report: Report) -> dict[str, Any]:
    device = target_device(report)
    if device is None:
        return {"uses": (), "target": ""}
    engine = f", {device.engine}" if device.engine else ""
    kind = "Emulated board" if device.emulated else "Board"
    target = (
        f"{kind} {device.board}, {device.core}, firmware {device.firmware or 'unknown'}{engine}"
    )
    return {"uses": uses(device, report.board, report.verdict), "target": f"{target}."}


def _sweep_content(report: Report, drawings: Mapping[str, Drawing]) -> dict[str, Any]:
    return {
        "sweep_drawings": {n: one for n, one in drawings.items() if n.startswith("sweep_")},
        "all_runtimes": runtime_columns(report.rows),
    }
