"""The figures of an analysis on calibration: ECE, gap, reliability, confidences."""

from __future__ import annotations

from collections.abc import Container, Sequence

from matplotlib.axes import Axes

from harness.metrics import BINS
from harness.scaling.analysis import Analysis
from harness.scaling.calibration import Calibration
from reports.drawing import BLUE, INK, ORANGE, Drawing, blank, drawings_of, styled
from reports.scaling_figures import look, size_axis
from reports.text import shortened

_NAME_LENGTH = 24
_PANEL_COLUMNS = 5


def calibration_figures(
    analysis: Analysis, names: Container[str] | None = None
) -> dict[str, Drawing]:
    """Return the figures that the analysis has data for, all or those named, by name."""
    drawings = {
        "calibration": _calibration,
        "reliability": _reliability,
        "confidence": _confidence,
    }
    return drawings_of(drawings, analysis, names)


def _calibration(analysis: Analysis) -> Drawing | None:
    by_family = _by_family(analysis)
    if not by_family:
        return None
    with styled():
        figure = blank(6.8, 3.8)
        left, right = figure.subplots(1, 2)
        for index, (family, some) in enumerate(by_family.items()):
            colour, marker = look(index)
            xs = [one.parameters for one in some]
            stds = [one.ece_std or 0 for one in some]
            eces = [one.ece for one in some]
            name = shortened(family, _NAME_LENGTH)
            left.errorbar(xs, eces, stds, marker=marker, color=colour, ms=5, lw=1.2, label=name)
            gaps = [100 * one.global_gap for one in some]
            right.plot(xs, gaps, marker=marker, color=colour, ms=5, lw=1.2)
        for axes in (left, right):
            size_axis(axes)
        left.set_ylim(bottom=0)
        left.set_ylabel("expected calibration error")
        right.axhline(0, color=INK, lw=0.8)
        right.set_ylabel("confidence minus accuracy, points")
        figure.legend(loc="outside upper left", ncols=3, frameon=False)
    return Drawing(
        figure,
        "Calibration against size",
        "Expected calibration error, with standard deviation over seeds, and the global gap "
        "between mean confidence and accuracy.",
    )


def _by_family(analysis: Analysis) -> dict[str, list[Calibration]]:
    family_of = {size.name: size.family for size in analysis.sizes}
    found: dict[str, list[Calibration]] = {}
    for one in analysis.calibrations:
        found.setdefault(family_of[one.size], []).append(one)
    return found


def _reliability(analysis: Analysis) -> Drawing | None:
    some = analysis.calibrations
    if not some:
        return None
    columns = min(_PANEL_COLUMNS, len(some))
    rows = -(-len(some) // columns)
    with styled():
        figure = blank(0.6 + 2.1 * columns, 0.7 + 2.2 * rows)
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes, one in zip(panels.flat, some, strict=False):
            _draw_reliability(axes, one)
        for axes in panels.flat[len(some) :]:
            axes.set_visible(False)
        handles, labels = panels.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=3, frameon=False)
        figure.supxlabel("confidence", fontsize=9)
        figure.supylabel("accuracy in the bin", fontsize=9)
    return Drawing(
        figure,
        "Reliability of every size",
        "Accuracy against confidence over 15 bins, the answers of all seeds together; a bar's "
        "darkness is its share of the answers.",
    )


def _draw_reliability(axes: Axes, one: Calibration) -> None:
    filled = [bin_ for bin_ in one.bins if bin_.count]
    most = max(bin_.count for bin_ in filled)
    shades = [0.25 + 0.75 * bin_.count / most for bin_ in filled]
    bars = axes.bar(
        [bin_.lower for bin_ in filled],
        [bin_.accuracy or 0.0 for bin_ in filled],
        1 / BINS,
        align="edge",
        color=BLUE,
        label="accuracy",
    )
    for bar, shade in zip(bars, shades, strict=True):
        bar.set_alpha(shade)
    centres = [bin_.lower + 0.5 / BINS for bin_ in filled]
    means = [bin_.confidence or 0.0 for bin_ in filled]
    axes.plot(centres, means, "D", mfc="none", mec=ORANGE, ms=3.5, label="mean confidence")
    axes.plot([0, 1], [0, 1], color=INK, lw=0.8, ls="--", alpha=0.7, label="calibrated")
    axes.set_title(f"{shortened(one.size, _NAME_LENGTH)}\nECE {one.ece:.3f}", fontsize=8)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.grid(color=INK, alpha=0.12)


def _confidence(analysis: Analysis) -> Drawing | None:
    by_family = _by_family(analysis)
    if not by_family:
        return None
    with styled():
        figure = blank(1.2 + 3.4 * len(by_family), 3.8)
        for place, (family, some) in enumerate(by_family.items()):
            axes = figure.add_subplot(1, len(by_family), place + 1)
            _draw_confidence(axes, some)
            axes.set_title(shortened(family, _NAME_LENGTH))
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=2, frameon=False)
    return Drawing(
        figure,
        "Confidence on right and on wrong answers",
        "Mean confidence on right, on wrong and on all answers, beside the accuracy.",
    )


def _draw_confidence(axes: Axes, some: Sequence[Calibration]) -> None:
    kinds = (
        ("right answers", "confidence_correct", "-"),
        ("all answers", "confidence", "--"),
        ("wrong answers", "confidence_wrong", "-"),
        ("accuracy", "accuracy", ":"),
    )
    for index, (label, attribute, line) in enumerate(kinds):
        points = [(o.parameters, v) for o in some if (v := getattr(o, attribute)) is not None]
        if points:
            xs, values = zip(*points, strict=True)
            colour, marker = look(index)
            axes.plot(xs, values, marker=marker, ls=line, color=colour, ms=5, label=label)
    size_axis(axes)
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("mean confidence")
