"""An analysis as files: an HTML and a Markdown page, a CSV and two pictures of all, one JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any

from harness.scaling.analysis import Analysis
from reports.analysis_html import render_analysis
from reports.answer_sheets import answer_sheets
from reports.calibration_figures import calibration_figures
from reports.class_figures import class_figures
from reports.compression_figures import compression_figures
from reports.compression_sheets import compression_sheets
from reports.converter_comparison import converter_figure, converter_sheet
from reports.drawing import Drawing
from reports.markdown import escaped
from reports.overlap_figures import overlap_figures
from reports.scaling_figures import scaling_figures
from reports.scaling_sheets import scaling_sheets
from reports.sheet import Sheet

PAGE, TEXT, DATA = "analysis.html", "analysis.md", "analysis.json"
_FORMAT = 1
_AFTER = {
    "power_laws": ("power_law",),
    "local_exponents": ("local_exponents",),
    "curves": ("curves",),
    "training_loss_laws": ("training_loss",),
    "spectrum": ("spectrum",),
    "effective_rank": ("effective_rank",),
    "jaccard_matrix": ("jaccard_matrix",),
    "jaccard_extremes": ("jaccard_from_smallest",),
    "gini": ("gini",),
    "class_groups": ("class_groups",),
    "calibration": ("calibration", "reliability", "confidence"),
    "classes": ("classes",),
    "ways": ("ways_errors", "ways_classes"),
    "ways_compared": ("ways_compared",),
    "converters": ("converters",),
}
"""Sheet -> the figures that follow it on the page."""
_IN_FILES_ALONE = {"effective_rank_by_layer"}
_LONGEST_ON_PAGE = 60
"""Rows; a longer table is in its CSV alone."""


def analysis_files(analysis: Analysis, record: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Yield the path within the folder, and the content, of every file; equal data, equal bytes.

    Args:
        analysis: what was found.
        record: what it was made with, as JSON values; it goes into the JSON.

    """
    sheets = analysis_sheets(analysis)
    drawings = analysis_drawings(analysis)
    for one in sheets:
        yield f"tables/{one.name}.csv", one.csv().encode()
    for name, drawing in drawings.items():
        yield f"figures/{name}.svg", drawing.svg().encode()
        yield f"figures/{name}.png", drawing.png()
    yield PAGE, render_analysis(analysis, sheets, drawings, record).encode()
    yield TEXT, _page(analysis, sheets, drawings).encode()
    yield DATA, _data(analysis, sheets, record).encode()


def analysis_sheets(analysis: Analysis) -> tuple[Sheet, ...]:
    """Return every table that has rows."""
    converters = converter_sheet(analysis)
    found = scaling_sheets(analysis) + answer_sheets(analysis) + compression_sheets(analysis)
    return (*found, converters) if converters.rows else found


def analysis_drawings(analysis: Analysis) -> dict[str, Drawing]:
    """Return every figure that has data, by the name of its files."""
    return (
        scaling_figures(analysis)
        | overlap_figures(analysis)
        | class_figures(analysis)
        | calibration_figures(analysis)
        | compression_figures(analysis)
        | converter_figure(analysis)
    )


def _page(analysis: Analysis, sheets: tuple[Sheet, ...], drawings: dict[str, Drawing]) -> str:
    parts = [f"# {escaped(analysis.title)}\n", _facts(analysis)]
    if analysis.notes:
        lines = "\n".join(f"* {escaped(note)}" for note in analysis.notes)
        parts.append(f"Missing or left out, and why:\n\n{lines}\n")
    left = dict(drawings)
    for one in sheets:
        parts.append(_section(one))
        parts += [_picture(n, left.pop(n)) for n in _AFTER.get(one.name, ()) if n in left]
    parts += [_picture(name, drawing) for name, drawing in left.items()]
    return "\n".join(part for part in parts if part)


def _section(one: Sheet) -> str:
    if one.name in _IN_FILES_ALONE or len(one.rows) > _LONGEST_ON_PAGE:
        return f"## {escaped(one.title)}\n\nIn [tables/{one.name}.csv](tables/{one.name}.csv).\n"
    return one.markdown()


def _picture(name: str, drawing: Drawing) -> str:
    return f"![{escaped(drawing.description)}](figures/{name}.svg)\n"


def _facts(analysis: Analysis) -> str:
    models = [size.models for size in analysis.sizes if size.models is not None]
    facts = [f"{len(analysis.sizes)} sizes"]
    facts += [f"{sum(models)} models"] if models else []
    facts += [f"runtime {escaped(analysis.runtime)}"] if analysis.runtime else []
    facts += [f"{analysis.samples:,} test samples"] if analysis.samples is not None else []
    return ", ".join(facts) + ".\n"


def _data(analysis: Analysis, sheets: tuple[Sheet, ...], record: Mapping[str, Any]) -> str:
    content = {
        "format": _FORMAT,
        "record": dict(record),
        "notes": list(analysis.notes),
        "tables": {one.name: one.to_json() for one in sheets},
        "reliability": {
            one.size: [dataclasses.asdict(bin_) for bin_ in one.bins]
            for one in analysis.calibrations
        },
        "eigenvalues": list(analysis.spectrum.eigenvalues) if analysis.spectrum else None,
    }
    return json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n"
