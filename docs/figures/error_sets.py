"""The README's picture: two models of nearly equal accuracy that fail on different inputs.

    python docs/figures/error_sets.py runs/digits

Reads the Predictions that `make demo` made and writes `docs/figures/error-sets.svg`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from harness.files import write_text
from harness.predictions import Predictions
from reports.drawing import BLUE, INK, ORANGE, Drawing, blank, styled

TARGET = Path(__file__).with_name("error-sets.svg")
FIRST, SECOND, LARGEST = "scale_cnn-4-s0", "scale_cnn-4-s1", "scale_cnn-16-s0"
_BOTH = "#8a8f98"
_LEAST_WRITTEN = 4


def error_sets(run: Path) -> Drawing:
    """Return the picture: error sets of three pairs, and class accuracies of the first."""
    first, second, largest = (answers(run, name, "tflm") for name in (FIRST, SECOND, LARGEST))
    pairs = {
        "its float model": answers(run, FIRST, "torch"),
        "a second training\nof the same size": second,
        f"the {_times(first, largest)} times\nlarger model": largest,
    }
    with styled():
        figure = blank(9.2, 3.3)
        left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
        _draw_pairs(left, first, pairs)
        _draw_classes(right, first, second)
    title = f"{_percent(first)} against {_percent(second)}"
    text = "Errors shared with, and apart from, other models; accuracy of each class."
    return Drawing(figure, title, text)


def answers(run: Path, model: str, runtime: str) -> Predictions:
    """Return what a model of the run answered on a runtime."""
    (file,) = run.glob(f"evaluate/{model}-{runtime}-????????????/predictions.npz")
    return Predictions.load(file)


def _draw_pairs(axes: Axes, first: Predictions, pairs: dict[str, Predictions]) -> None:
    wrong = ~first.correct
    for place, other in enumerate(pairs.values()):
        theirs = ~other.of(first.ids).correct
        parts = [wrong & ~theirs, wrong & theirs, ~wrong & theirs]
        counts = [int(part.sum()) for part in parts]
        _draw_bar(axes, place, counts)
        jaccard = f"J = {counts[1] / sum(counts):.2f}"
        axes.text(sum(counts) + 1, place, jaccard, va="center")
    names = [f"{name}\n{_percent(other)}" for name, other in pairs.items()]
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 63)
    axes.set_xlabel(f"wrong answers to {len(first)} test images")
    weights = f"{_parameters(first):,} weights"
    axes.set_title(f"Errors of an int8 model of {weights} ({_percent(first)}) and of ...")
    axes.legend(loc="lower right", frameon=False, fontsize=8)


def _draw_bar(axes: Axes, place: int, counts: list[int]) -> None:
    left = 0
    kinds = zip(counts, (BLUE, _BOTH, ORANGE), ("its own", "both", "the other's"), strict=True)
    for count, colour, label in kinds:
        axes.barh(place, count, 0.6, left, color=colour, label=label if place == 0 else None)
        if count >= _LEAST_WRITTEN:
            axes.text(left + count / 2, place, str(count), ha="center", va="center", color="white")
        left += count


def _draw_classes(axes: Axes, first: Predictions, second: Predictions) -> None:
    labels = np.arange(first.classes)
    values = [
        [100 * one.correct[one.labels == label].mean() for label in labels]
        for one in (first, second)
    ]
    axes.vlines(labels, *values, color=INK, alpha=0.45, lw=1)
    axes.plot(labels, values[0], "o", color=BLUE, label=f"one training, {_percent(first)}")
    axes.plot(labels, values[1], "D", color=ORANGE, label=f"another, {_percent(second)}")
    axes.set_xticks(labels)
    axes.set_xlabel("class")
    axes.set_ylabel("accuracy of the class, %")
    axes.set_title("Two trainings of that size, class by class")
    axes.set_ylim(78, 101)
    axes.legend(loc="lower left", frameon=False, fontsize=8)


def _parameters(one: Predictions) -> int:
    model = one.meta.model
    if model is None or model.parameters is None:
        raise ValueError("a Predictions file does not say how large its model is")
    return model.parameters


def _times(small: Predictions, large: Predictions) -> int:
    return round(_parameters(large) / _parameters(small))


def _percent(one: Predictions) -> str:
    return f"{100 * one.correct.mean():.1f} %"


def svg(drawing: Drawing) -> str:
    """Return the picture on white: a page may be light or dark."""
    text = drawing.svg()
    head, _, rest = text.partition(">\n <metadata>")
    return f'{head}>\n <rect width="100%" height="100%" fill="white"/>\n <metadata>{rest}'


if __name__ == "__main__":
    write_text(TARGET, svg(error_sets(Path(sys.argv[1]))))
