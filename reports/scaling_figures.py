"""The figures of an analysis: error, exponents and training loss against size, spectrum, rank."""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from harness.scaling.analysis import Analysis
from harness.scaling.curves import Curve
from harness.scaling.line import Interval
from harness.scaling.size import Size, families
from reports.drawing import INK, SERIES, Drawing, blank, drawings_of, styled
from reports.text import quantity, shortened

_NAME_LENGTH = 28
_LINE_POINTS = 200
_MARKS = ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,))
"""Which multiples of a power of ten are marked on an axis of less than 1, 2 and more decades."""
_PLAIN = FuncFormatter(lambda value, _: f"{value:g}")
_COUNT = FuncFormatter(lambda value, _: quantity(value))


def look(index: int) -> tuple[str, str]:
    """Return the colour and the marker of the series at `index`."""
    return SERIES[index % len(SERIES)]


def size_axis(axes: Axes, label: str = "parameters N") -> None:
    """Make the x axis one of parameter counts, logarithmic; the data are drawn already."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    decades = np.log10(high / low)
    axes.xaxis.set_major_locator(LogLocator(subs=_MARKS[min(int(decades), len(_MARKS) - 1)]))
    axes.xaxis.set_major_formatter(_COUNT)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(label)
    axes.grid(color=INK, alpha=0.12)


def log_values(axes: Axes, values: Sequence[float]) -> None:
    """Make the y axis logarithmic, with plain numbers; minor ones where it spans little."""
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(_PLAIN)
    narrow = max(values) / min(values) < 10  # noqa: PLR2004  less than a decade
    axes.yaxis.set_minor_formatter(_PLAIN if narrow else NullFormatter())


def scaling_figures(analysis: Analysis, names: Container[str] | None = None) -> dict[str, Drawing]:
    """Return the figures that the analysis has data for, all or those named, by name."""
    drawings = {
        "power_law": _power_law,
        "local_exponents": _local_exponents,
        "curves": _curves,
        "training_loss": _training_loss,
        "spectrum": _spectrum,
        "effective_rank": _effective_rank,
    }
    return drawings_of(drawings, analysis, names)


def _power_law(analysis: Analysis) -> Drawing | None:
    by_family = families([size for size in analysis.sizes if size.error > 0])
    if not by_family:
        return None
    laws = {law.family: law for law in analysis.power_laws}
    with styled():
        figure = blank(5.6, 4.2)
        axes = figure.add_subplot()
        for index, (family, sizes) in enumerate(by_family.items()):
            label = shortened(family, _NAME_LENGTH)
            if law := laws.get(family):
                ends = np.geomspace(sizes[0].parameters, sizes[-1].parameters, 2)
                values = [100 * law.error(float(n)) for n in ends]
                axes.plot(ends, values, color=look(index)[0], lw=1.2, ls="--")
                label += f": N^\u2212{law.alpha:.3f}"
            _draw_errors(axes, sizes, index, label)
        size_axis(axes)
        log_values(axes, [size.error for some in by_family.values() for size in some])
        axes.set_ylabel("test error, %")
        figure.legend(loc="outside upper left", ncols=1, frameon=False)
    facts = "; ".join(f"{law.family} alpha {law.alpha:.4f}" for law in analysis.power_laws)
    return Drawing(figure, "Error against size", f"Log-log plot with fitted power laws: {facts}.")


def _draw_errors(axes: Axes, sizes: Sequence[Size], index: int, label: str) -> None:
    colour, marker = look(index)
    for size in sizes:
        values = [100 * error for _, error in size.seed_errors if error > 0]
        axes.plot([size.parameters] * len(values), values, marker, color=colour, ms=3, alpha=0.4)
    axes.plot(
        [size.parameters for size in sizes],
        [100 * size.error for size in sizes],
        marker,
        color=colour,
        ms=6,
        label=label,
    )


def _local_exponents(analysis: Analysis) -> Drawing | None:
    if not analysis.steps:
        return None
    names = list(dict.fromkeys(step.family for step in analysis.steps))
    with styled():
        figure = blank(5.6, 3.8)
        axes = figure.add_subplot()
        for index, family in enumerate(names):
            some = [step for step in analysis.steps if step.family == family]
            bars = [(step.middle, step.alpha, step.alpha_interval) for step in some]
            draw_intervals(axes, bars, index, shortened(family, _NAME_LENGTH))
        threshold = float(-np.log2(1 - analysis.saturation[0].threshold))
        axes.axhline(0, color=INK, lw=0.8)
        axes.axhline(threshold, color=INK, lw=0.8, ls=":", label="saturated below")
        _clip(axes, [step.alpha for step in analysis.steps])
        size_axis(axes, "parameters N, between two neighbours")
        axes.set_ylabel("local exponent")
        figure.legend(loc="outside upper left", ncols=3, frameon=False)
    lowest = min(analysis.steps, key=lambda step: step.alpha)
    return Drawing(
        figure,
        "Local exponents",
        f"Exponent between neighbouring sizes with 95 % intervals over seeds; the lowest is "
        f"{lowest.alpha:.3f} ({lowest.family}, {lowest.smaller:g} to {lowest.larger:g}).",
    )


def _clip(axes: Axes, values: Sequence[float]) -> None:
    """Keep intervals of few seeds from flattening the values themselves."""
    span = max(max(values) - min(0.0, *values), 0.1)
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, min(0.0, *values) - span), min(high, max(values) + span))


def draw_intervals(
    axes: Axes, bars: Sequence[tuple[float, float, Interval | None]], index: int, label: str
) -> None:
    """Draw (x, value, interval) as joined markers with vertical bars where there is an interval."""
    colour, marker = look(index)
    for x, _, interval in bars:
        if interval is not None:
            axes.plot([x, x], interval, color=colour, lw=1, alpha=0.6)
    xs, values = [x for x, _, _ in bars], [value for _, value, _ in bars]
    axes.plot(xs, values, marker=marker, color=colour, lw=1, ms=5, label=label)


def _curves(analysis: Analysis) -> Drawing | None:
    fitted = [curve for curve in analysis.curves if curve.rss is not None]
    names = list(dict.fromkeys(curve.family for curve in fitted))
    if not names:
        return None
    by_family = families([size for size in analysis.sizes if size.error > 0])
    laws = list(dict.fromkeys(curve.law for curve in fitted))
    with styled():
        figure = blank(1.2 + 3.6 * len(names), 4.0)
        for place, family in enumerate(names):
            axes = figure.add_subplot(1, len(names), place + 1)
            some = [curve for curve in fitted if curve.family == family]
            _draw_curves(axes, by_family[family], some, laws)
            axes.set_title(shortened(family, _NAME_LENGTH))
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=2, frameon=False)
    best = [f"{curve.family}, {curve.law}" for curve in fitted if curve.delta == 0]
    said = f"Lowest AICc: {'; '.join(best)}." if best else "Too few sizes for AICc."
    return Drawing(figure, "Four laws compared", f"Error against size with the fitted laws. {said}")


def _draw_curves(
    axes: Axes, sizes: Sequence[Size], curves: Sequence[Curve], laws: Sequence[str]
) -> None:
    grid = np.geomspace(sizes[0].parameters, sizes[-1].parameters, _LINE_POINTS)
    styles = ("-", "--", "-.", ":")
    for curve in curves:
        index = laws.index(curve.law)
        axes.plot(
            grid, 100 * curve.error(grid), color=look(index)[0], ls=styles[index], label=curve.law
        )
    errors = [100 * size.error for size in sizes]
    axes.plot([size.parameters for size in sizes], errors, "o", color=INK, ms=5, label="measured")
    size_axis(axes)
    log_values(axes, errors)
    axes.set_ylabel("test error, %")


def _training_loss(analysis: Analysis) -> Drawing | None:
    losses = [one for one in analysis.losses if one.loss > 0]
    names = list(dict.fromkeys(one.family for one in losses))
    if not names:
        return None
    laws = {law.family: law for law in analysis.loss_laws}
    with styled():
        figure = blank(5.6, 3.8)
        axes = figure.add_subplot()
        for index, family in enumerate(names):
            some = [one for one in losses if one.family == family]
            colour, marker = look(index)
            label = shortened(family, _NAME_LENGTH)
            xs = [one.parameters for one in some]
            if law := laws.get(family):
                label += f": N^\u2212{law.alpha:.3f}"
                values = [law.coefficient * x**-law.alpha for x in xs]
                axes.plot(xs, values, color=colour, ls="--", lw=1.2)
            axes.plot(xs, [one.loss for one in some], marker, color=colour, ms=6, label=label)
        size_axis(axes)
        log_values(axes, [one.loss for one in losses])
        axes.set_ylabel("training loss of the last epoch, nats")
        figure.legend(loc="outside upper left", ncols=1, frameon=False)
    facts = "; ".join(f"{law.family} exponent {law.alpha:.3f}" for law in analysis.loss_laws)
    return Drawing(figure, "Training loss against size", f"Log-log plot. {facts}.")


def _spectrum(analysis: Analysis) -> Drawing | None:
    one = analysis.spectrum
    if one is None:
        return None
    with styled():
        figure = blank(5.2, 3.8)
        axes = figure.add_subplot()
        ranks = np.arange(1, len(one.eigenvalues) + 1)
        share = np.array(one.eigenvalues) / one.eigenvalues[0]
        axes.plot(ranks, share, ".", color=SERIES[0][0], ms=3, label="training images")
        fitted = np.arange(one.first, one.last + 1)
        middle = np.log(share[one.first - 1 : one.last]).mean() + one.beta * np.log(fitted).mean()
        line = np.exp(middle - one.beta * np.log(fitted))
        label = f"k^\u2212{one.beta:.3f}, k = {one.first} to {one.last}"
        axes.plot(fitted, line, color=SERIES[1][0], lw=1.4, label=label)
        axes.set(xscale="log", yscale="log", xlabel="component k")
        axes.xaxis.set_major_formatter(_PLAIN)
        axes.yaxis.set_major_formatter(_PLAIN)
        axes.set_ylabel("variance, the first is 1")
        axes.grid(color=INK, alpha=0.12)
        figure.legend(loc="outside upper left", ncols=2, frameon=False)
    fit = "undefined" if one.r2 is None else f"{one.r2:.3f}"
    return Drawing(
        figure, "Spectrum of the training images", f"beta {one.beta:.3f}, R2 of the fit {fit}."
    )


def _effective_rank(analysis: Analysis) -> Drawing | None:
    names = list(dict.fromkeys(one.family for one in analysis.ranks))
    if not names:
        return None
    kinds = (
        ("features, centred", "features_centred", "-"),
        ("features", "features", "--"),
        ("all layers", "layers", ":"),
    )
    with styled():
        figure = blank(6.4, 4.2)
        axes = figure.add_subplot()
        drawn: list[float] = []
        for index, family in enumerate(names):
            some = [one for one in analysis.ranks if one.family == family]
            colour, marker = look(index)
            for kind, attribute, line in kinds:
                points = [(o.parameters, v) for o in some if (v := getattr(o, attribute))]
                label = f"{shortened(family, _NAME_LENGTH)}: {kind}"
                if points:
                    xs, values = zip(*points, strict=True)
                    drawn += values
                    axes.plot(xs, values, marker=marker, ls=line, color=colour, ms=5, label=label)
        size_axis(axes)
        log_values(axes, drawn)
        axes.set_ylabel("stable rank")
        figure.legend(loc="outside upper left", ncols=len(names), frameon=False)
    return Drawing(
        figure,
        "Effective rank of trained activations",
        "Stable rank of the classifier's features, as they are and centred, and over all layers.",
    )
