"""The figures of an analysis on error sets: the Jaccard matrix, and its bounds."""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
from matplotlib.axes import Axes

from harness.scaling.analysis import Analysis
from harness.scaling.overlap import Overlap
from harness.scaling.size import Size, families
from reports.drawing import INK, SERIES, Drawing, blank, drawings_of, styled
from reports.heat_map import heat_map, write_cells
from reports.scaling_figures import draw_intervals, size_axis
from reports.text import shortened

_NAME_LENGTH = 24
_MOST_WRITTEN = 20
"""Cells of a larger matrix are too small for numbers."""


def overlap_figures(analysis: Analysis, names: Container[str] | None = None) -> dict[str, Drawing]:
    """Return the figures that the analysis has data for, all or those named, by name."""
    drawings = {
        "jaccard_matrix": _matrix,
        "jaccard_from_smallest": _from_smallest,
    }
    return drawings_of(drawings, analysis, names)


def _matrix(analysis: Analysis) -> Drawing | None:
    known = {
        frozenset((one.first, one.second)): one.mean
        for one in analysis.overlaps
        if one.mean is not None
    }
    names = [size.name for size in analysis.sizes]
    if not known:
        return None
    table = np.array([[known.get(frozenset((a, b)), np.nan) for b in names] for a in names])
    low, high = min(known.values()), max(known.values())
    limits = (low, high) if low < high else (0.0, 1.0)
    side = 2.0 + 0.42 * len(names)
    with styled():
        figure = blank(side + 0.8, side)
        axes = figure.add_subplot()
        heat_map(axes, table, names, names, "Jaccard index of error sets", limits)
        if len(names) <= _MOST_WRITTEN:
            write_cells(axes, table, "{:.2f}")
    return Drawing(
        figure,
        "Overlap of error sets",
        f"Jaccard index of every two sizes, mean over seed pairs; the lowest is {low:.3f}. The "
        "diagonal is the same size from two seeds.",
    )


def _from_smallest(analysis: Analysis) -> Drawing | None:
    by_family = {name: some for name, some in families(analysis.sizes).items() if len(some) > 1}
    known = {frozenset((one.first, one.second)): one for one in analysis.overlaps}
    if not by_family or not known:
        return None
    with styled():
        figure = blank(1.2 + 3.6 * len(by_family), 4.2)
        for place, (family, sizes) in enumerate(by_family.items()):
            axes = figure.add_subplot(1, len(by_family), place + 1)
            _draw_from_smallest(axes, sizes, known)
            axes.set_title(shortened(family, _NAME_LENGTH))
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=2, frameon=False)
    return Drawing(
        figure,
        "Overlap of the smallest model's errors with those of larger ones",
        "Jaccard index between error sets where it is known, with its bounds: containment, and "
        "errors independent within classes or globally.",
    )


def _draw_from_smallest(
    axes: Axes, sizes: Sequence[Size], known: dict[frozenset[str], Overlap]
) -> None:
    smallest = sizes[0].name
    pairs = [(s.parameters, known.get(frozenset((smallest, s.name)))) for s in sizes[1:]]
    some = [(n, one) for n, one in pairs if one is not None]
    xs = [n for n, _ in some]
    axes.plot(xs, [o.containment for _, o in some], "^--", color=SERIES[2][0], label="containment")
    bars = [(n, one.mean, one.bootstrap) for n, one in some if one.mean is not None]
    if bars:
        draw_intervals(axes, bars, 0, "measured, bootstrap interval")
    by_class = [(n, one.independent) for n, one in some if one.independent is not None]
    if by_class:
        points = list(zip(*by_class, strict=True))
        axes.plot(*points, "v-.", color=SERIES[1][0], label="independent in classes")
    values = [one.independent_global for _, one in some]
    axes.plot(xs, values, "s:", color=SERIES[3][0], label="independent globally")
    baseline = known.get(frozenset((smallest,)))
    if baseline is not None and baseline.mean is not None:
        label = "the smallest, two seeds"
        axes.axhline(baseline.mean, color=INK, lw=0.9, ls=(0, (1, 3)), label=label)
    size_axis(axes, "parameters N of the larger model")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("Jaccard index with the smallest")
