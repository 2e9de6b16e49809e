"""The figures of an analysis on ways of getting smaller."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.scaling.analysis import Analysis
from harness.scaling.compression import Pair, WayResult
from harness.scaling.line import Interval
from harness.scaling.ways import Way
from reports.drawing import INK, Drawing, blank, styled
from reports.scaling_figures import look, size_axis
from reports.text import shortened

_NAME_LENGTH = 56
_MOST_PAIRS = 60
"""A longer chart is not read; the table has them all."""
_LINES = ("-", "--", ":", "-.")

Value = Callable[[WayResult], tuple[float, Interval | None] | None]


def compression_figures(analysis: Analysis) -> dict[str, Drawing]:
    """Return the figures that the analysis has data for, by the name of their files."""
    results, pairs = analysis.compression.results, analysis.compression.pairs
    drawings = {
        "ways_errors": _panels(
            results,
            "What each way of getting smaller does to the errors",
            "Accuracy, and overlap of the errors with those of the largest model of the same seed, "
            "against size. Bars: standard deviation over seeds; 95 % over test samples.",
            {"accuracy, %": _accuracy, "Jaccard index with the largest": _jaccard},
        ),
        "ways_classes": _panels(
            results,
            "What each way of getting smaller does to classes and calibration",
            "Gini coefficient of class accuracies, and expected calibration error, against size. "
            "Bars: standard deviation over seeds.",
            {"Gini coefficient of classes": _gini, "ECE": _ece},
        ),
        "ways_compared": _compared(pairs),
    }
    return {name: one for name, one in drawings.items() if one is not None}


def _accuracy(one: WayResult) -> tuple[float, Interval | None]:
    return 100 * (1 - one.error), _spread(100 * (1 - one.error), one.error_std, 100)


def _jaccard(one: WayResult) -> tuple[float, Interval | None] | None:
    overlap = one.overlap
    if overlap is None or (one.way.is_plain and one.way.size == overlap.largest):
        return None  # the largest with itself
    return overlap.jaccard, overlap.interval


def _gini(one: WayResult) -> tuple[float, Interval | None] | None:
    gini = one.spread.gini
    return None if gini is None else (gini, _spread(gini, one.spread.gini_std))


def _ece(one: WayResult) -> tuple[float, Interval | None]:
    return one.calibration.ece, _spread(one.calibration.ece, one.calibration.ece_std)


def _spread(value: float, std: float | None, scale: float = 1) -> Interval | None:
    return None if std is None else (value - scale * std, value + scale * std)


def _panels(
    results: Sequence[WayResult], title: str, description: str, values: dict[str, Value]
) -> Drawing | None:
    if not results:
        return None
    families = list(dict.fromkeys(one.way.family for one in results))
    ways = list(dict.fromkeys(_kind(one.way) for one in results))
    in_bytes = all(one.file_bytes is not None for one in results)
    with styled():
        figure = blank(1.0 + 4.0 * len(values), 0.9 + 3.2 * len(families))
        for row, family in enumerate(families):
            some = [one for one in results if one.way.family == family]
            for column, (label, value) in enumerate(values.items()):
                place = row * len(values) + column + 1
                axes = figure.add_subplot(len(families), len(values), place)
                _draw(axes, some, ways, value, in_bytes)
                axes.set(ylabel=label, title=shortened(family, _NAME_LENGTH))
        _legend(figure)
    words = dict.fromkeys(one.way.words for one in results)
    return Drawing(figure, title, f"{description} One line for each way: {'; '.join(words)}.")


def _kind(way: Way) -> Way:
    """Return the way without the size, so that all sizes made alike are one line."""
    return replace(way, family="", width=0.0)


def _legend(figure: Figure) -> None:
    found: dict[str, Artist] = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    figure.legend(
        list(found.values()),
        list(found),
        loc="outside upper left",
        ncols=2,
        frameon=False,
    )


def _draw(
    axes: Axes, results: Sequence[WayResult], ways: Sequence[Way], value: Value, in_bytes: bool
) -> None:
    forms = list(dict.fromkeys((way.weights, way.converter) for way in ways))
    cuts = list(dict.fromkeys(way.pruned_from for way in ways))
    for way in ways:
        colour, marker = look(forms.index((way.weights, way.converter)))
        line = _LINES[cuts.index(way.pruned_from) % len(_LINES)]
        points = [
            (float(one.file_bytes or 0) if in_bytes else float(one.parameters), *found)
            for one in results
            if _kind(one.way) == way and (found := value(one)) is not None
        ]
        for x, _, interval in points:
            if interval is not None:
                axes.plot([x, x], interval, color=colour, lw=1, alpha=0.5)
        xs, ys = [x for x, _, _ in points], [y for _, y, _ in points]
        inside = colour if way.pruned_from is None else "none"
        (drawn,) = axes.plot(xs, ys, lw=1, ms=5, ls=line, color=colour, marker=marker)
        drawn.set(markerfacecolor=inside, label=way.words)
    size_axis(axes, "bytes of the file" if in_bytes else "parameters N")


def _compared(pairs: Sequence[Pair]) -> Drawing | None:
    if not pairs or len(pairs) > _MOST_PAIRS:
        return None
    kinds = list(dict.fromkeys(one.kind for one in pairs))
    with styled():
        figure = blank(6.8, 1.2 + 0.22 * len(pairs))
        axes = figure.add_subplot()
        for place, one in enumerate(pairs):
            colour, marker = look(kinds.index(one.kind))
            if one.interval is not None:
                axes.plot(one.interval, [place, place], color=colour, lw=1, alpha=0.6)
            label = f"{one.kind}: with its counterpart"
            axes.plot([one.jaccard], [place], marker, color=colour, ms=5, label=label)
            if one.cross_seed is not None:
                axes.plot([one.cross_seed], [place], "|", color=INK, ms=8, label="two seeds of it")
        names = [shortened(f"{one.first.size} {one.second.words}", _NAME_LENGTH) for one in pairs]
        axes.set_yticks(range(len(pairs)), names)
        axes.invert_yaxis()
        axes.set(xlim=(0, 1.02), xlabel="Jaccard index of the two error sets")
        axes.grid(axis="x", color=INK, alpha=0.12)
        _legend(figure)
    lowest = min(pairs, key=lambda one: one.jaccard)
    return Drawing(
        figure,
        "How much of the errors each way keeps",
        "Jaccard index of a model's errors with those of the model it differs from in one thing, "
        "with 95 % intervals over test samples, and of two seeds of that model; the lowest is "
        f"{lowest.jaccard:.3f} ({lowest.first.size}, {lowest.second.words}).",
    )
