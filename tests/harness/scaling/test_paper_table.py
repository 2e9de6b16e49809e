"""The paper's table gives back the paper's figures.

`table2.csv` holds the 18 rows of Table 2 of "Scaling Laws in the Tiny Regime: How Small Models
Change Their Mistakes" (Alnemari, Qureshi, Begrazadah, arXiv 2603.07365v1, 2026, CC BY 4.0).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.cli.main import run
from harness.scaling.analysis import Analysis, Shape, analyse_table
from harness.scaling.table_file import read_table

TABLE = Path(__file__).with_name("table2.csv")


@pytest.fixture(scope="module")
def paper() -> Analysis:
    return analyse_table("paper", read_table(TABLE).sizes, Shape(100, 100))


def test_the_power_laws_are_the_papers(paper: Analysis) -> None:
    found = {law.family: (round(law.alpha, 3), round(law.r2 or 0, 3)) for law in paper.power_laws}
    assert found == {"scale_cnn": (0.156, 0.965), "mobilenet_v2": (0.106, 0.914)}


def test_the_16_local_exponents_are_the_papers(paper: Analysis) -> None:
    expected = {
        "scale_cnn": [0.230, 0.197, 0.181, 0.141, 0.107, 0.092, 0.103],
        "mobilenet_v2": [0.435, 0.082, 0.227, 0.160, 0.128, 0.070, 0.094, 0.040, 0.006],
    }
    for family, exponents in expected.items():
        found = [step.alpha for step in paper.steps if step.family == family]
        assert found == pytest.approx(exponents, abs=5e-4)


def test_mobilenet_saturates_at_its_largest_size_and_scale_cnn_does_not(paper: Analysis) -> None:
    cnn, mobile = paper.saturation
    assert (cnn.family, cnn.width, round(cnn.last_alpha, 3)) == ("scale_cnn", None, 0.103)
    assert (mobile.family, mobile.width, mobile.parameters) == ("mobilenet_v2", 2.0, 8953188)
    assert mobile.last_alpha == pytest.approx(0.006, abs=5e-4)
    assert [s.larger for s in paper.steps if s.saturated] == [3.0]


def test_the_saturation_table_is_the_gain_of_a_doubling_at_every_step(paper: Analysis) -> None:
    found = [(round(s.gain_points, 2), round(100 * s.error_reduction, 1)) for s in paper.steps[-3:]]
    assert found == [(2.08, 6.3), (0.83, 2.7), (0.12, 0.4)]


def test_the_reference_jaccards_of_smallest_and_largest_are_the_papers(paper: Analysis) -> None:
    one = next(o for o in paper.overlaps if (o.first, o.second) == ("scale_cnn-4", "scale_cnn-64"))
    assert (round(one.independent_global, 2), round(one.containment, 2)) == (0.21, 0.42)
    assert (one.pairs, one.mean, one.independent) == (0, None, None)


def test_the_null_ginis_are_the_papers(paper: Analysis) -> None:
    nulls = {one.size: one.null for one in paper.spreads}
    smallest, largest = nulls["scale_cnn-4"], nulls["scale_cnn-64"]
    assert smallest is not None
    assert largest is not None
    assert (round(smallest.mean, 3), round(largest.mean, 3)) == (0.066, 0.032)


def test_the_broken_law_fits_best_but_eight_sizes_do_not_pay_for_it(paper: Analysis) -> None:
    cnn = {curve.law: curve for curve in paper.curves if curve.family == "scale_cnn"}
    broken, power = cnn["smoothly broken power law"], cnn["power law"]
    assert broken.bic is not None
    assert power.bic is not None
    assert broken.bic < power.bic
    assert power.delta == 0
    assert broken.delta is not None
    assert broken.delta > 10


def test_the_command_writes_the_same_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shape = ["--classes", "100", "--samples-per-class", "100"]
    assert run(["analyze", "--table", str(TABLE), "--out", str(tmp_path / "a"), *shape]) == 0
    said = capsys.readouterr().out
    assert "scale_cnn: error ~ N^-0.1560, 95 % 0.1265 to 0.1855, R2 0.9654" in said
    assert "mobilenet_v2: error ~ N^-0.1058, 95 % 0.0794 to 0.1323, R2 0.9140" in said
    assert "a table has no answers" in said
    content = json.loads((tmp_path / "a/analysis.json").read_text())
    rows = content["tables"]["power_laws"]["rows"]
    assert [round(row["alpha"], 3) for row in rows] == [0.156, 0.106]
    exponents = (tmp_path / "a/tables/local_exponents.csv").read_text().splitlines()
    assert len(exponents) == 1 + 16
