"""The tables of a report as text, cell by cell: drawn alike in HTML, Markdown and the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.gate.metric import METRICS, Unit
from harness.gate.sentence import LIMIT_WORDS, number, value_and_limit
from harness.gate.verdict import CheckResult, Outcome
from harness.predictions import DeviceRecord
from reports.report import RuntimeRow, Twin
from reports.text import printable, quantity

OUTCOME_WORDS: dict[Outcome, str] = {"pass": "pass", "fail": "FAIL", "inconclusive": "undecided"}
VERDICT_WORDS: dict[Outcome, str] = {
    "pass": "Ship",
    "fail": "Do not ship",
    "inconclusive": "Undecided",
}
"""What a verdict means for the release; undecided is not shipped either."""


@dataclass(frozen=True)
class Columns:
    """A table of text; `numeric` says which columns are aligned to the right."""

    headers: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]

    def led_by(self, header: str) -> Columns:
        """Return the table with the column of that header first."""
        first = self.headers.index(header)
        order = [first, *(i for i in range(len(self.headers)) if i != first)]
        return self._of(order)

    def without(self, header: str) -> Columns:
        """Return the table without the column of that header, if it has one."""
        return self._of([i for i, one in enumerate(self.headers) if one != header])

    def _of(self, places: Sequence[int]) -> Columns:
        return Columns(
            tuple(self.headers[i] for i in places),
            tuple(self.numeric[i] for i in places),
            tuple(tuple(row[i] for i in places) for row in self.rows),
        )


def check_columns(checks: Sequence[CheckResult]) -> Columns:
    """Return outcome, check, value, bounds, limit and samples of every check."""
    return Columns(
        ("outcome", "check", "value", "bounds", "limit", "n"),
        (False, False, True, True, True, True),
        tuple(_check_cells(check) for check in checks),
    )


def _check_cells(check: CheckResult) -> tuple[str, ...]:
    metric = METRICS.get(check.metric)
    unit: Unit = metric.unit if metric else "plain"
    value, limit = "—", number(check.limit, unit)
    if check.estimate is not None:
        value, limit = value_and_limit(check.estimate, check.limit, unit)
    bound = f"{LIMIT_WORDS[check.direction]} {limit}"
    outcome, name = OUTCOME_WORDS[check.outcome], printable(check.name)
    return outcome, name, value, _bounds(check, unit), bound, f"{check.n:,}"


def _bounds(check: CheckResult, unit: Unit) -> str:
    """Return both one-sided bounds; nothing where the value is certain or undefined."""
    if check.lower is None or check.upper is None or check.lower == check.upper:
        return ""
    return f"{number(check.lower, unit)} to {number(check.upper, unit)}"


def bounds_note(checks: Sequence[CheckResult]) -> str:
    """Return what the bounds are; empty where no check has any."""
    found = sorted({one.confidence for one in checks if one.confidence is not None})
    if not found:
        return ""
    each = " or ".join(f"{100 * one:.4g} %" for one in found)
    return f"Bounds are one-sided, each at {each} confidence."


_RUNTIME_CELLS: tuple[tuple[str, bool, Callable[[RuntimeRow], str | None]], ...] = (
    ("model", False, lambda row: printable(row.model)),
    ("width", True, lambda row: _known(row.width, "{:g}")),
    ("seed", True, lambda row: _known(row.seed, "{}")),
    ("parameters", True, lambda row: _known(row.parameters, "{:,}")),
    ("MACs", True, lambda row: None if row.macs is None else quantity(row.macs)),
    ("file", True, lambda row: size_of_file(row.file_bytes)),
    ("runtime", False, lambda row: printable(row.runtime)),
    ("an inference", True, lambda row: inference_count(row.device)),
    ("accuracy", True, lambda row: f"{100 * row.summary.accuracy:.2f} %"),
    ("ECE", True, lambda row: f"{row.summary.ece:.4f}"),
    ("same class", True, lambda row: _of_twin(row, lambda twin: _share(twin.agreement))),
    ("lost / gained", True, lambda row: _of_twin(row, _flips)),
    ("largest diff.", True, lambda row: _of_twin(row, _difference)),
)


def runtime_columns(rows: Sequence[RuntimeRow]) -> Columns:
    """Return one row per model and runtime; columns that nobody fills are left out."""
    cells = [[cell(row) for _, _, cell in _RUNTIME_CELLS] for row in rows]
    filled = [i for i in range(len(_RUNTIME_CELLS)) if any(row[i] for row in cells)]
    return Columns(
        tuple(_RUNTIME_CELLS[i][0] for i in filled),
        tuple(_RUNTIME_CELLS[i][1] for i in filled),
        tuple(tuple(row[i] or "" for i in filled) for row in cells),
    )


def twin_note(rows: Sequence[RuntimeRow]) -> str:
    """Return what the last columns are held against; empty where no row has a twin."""
    names = sorted({printable(row.twin.runtime) for row in rows if row.twin})
    if not names:
        return ""
    return (
        f"Against {', '.join(names)}: the share of samples with the same predicted class, how many "
        "right answers were lost and gained, and the largest difference of a score (LSB: in steps "
        "of the int8 output)."
    )


def _known(value: float | None, form: str) -> str | None:
    return None if value is None else form.format(value)


def size_of_file(size: int | None) -> str | None:
    """Return bytes with their magnitude, as `27.2 kB`."""
    return None if size is None else f"{quantity(size)}B" if size >= 1000 else f"{size} B"  # noqa: PLR2004  kB


def inference_count(device: DeviceRecord | None) -> str | None:
    """Return what an inference takes: instructions of an emulator, milliseconds of silicon."""
    if device is None or device.count_per_sample is None:
        return None
    if device.latency_s is not None:
        return f"{1000 * device.latency_s:.3g} ms"
    return f"{quantity(device.count_per_sample)} {device.count_unit}"


def _of_twin(row: RuntimeRow, cell: Callable[[Twin], str]) -> str | None:
    return cell(row.twin) if row.twin else None


def _share(value: float) -> str:
    """Return a share as a percentage that says 100 % only when nothing is missing."""
    text = f"{100 * value:.2f} %"
    return text if value == 1 or text != "100.00 %" else "< 100 %"


def _flips(twin: Twin) -> str:
    return f"{twin.negative_flips:,} / {twin.positive_flips:,}"


def _difference(twin: Twin) -> str:
    if twin.largest_difference_lsb is not None:
        return f"{twin.largest_difference_lsb:.3g} LSB"
    return "" if twin.largest_difference is None else f"{twin.largest_difference:.3g}"
