"""Tables for a terminal; aligned plain lines, without colour or wrapping, where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.gate.verdict import Outcome, Verdict
from reports.columns import (
    OUTCOME_WORDS,
    VERDICT_WORDS,
    Columns,
    check_columns,
    runtime_columns,
    twin_note,
)
from reports.report import RuntimeRow
from reports.text import printable

_STYLES: dict[Outcome, str] = {
    "pass": "bold green",
    "fail": "bold red",
    "inconclusive": "bold yellow",
}
_LESSER_COLUMNS = ("seed", "width", "MACs", "file", "parameters")
"""Left out in this order where the terminal is narrow; the reports show them all."""
_EDGES = 2
_CELL_STYLES = {OUTCOME_WORDS[outcome]: style for outcome, style in _STYLES.items()}


def print_runtimes(console: Console, rows: Sequence[RuntimeRow]) -> None:
    """Print one line per model and runtime, and what the last columns mean."""
    _print_columns(console, runtime_columns(rows), by_first=True)
    if note := twin_note(rows):
        _print_line(console, Text(note, "dim"))


def print_verdict(console: Console, verdict: Verdict) -> None:
    """Print the checks as a table, a sentence for each that is not passed, notes, the verdict."""
    _print_columns(console, check_columns(verdict.checks))
    for check in verdict.checks:
        if check.outcome != "pass":
            _print_marked(console, check.outcome, OUTCOME_WORDS, check.sentence)
    for note in verdict.notes:
        _print_line(console, Text(printable(note), "dim"))
    _print_marked(console, verdict.outcome, VERDICT_WORDS, verdict.headline)


def _print_marked(
    console: Console, outcome: Outcome, words: Mapping[Outcome, str], text: str
) -> None:
    mark = (words[outcome], _STYLES[outcome])
    _print_line(console, Text.assemble(mark, ": ", printable(text)))


def _print_columns(console: Console, columns: Columns, by_first: bool = False) -> None:
    if not console.is_terminal:
        for line in plain_lines(columns):
            _print_line(console, Text(line))
        return
    console.print(_rich_table(_fitting(columns, console.width), by_first))


def _fitting(columns: Columns, width: int) -> Columns:
    """Return the table without those of its lesser columns that a terminal has no room for."""
    for header in _LESSER_COLUMNS:
        if max(map(len, plain_lines(columns))) + _EDGES <= width:
            break
        columns = columns.without(header)
    return columns


def _rich_table(columns: Columns, by_first: bool) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for header, numeric in zip(columns.headers, columns.numeric, strict=True):
        table.add_column(Text(header), justify="right" if numeric else "left", overflow="fold")
    for row, after in zip(columns.rows, [*columns.rows[1:], None], strict=True):
        cells = [Text(cell, _CELL_STYLES.get(cell, "")) for cell in row]
        table.add_row(*cells, end_section=by_first and after is not None and row[0] != after[0])
    return table


def plain_lines(columns: Columns) -> list[str]:
    """Return the table as lines of padded cells, two spaces apart."""
    rows = [columns.headers, *columns.rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(columns.headers))]
    return [_plain_line(row, widths, columns.numeric) for row in rows]


def _plain_line(row: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    cells = zip(row, widths, numeric, strict=True)
    padded = (cell.rjust(wide) if right else cell.ljust(wide) for cell, wide, right in cells)
    return "  ".join(padded).rstrip()


def _print_line(console: Console, text: Text) -> None:
    if console.is_terminal:
        console.print(text)
    else:
        console.print(Text(text.plain), soft_wrap=True)
