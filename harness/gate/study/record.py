"""The study on file: every cell with its counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field

from harness.gate.study import limits
from harness.gate.study.limits import Standing
from harness.gate.study.simulate import SEED, Cell, Counts
from harness.table import Table


class CheckCounts(Table):
    """How often one check of a cell passed and failed; else it was inconclusive."""

    metric: str
    limit: float
    truth: float
    standing: Standing
    passes: int = Field(ge=0)
    fails: int = Field(ge=0)
    """As one check of the gate, corrected for the others."""
    fails_alone: int = Field(ge=0)
    """As the only check of a gate."""


class CellCounts(Table):
    """One kind of test set: how many were drawn, and what the gate said."""

    scenario: str
    classes: int
    samples: int
    replicates: int = Field(ge=1)
    checks: tuple[CheckCounts, ...]
    passes: int = Field(ge=0)
    fails: int = Field(ge=0)
    false_fails: int = Field(ge=0)
    """How often a check failed whose limit is kept."""

    @classmethod
    def of(cls, cell: Cell, counts: Counts) -> CellCounts:
        """Return the counts of a whole cell."""
        truth = cell.of.truth(cell.classes)
        rows = zip(cell.of.checks(cell.classes), counts.checks, counts.alone, strict=True)
        return cls(
            scenario=cell.scenario,
            classes=cell.classes,
            samples=cell.samples,
            replicates=counts.replicates,
            checks=tuple(
                CheckCounts(
                    metric=check.metric,
                    limit=check.limit,
                    truth=truth[check.metric],
                    standing=limits.standing(check, truth[check.metric]),
                    passes=int(row[0]),
                    fails=int(row[1]),
                    fails_alone=int(alone),
                )
                for check, row, alone in rows
            ),
            passes=int(counts.gate[0]),
            fails=int(counts.gate[1]),
            false_fails=counts.false_fails,
        )


class Study(Table):
    """Every cell, and what it takes to draw the same test sets again."""

    format: Literal[1] = 1
    seed: int
    tinygate_version: str
    cells: tuple[CellCounts, ...]

    @classmethod
    def of(cls, found: Iterable[tuple[Cell, Counts]], version: str) -> Study:
        """Return the study of all parts of all cells, in any order."""
        whole: dict[Cell, Counts] = {}
        for cell, counts in found:
            whole[cell] = whole[cell] + counts if cell in whole else counts
        return cls(seed=SEED, tinygate_version=version, cells=_records(whole))

    def to_json(self) -> str:
        """Return it as JSON, one cell a line."""
        lines = ",\n".join(cell.model_dump_json() for cell in self.cells)
        head = self.model_dump_json(exclude={"cells"})[:-1]
        return f'{head},"cells":[\n{lines}\n]}}\n'


def _records(whole: Mapping[Cell, Counts]) -> tuple[CellCounts, ...]:
    return tuple(CellCounts.of(cell, counts) for cell, counts in sorted(whole.items()))
