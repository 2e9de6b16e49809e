"""A table of results as data: one form for Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reports.columns import Columns
from reports.markdown import escaped
from reports.text import printable

Cell = str | int | float | tuple[float, float] | None
Kind = Literal["text", "number", "interval"]


@dataclass(frozen=True)
class Column:
    """A column: `interval` holds a lower and an upper end, None where there is none."""

    name: str
    kind: Kind = "number"


@dataclass(frozen=True)
class Sheet:
    """A table with its name (of the file), its title, and what its reader must know.

    A cell that is undefined is None: a dash in Markdown, empty in CSV, null in JSON. Figures are in
    full in CSV and JSON and to four digits in Markdown.
    """

    name: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def markdown(self) -> str:
        """Return a heading, the note and the table; text of any origin is escaped."""
        rules = ["---" if column.kind == "text" else "---:" for column in self.columns]
        rows = [[_shown(cell) for cell in row] for row in self.rows]
        lines = [[escaped(column.name) for column in self.columns], rules, *rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"## {escaped(self.title)}\n\n{escaped(self.note)}\n\n{table}\n"

    def text(self) -> Columns:
        """Return the table as text, figures as in Markdown, text of any origin as it is."""
        return Columns(
            tuple(column.name.replace("_", " ") for column in self.columns),
            tuple(column.kind != "text" for column in self.columns),
            tuple(
                tuple(one if isinstance(one, str) else _shown(one) for one in row)
                for row in self.rows
            ),
        )

    def csv(self) -> str:
        """Return the table as CSV; an interval takes two columns, `_low` and `_high`."""
        target = io.StringIO()
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(self._flat_names())
        for row in self.rows:
            cells = zip(self.columns, row, strict=True)
            writer.writerow([one for column, cell in cells for one in _flat(column, cell)])
        return target.getvalue()

    def to_json(self) -> dict[str, Any]:
        """Return the title, the note, and one object a row."""
        names = [column.name for column in self.columns]
        rows = [dict(zip(names, map(_plain, row), strict=True)) for row in self.rows]
        return {"title": self.title, "note": self.note, "rows": rows}

    def _flat_names(self) -> list[str]:
        found: list[str] = []
        for column in self.columns:
            ends = ("_low", "_high") if column.kind == "interval" else ("",)
            found += [column.name + end for end in ends]
        return found


def sheet(name: str, title: str, note: str, columns: str, rows: Sequence[Sequence[Cell]]) -> Sheet:
    """Return a sheet; `columns` are names, `:t` after one of text and `:i` after an interval."""
    kinds: dict[str, Kind] = {"": "number", "t": "text", "i": "interval"}
    split = [one.partition(":") for one in columns.split()]
    heads = tuple(Column(name, kinds[kind]) for name, _, kind in split)
    return Sheet(name, title, note, heads, tuple(tuple(row) for row in rows))


def _shown(cell: Cell) -> str:
    if cell is None:
        return "—"
    if isinstance(cell, tuple):
        return " to ".join(_shown(one) for one in cell)
    if isinstance(cell, float):
        return f"{cell:.4g}".replace("-", "\u2212")
    return f"{cell:,}" if isinstance(cell, int) else escaped(cell)


def _flat(column: Column, cell: Cell) -> list[str]:
    ends = 2 if column.kind == "interval" else 1
    if cell is None:
        return [""] * ends
    if isinstance(cell, tuple):
        return [repr(one) for one in cell]
    return [printable(cell) if isinstance(cell, str) else repr(cell)]


def _plain(cell: Cell) -> Any:
    return list(cell) if isinstance(cell, tuple) else cell
