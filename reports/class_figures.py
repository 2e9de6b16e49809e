"""The figures of an analysis on classes: Gini, weakest and strongest, all of them."""

from __future__ import annotations

from collections.abc import Container

import numpy as np

from harness.scaling.analysis import Analysis
from reports.drawing import Drawing, blank, drawings_of, styled
from reports.heat_map import heat_map, write_cells
from reports.scaling_figures import look, size_axis
from reports.text import shortened

_NAME_LENGTH = 24
_MOST_CLASSES, _MOST_WRITTEN = 200, 20


def class_figures(analysis: Analysis, names: Container[str] | None = None) -> dict[str, Drawing]:
    """Return the figures that the analysis has data for, all or those named, by name."""
    drawings = {
        "gini": _gini,
        "class_groups": _groups,
        "classes": _classes,
    }
    return drawings_of(drawings, analysis, names)


def _gini(analysis: Analysis) -> Drawing | None:
    if not any(one.gini is not None or one.null is not None for one in analysis.spreads):
        return None
    family_of = {size.name: size.family for size in analysis.sizes}
    with styled():
        figure = blank(5.6, 4.0)
        axes = figure.add_subplot()
        for index, family in enumerate(dict.fromkeys(family_of.values())):
            some = [one for one in analysis.spreads if family_of[one.size] == family]
            colour, marker = look(index)
            name = shortened(family, _NAME_LENGTH)
            values = [(o.parameters, o.gini, o.gini_std or 0) for o in some if o.gini is not None]
            if values:
                xs, ys, stds = zip(*values, strict=True)
                axes.errorbar(xs, ys, stds, marker=marker, color=colour, ms=5, lw=1.2, label=name)
            nulls = [(o.parameters, o.null.mean, o.null.upper) for o in some if o.null is not None]
            if nulls:
                xs, ys, upper = zip(*nulls, strict=True)
                axes.plot(xs, ys, ":", color=colour, lw=1.2, label=f"{name}: noise alone, mean")
                axes.plot(xs, upper, "--", color=colour, lw=0.8, label=f"{name}: its 95 %")
        size_axis(axes)
        axes.set_ylim(bottom=0)
        axes.set_ylabel("Gini coefficient of class accuracies")
        figure.legend(loc="outside upper left", ncols=2, frameon=False)
    return Drawing(
        figure,
        "How unequal the classes are",
        "Gini coefficient against size, with standard deviation over seeds, above what classes of "
        "equal difficulty would show by sampling alone.",
    )


def _groups(analysis: Analysis) -> Drawing | None:
    ks = sorted({k for one in analysis.spreads for k in one.bottom})
    if not ks:
        return None
    family_of = {size.name: size.family for size in analysis.sizes}
    names = list(dict.fromkeys(family_of.values()))
    with styled():
        figure = blank(1.2 + 3.6 * len(names), 4.0)
        for place, family in enumerate(names):
            axes = figure.add_subplot(1, len(names), place + 1)
            some = [one for one in analysis.spreads if family_of[one.size] == family]
            xs = [one.parameters for one in some]
            for index, k in enumerate(ks):
                colour, marker = look(index)
                top, bottom = [100 * o.top[k] for o in some], [100 * o.bottom[k] for o in some]
                axes.plot(xs, top, marker + "--", color=colour, ms=5, label=f"{k} strongest")
                axes.plot(xs, bottom, marker + "-", color=colour, ms=5, label=f"{k} weakest")
            size_axis(axes)
            axes.set_title(shortened(family, _NAME_LENGTH))
            axes.set_ylabel("mean accuracy of the classes, %")
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=2, frameon=False)
    return Drawing(
        figure, "Weakest and strongest classes", "Mean accuracy of the k weakest and k strongest."
    )


def _classes(analysis: Analysis) -> Drawing | None:
    table = analysis.classes
    if table is None or not table.class_names:
        return None
    names, rows = table.class_names[:_MOST_CLASSES], table.accuracy[:_MOST_CLASSES]
    values = 100 * np.array(rows)
    with styled():
        figure = blank(3.4 + 0.34 * len(table.sizes), 1.9 + 0.17 * len(names))
        axes = figure.add_subplot()
        limits = (float(min(values.min(), 90)), 100.0) if values.min() > 50 else (0.0, 100.0)  # noqa: PLR2004
        heat_map(axes, values, names, table.sizes, "accuracy, %", limits)
        axes.tick_params(axis="y", labelsize=7)
        if len(table.sizes) <= _MOST_WRITTEN:
            write_cells(axes, values, "{:.0f}")
    title = "Accuracy by class and size"
    if len(names) < len(table.class_names):
        title += f": the {len(names)} hardest of {len(table.class_names)}"
    return Drawing(figure, title, f"Heat map, hardest class first: {shortened(names[0], 40)}.")
