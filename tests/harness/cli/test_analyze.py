from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from lxml import etree

from harness.cli.main import run
from harness.predictions import Predictions
from harness.scaling.analysis import Measured, analyse_sweep
from harness.scaling.sweep import sweep_of
from reports.analysis import analysis_sheets
from reports.sheet import Sheet
from tests.harness.scaling.made import folder, model, sweep

HOSTILE = "n|et<script>`x`$ @all"


def analyzed(tmp_path: Path, models: Iterable[Predictions], *options: str) -> Path:
    root = folder(tmp_path / "sweep", models)
    assert run(["analyze", str(root), *options]) == 0
    return root / "analysis"


def rows(out: Path, table: str) -> list[dict[str, object]]:
    content = json.loads((out / "analysis.json").read_text())
    return list(content["tables"][table]["rows"])


def notes(out: Path) -> str:
    return "\n".join(json.loads((out / "analysis.json").read_text())["notes"])


def contents(out: Path) -> dict[str, bytes]:
    return {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}


def test_a_whole_sweep_gives_every_table_and_figure_and_the_known_exponents(tmp_path: Path) -> None:
    out = analyzed(tmp_path, sweep())
    tables = {path.stem for path in (out / "tables").glob("*.csv")}
    assert tables == {
        *("sizes", "power_laws", "seed_exponents", "exponent_tests", "local_exponents"),
        *("saturation", "curves", "jaccard_matrix", "jaccard_extremes", "jaccard_pairs"),
        *("jaccard_cross_seed", "jaccard_matched_size", "gini", "class_groups", "calibration"),
        "classes",
    }
    figures = {path.name for path in (out / "figures").iterdir()}
    drawn = {
        *("power_law", "local_exponents", "curves", "jaccard_matrix", "jaccard_from_smallest"),
        *("gini", "class_groups", "classes", "calibration", "reliability", "confidence"),
    }
    assert figures == {f"{name}.{form}" for name in drawn for form in ("svg", "png")}
    laws = {row["family"]: row for row in rows(out, "power_laws")}
    for family, alpha in (("first", 0.3), ("second", 0.22)):
        low, high = laws[family]["alpha_95"]  # type: ignore[misc]
        assert low < alpha < high
        assert laws[family]["seeds"] == 3
    tests = {row["method"]: row["p"] for row in rows(out, "exponent_tests")}
    assert tests["seeds"] < 0.01  # type: ignore[operator]
    assert len(rows(out, "jaccard_pairs")) == 45
    assert len(rows(out, "jaccard_cross_seed")) == 10
    assert notes(out).splitlines() == [
        "training loss and ranks of 30 of 30 models: their training is not in these folders",
        "data spectrum, effective rank, gamma: they take the images; give --config CONFIG.toml",
    ]


def test_a_second_run_gives_the_same_bytes_in_the_place_of_the_first(tmp_path: Path) -> None:
    models = sweep(families=("net",), widths=(1, 4), seeds=(0, 1))
    first = contents(analyzed(tmp_path, models))
    assert contents(analyzed(tmp_path, models)) == first
    assert {p.name for p in (tmp_path / "sweep").glob(".*")} <= {".locks"}


def test_every_picture_of_the_page_is_there_and_every_svg_is_one(tmp_path: Path) -> None:
    out = analyzed(tmp_path, sweep(widths=(1, 4), seeds=(0, 1)))
    page = (out / "analysis.md").read_text()
    for path in (out / "figures").glob("*.svg"):
        assert f"](figures/{path.name})" in page
        assert etree.fromstring(path.read_bytes()).tag.endswith("svg")
        assert "mathdefault" not in path.read_text()
    assert page.count("](figures/") == len(list((out / "figures").glob("*.svg")))


def test_a_single_width_of_one_family_and_seed_gives_what_it_can(tmp_path: Path) -> None:
    out = analyzed(tmp_path, sweep(families=("net",), widths=(2,), seeds=(0,)))
    assert "net: power law, exponents, curves: needs 2 sizes with errors, has 1" in notes(out)
    assert "the sweep has one family" in notes(out)
    assert "cross-seed baseline of net-2: needs two seeds or more, has one" in notes(out)
    assert len(rows(out, "calibration")) == len(rows(out, "gini")) == 1


