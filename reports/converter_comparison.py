"""The table and the figure of an analysis on converters: the same models in two files each."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from harness.scaling.analysis import Analysis
from harness.scaling.converters import ConverterPair
from reports.drawing import INK, SERIES, Drawing, blank, styled
from reports.sheet import Cell, Sheet, sheet
from reports.text import shortened

NAME = "converters"
_NAME_LENGTH = 28
_POINTS = 100
_COLUMNS = (
    "model:t converter:t runtime:t samples accuracy accuracy_other difference difference_95:i "
    "other_class lost gained other_scores largest_lsb jaccard jaccard_95:i independent_in_class "
    "cross_seed ece ece_other"
)
_NOTE = (
    "The int8 file of the default converter beside that of another, of the same weights and "
    "calibration inputs, on the same runtime. difference: of the accuracies, paired; its "
    "interval is exact unconditional. other_class: samples whose top class differs; lost: right "
    "before and wrong in the other file; gained: the reverse; other_scores: samples of which a "
    "score differs by more than half a step of the int8 output; largest_lsb: the largest "
    "difference of a score in such steps. jaccard: of the two error sets, with a Clopper- "
    "Pearson interval given their union, beside J of errors independent within classes and "
    "cross_seed, J with the same size trained from other seeds. Intervals hold at 95 % for all "
    "rows together (Bonferroni)."
)


def converter_sheet(analysis: Analysis) -> Sheet:
    """Return the table, without rows where no model was converted twice."""
    return sheet(
        NAME,
        "Does the converter change which inputs fail?",
        _NOTE,
        _COLUMNS,
        [_row(one) for one in analysis.converters],
    )


def _row(one: ConverterPair) -> tuple[Cell, ...]:
    return (
        one.name,
        one.converter,
        one.runtime,
        one.samples,
        *one.accuracy,
        one.difference,
        one.interval,
        one.other_class,
        one.lost,
        one.gained,
        one.other_scores,
        one.largest_lsb,
        one.jaccard,
        one.jaccard_interval,
        one.independent,
        one.cross_seed,
        *one.ece,
    )


def converter_figure(analysis: Analysis) -> dict[str, Drawing]:
    """Return the figure by the name of its files; none where no model was converted twice."""
    some = analysis.converters
    if not some:
        return {}
    with styled():
        figure = blank(7.2, 1.6 + 0.24 * len(some))
        left, right = figure.subplots(1, 2, sharey=True)
        _draw_differences(left, some)
        _draw_overlaps(right, some)
        left.set_yticks(range(len(some)), [shortened(one.name, _NAME_LENGTH) for one in some])
        left.invert_yaxis()
        handles, labels = right.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=3, frameon=False)
    drawing = Drawing(
        figure,
        "The same models from two converters",
        "Left, the accuracy of the other converter's file minus that of the default's, with its "
        "interval. Right, the Jaccard index of the two files' error sets with its interval, beside "
        "that of models of another seed and that of errors independent within classes.",
    )
    return {NAME: drawing}


def _draw_differences(axes: Axes, some: Sequence[ConverterPair]) -> None:
    colour, marker = SERIES[0]
    values = [_POINTS * one.difference for one in some]
    axes.axvline(0, color=INK, lw=0.8)
    axes.errorbar(
        values,
        range(len(some)),
        xerr=_reach(values, [tuple(_POINTS * end for end in one.interval) for one in some]),
        fmt=marker,
        color=colour,
        ms=4,
        lw=1.2,
    )
    axes.set_xlabel("accuracy difference, points")


def _draw_overlaps(axes: Axes, some: Sequence[ConverterPair]) -> None:
    colour, marker = SERIES[0]
    values, places = [one.jaccard for one in some], range(len(some))
    axes.errorbar(
        values,
        places,
        xerr=_reach(values, [one.jaccard_interval for one in some]),
        fmt=marker,
        color=colour,
        ms=4,
        lw=1.2,
        label="the two files",
    )
    seeds = [
        (one.cross_seed, place) for place, one in enumerate(some) if one.cross_seed is not None
    ]
    if seeds:
        colour, marker = SERIES[1]
        axes.plot(*zip(*seeds, strict=True), marker, color=colour, ms=4, label="another seed")
    colour, marker = SERIES[2]
    independent = [one.independent for one in some]
    axes.plot(independent, places, marker, color=colour, ms=4, label="independent in classes")
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("Jaccard index of error sets")


def _reach(
    values: Sequence[float], intervals: Sequence[tuple[float, ...]]
) -> tuple[list[float], list[float]]:
    """Return how far each interval reaches below and above its value."""
    low = [max(0.0, value - one[0]) for value, one in zip(values, intervals, strict=True)]
    high = [max(0.0, one[1] - value) for value, one in zip(values, intervals, strict=True)]
    return low, high
