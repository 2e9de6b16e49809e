"""An analysis as one HTML page that needs nothing else: every size, every figure, every table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.scaling.analysis import Analysis
from reports.drawing import Drawing
from reports.page import rendered
from reports.sheet import Sheet

_MOST_ROWS = 400
"""Of a table on the page; a longer one is in its CSV."""


@dataclass(frozen=True)
class Part:
    """A section of the page: figures and tables by name, in their order."""

    id: str
    title: str
    figures: tuple[str, ...]
    tables: tuple[str, ...]


PARTS = (
    Part(
        "error",
        "Error against size",
        ("power_law", "local_exponents", "curves", "training_loss"),
        (
            *("sizes", "power_laws", "seed_exponents", "exponent_tests", "local_exponents"),
            *("saturation", "curves", "training_loss", "training_loss_laws"),
        ),
    ),
    Part(
        "overlap",
        "Overlap of errors",
        ("jaccard_matrix", "jaccard_from_smallest"),
        (
            *("jaccard_matrix", "jaccard_extremes", "jaccard_cross_seed"),
            *("jaccard_matched_size", "jaccard_pairs"),
        ),
    ),
    Part(
        "classes",
        "Classes",
        ("classes", "gini", "class_groups"),
        ("gini", "class_groups", "classes"),
    ),
    Part(
        "calibration",
        "Calibration",
        ("calibration", "confidence", "reliability"),
        ("calibration",),
    ),
)
_REST = ("rest", "Images and activations")


def render_analysis(
    analysis: Analysis,
    sheets: Sequence[Sheet],
    drawings: Mapping[str, Drawing],
    record: Mapping[str, Any],
) -> str:
    """Return the page; text of any origin is escaped.

    Args:
        analysis: what was found.
        sheets: its tables.
        drawings: its figures, by name.
        record: what it was made with, as JSON values.

    """
    tables = {one.name: one for one in sheets}
    parts = [one for one in _parts(tables, drawings) if one.figures or one.tables]
    content = {
        "analysis": analysis,
        "glance": _glance(analysis),
        "parts_of_page": parts,
        "sections": [*((one.id, one.title) for one in parts), ("again", "How to reproduce")],
        "tables": tables,
        "drawings": drawings,
        "most_rows": _MOST_ROWS,
        "environment": _flat(record.get("environment", {})),
        "sources": record.get("sources", {}),
    }
    return rendered("analysis.html.j2", content)


def _parts(tables: Mapping[str, Sheet], drawings: Mapping[str, Drawing]) -> list[Part]:
    """Return the parts with what there is of each, and what belongs to none as the last."""
    named = [
        Part(
            one.id,
            one.title,
            tuple(name for name in one.figures if name in drawings),
            tuple(name for name in one.tables if name in tables),
        )
        for one in PARTS
    ]
    drawn = {name for one in named for name in one.figures}
    listed = {name for one in named for name in one.tables}
    figures = tuple(name for name in drawings if name not in drawn)
    rest = tuple(name for name in tables if name not in listed)
    return [*named, Part(*_REST, figures, rest)]


def _glance(analysis: Analysis) -> list[tuple[str, str]]:
    models = [size.models for size in analysis.sizes if size.models is not None]
    facts = {
        "Sizes": f"{len(analysis.sizes)}",
        "Models": f"{sum(models)}" if models else "",
        "Runtime": analysis.runtime,
        "Test samples": "" if analysis.samples is None else f"{analysis.samples:,}",
        "Exponents": ", ".join(f"{law.family} {law.alpha:.3f}" for law in analysis.power_laws),
    }
    return [(name, value) for name, value in facts.items() if value]


def _flat(environment: Mapping[str, Any]) -> dict[str, str]:
    packages = environment.get("packages", {})
    facts = {name: value for name, value in environment.items() if name != "packages"}
    return {name: str(value) for name, value in {**facts, **packages}.items()}
