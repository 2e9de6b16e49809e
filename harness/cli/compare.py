"""`tinygate compare`: every paired figure of two Predictions files."""

from __future__ import annotations

from pathlib import Path

from harness.cli.console import console
from harness.comparison import compare
from harness.errors import EXIT_PASS
from harness.files import write_json
from harness.metrics import summarize
from harness.predictions import Predictions
from harness.progress import Reporter


def compare_files(reference: Path, candidate: Path, json_path: Path | None) -> int:
    """Print the figures of both files and of the pair; write them as JSON where asked."""
    first, second = Predictions.load(reference), Predictions.load(candidate)
    pair = compare(first, second)
    summaries = summarize(first), summarize(second)
    line = Reporter(console()).line
    line(f"{pair.samples} samples, {len(pair.class_names)} classes")
    line(f"{'':<24}{'reference':>12}{'candidate':>12}")
    figures = [summary.scalars() for summary in summaries]
    for name in figures[0]:
        line(f"{name:<24}{_number(figures[0].get(name))}{_number(figures[1].get(name))}")
    line("")
    for name, value in pair.scalars().items():
        line(f"{name:<24}{_number(value)}")
    if json_path is not None:
        both = {"reference": summaries[0].to_json(), "candidate": summaries[1].to_json()}
        write_json(json_path, {"format": 1, **both, "comparison": pair.to_json()})
    return EXIT_PASS


def _number(value: float | None) -> str:
    return f"{'-' if value is None else format(value, '.4f'):>12}"
