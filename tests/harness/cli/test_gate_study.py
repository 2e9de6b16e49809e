"""The command that measures how often the gate errs."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli import gate_study
from harness.gate.study.record import Study
from harness.gate.study.scenarios import SCENARIOS
from harness.gate.study.simulate import Cell, simulate


@pytest.fixture(scope="module")
def study() -> Study:
    cells = [Cell(one.name, 10, 300, 2) for one in SCENARIOS]
    return Study.of(simulate(cells, workers=1), "0")


def shown(study: Study, folder: Path, *more: str) -> int:
    (folder / "read.json").write_text(study.to_json())
    return gate_study.main(["--read", str(folder / "read.json"), "--out", str(folder), *more])


def test_it_writes_counts_tables_and_plots_and_keeps_the_text_of_the_docs(
    study: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = tmp_path / "docs" / "reference"
    reference.mkdir(parents=True)
    for name in ("gate-study.md", "gate-study-cells.md"):
        (reference / name).write_text(f"before\n{gate_study._BEGIN}old\n{gate_study._END}after\n")
    assert shown(study, tmp_path, "--docs", str(tmp_path / "docs")) == 0
    assert Study.model_validate_json((tmp_path / "study.json").read_text()) == study
    tables, printed = (tmp_path / "tables.md").read_text(), capsys.readouterr().out.strip()
    assert "| **the gate** |" in printed
    assert printed in tables
    assert all(f"## {one.name[0].upper()}{one.name[1:]}\n" in tables for one in SCENARIOS)
    assert (reference / "gate-study.md").read_text() == (
        f"before\n{gate_study._BEGIN}\n{printed}\n\n{gate_study._END}after\n"
    )
    plots = {"gate-study-errors.png", "gate-study-power.png", "gate-study-inconclusive.png"}
    for folder in (tmp_path, tmp_path / "docs" / "figures"):
        assert {one.name for one in folder.glob("*.png")} == plots


def test_a_rate_above_nominal_is_named_and_ends_with_1(
    study: Study,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate_study, "study_figures", lambda rates: {})  # drawn above, and slow
    first, *others = study.cells
    broken = first.model_copy(update={"replicates": 100, "false_fails": 30})
    assert shown(study.model_copy(update={"cells": (broken, *others)}), tmp_path) == 1
    found = f"false fail 30.0 % (21.2 to 40.0) of 100 ({first.scenario}, C = 10, n = 300)"
    assert f"* **the gate**: {found}" in capsys.readouterr().out
