from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from lxml import etree
from matplotlib import image

from harness.metrics import summarize
from reports.drawing import Drawing
from reports.figures import class_chart, reliability_diagram
from tests.harness.made import answers, drawn
from tests.reports.made import HOSTILE, predictions


def hostile() -> Drawing:
    return class_chart(
        summarize(predictions(1, 2.0, "tflm")), summarize(predictions(2, 3.0, "torch"))
    )


def reliability() -> Drawing:
    return reliability_diagram(summarize(drawn(500, 5, seed=1)), "candidate")


@pytest.mark.parametrize("draw", [hostile, reliability])
def test_equal_data_give_equal_svg_text_without_a_date(draw: type[Drawing]) -> None:
    first = draw().svg()
    assert first == draw().svg()
    assert "<dc:date>" not in first


def test_the_svg_is_the_same_in_another_process() -> None:
    code = (
        "import sys; from harness.metrics import summarize; from tests.harness.made import drawn;"
        "from reports.figures import reliability_diagram;"
        "made = reliability_diagram(summarize(drawn(500, 5, seed=1)), 'candidate');"
        "sys.stdout.buffer.write(made.svg().encode())"
    )
    root = Path(__file__).parents[2]
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=root)
    assert other.stdout.decode() == reliability().svg()


def test_hostile_class_names_are_literal_text_in_the_svg() -> None:
    root = etree.fromstring(hostile().svg().encode())
    texts = ["".join(one.itertext()) for one in root.iter("{*}text")]
    assert "<script>alert('x')</s…" in texts
    assert any(one.startswith("$\\frac{$ {{ 7") for one in texts)
    assert f"{HOSTILE[5][:21]}…" in texts
    assert not list(root.iter("{*}script"))


def test_the_png_is_a_picture_with_ink() -> None:
    data = hostile().png(dots_per_inch=60)
    assert data.startswith(b"\x89PNG")
    assert data == hostile().png(dots_per_inch=60)


def test_the_png_stands_on_white() -> None:
    pixels = image.imread(io.BytesIO(reliability().png(60)))
    np.testing.assert_array_equal(pixels[0, 0, :3], [1.0, 1.0, 1.0])
    assert (pixels[..., :3].min(axis=2) < 0.5).mean() > 0.01


def test_classes_are_drawn_lowest_first_and_absent_ones_not_at_all() -> None:
    made = summarize(answers([0, 0, 2, 2, 3, 3], [0, 1, 2, 2, 1, 1], classes=4))
    drawing = class_chart(made)
    axes = drawing.figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["3", "0", "2"]
    (candidate,) = [line for line in axes.lines if line.get_label() == "candidate"]
    assert list(candidate.get_xdata()) == [0.0, 50.0, 100.0]
    assert drawing.description.endswith("Lowest: 3 0.0 %, 0 50.0 %, 2 100.0 %.")


def test_of_many_classes_the_40_lowest_are_drawn_and_the_title_says_so() -> None:
    made = summarize(drawn(20_000, 60, seed=1))
    drawing = class_chart(made)
    assert drawing.title == "Accuracy by class: the 40 lowest of 60"
    assert len(drawing.figure.axes[0].get_yticks()) == 40


def test_a_reliability_diagram_has_a_bar_for_every_filled_bin_and_its_count() -> None:
    made = answers([0] * 4, [0, 0, 0, 1], classes=2, confidence=[0.75, 0.75, 1.0, 1.0])
    upper, lower = reliability_diagram(summarize(made), "c").figure.axes
    assert [round(bar.get_height(), 6) for bar in upper.patches] == [1.0, 0.5]
    assert [bar.get_height() for bar in lower.patches] == [0] * 11 + [2, 0, 0, 2]


def test_drawing_leaves_the_settings_of_matplotlib_alone() -> None:
    before = dict(mpl.rcParams)
    hostile().svg()
    assert dict(mpl.rcParams) == before