def tables(models: Iterable[Predictions]) -> tuple[dict[str, Sheet], str]:
    found = analyse_sweep("made", sweep_of(models), Measured())
    return {one.name: one for one in analysis_sheets(found)}, "\n".join(found.notes)


def test_a_sweep_of_one_seed_has_exponents_and_no_spread() -> None:
    found, _ = tables(sweep(seeds=(0,)))
    first = found["power_laws"].to_json()["rows"][0]
    assert (first["seeds"], first["seed_std"]) == (1, None)
    assert {row["std"] for row in found["jaccard_pairs"].to_json()["rows"]} == {None}
    assert {row["method"] for row in found["exponent_tests"].to_json()["rows"]} == {"slopes"}
    assert "jaccard_cross_seed" not in found


def test_a_model_without_errors_is_left_out_of_the_fits_and_named() -> None:
    perfect = model("net", 32, 0, alpha=3.0)
    found, said = tables([*sweep(families=("net",), seeds=(0,)), perfect])
    assert "net-32: no errors, so no logarithm" in said
    assert found["power_laws"].to_json()["rows"][0]["sizes"] == 5


def test_two_classes_are_enough(tmp_path: Path) -> None:
    out = analyzed(tmp_path, sweep(families=("net",), widths=(1, 4), seeds=(0,), classes=2))
    assert rows(out, "class_groups")[0].keys() == {"size", "parameters", "bottom_1", "top_1"}


def test_names_from_files_add_no_markup(tmp_path: Path) -> None:
    out = analyzed(tmp_path, sweep(families=(HOSTILE,), widths=(1, 2, 4), seeds=(0, 1)))
    page = (out / "analysis.md").read_text()
    assert "<script>" not in page
    assert "@all" not in page
    for path in (out / "figures").glob("*.svg"):
        assert etree.fromstring(path.read_bytes()).xpath("//*[local-name()='script']") == []


def test_several_folders_are_one_sweep(tmp_path: Path) -> None:
    first = folder(tmp_path / "a", sweep(families=("first",), widths=(1, 2), seeds=(0,)))
    second = folder(tmp_path / "b", sweep(families=("second",), widths=(1, 2), seeds=(0,)))
    out = tmp_path / "both"
    assert run(["analyze", str(first), str(second), "--out", str(out)]) == 0
    assert [row["size"] for row in rows(out, "sizes")] == [
        *("first-1", "first-2", "second-1", "second-2")
    ]


def test_a_folder_that_is_no_analysis_is_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = folder(tmp_path / "sweep", sweep(widths=(1,), seeds=(0,)))
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("mine")
    assert run(["analyze", str(root), "--out", str(mine)]) == 2
    assert "exists and is no analysis; choose another --out" in capsys.readouterr().err
    assert contents(mine) == {"thesis.tex": b"mine"}


def test_a_run_that_fails_leaves_the_analysis_of_before_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = analyzed(tmp_path, sweep(widths=(1,), seeds=(0,)))
    before = contents(out)

    def broken(*_: object) -> Iterable[tuple[str, bytes]]:
        yield "tables/a.csv", b""
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("harness.cli.analyze.analysis_files", broken)
    assert run(["analyze", str(out.parent)]) == 4
    assert contents(out) == before
    assert {p.name for p in out.parent.glob(".*")} <= {".locks"}


def test_the_config_of_another_sweep_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sklearn")
    root = folder(tmp_path / "sweep", sweep(widths=(1,), seeds=(0,)))
    assert run(["analyze", str(root), "--config", "examples/digits.toml"]) == 2
    assert "its test images are not those of the sweep" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["no-such-folder"],
        ["runs", "--table", "t.csv"],
        ["--table", "t.csv"],
        ["--table", "t.csv", "--classes", "10"],
        ["--table", "t.csv", "--runtime", "torch"],
        ["runs", "--classes", "10"],
        ["runs", "--saturated-below", "2"],
    ],
)
def test_a_mistake_is_one_line_and_ends_with_2(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["analyze", *arguments]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
