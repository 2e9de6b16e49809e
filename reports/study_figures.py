"""The study of the gate's error rates, drawn: errors at the limit, power, and indecision over n."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from harness.gate.methods.method import ALPHA
from harness.gate.study.rates import (
    Error,
    Measured,
    Rate,
    Rates,
    at_limit,
    decided,
    of_metric,
    undecided,
)
from harness.gate.study.record import CellCounts, CheckCounts
from reports.drawing import BLUE, INK, ORANGE, Drawing, blank, styled

GREEN = "#009e73"
_MARKERS = {10: "o", 100: "D", 1000: "^"}
_SPREAD = 0.05
"""How far apart, in decades of n, the points of different numbers of classes stand."""
_COLUMNS = 4
_HIGHEST = 12.0
"""Percent; an error more frequent than that leaves its panel, and is in the table."""
_ERRORS: dict[Error, str] = {"false fail": BLUE, "false pass": ORANGE}
_Share = Callable[[CellCounts, CheckCounts], Rate]


def study_figures(rates: Rates) -> dict[str, Drawing]:
    """Return the drawings by file name, without a suffix."""
    return {
        "gate-study-errors": _errors(rates),
        "gate-study-power": _power(rates),
        "gate-study-inconclusive": _indecision(rates),
    }


def _errors(rates: Rates) -> Drawing:
    metrics = _metrics(rates)
    with styled():
        figure = blank(7.4, 6.4)
        grid = _grid(figure, len(metrics))
        for axes, metric in zip(grid, metrics, strict=False):
            for error, colour in _ERRORS.items():
                found = [one for one in rates.of(metric, error) if at_limit(one.cell)]
                _draw_errors(axes, found, colour)
            axes.axhline(100 * ALPHA, color=INK, lw=1, ls="--", label="nominal")
            axes.set_title(metric, fontsize="small")
            axes.set_ylim(0, _HIGHEST)
            _over_samples(axes)
        _label(figure, grid[0])
    words = (
        "For each check, the share of test sets on which it errs with its limit at the true "
        "figure, one point with its 95 % interval per scenario and number of classes. "
        "Nominal is 5 %."
    )
    return Drawing(figure, "Errors at the limit", words)


def _draw_errors(axes: Axes, found: Sequence[Measured], colour: str) -> None:
    """Draw one error of one check; false fails stand left of n, false passes right of it."""
    side = -1 if colour == BLUE else 1
    for place, (classes, marker) in enumerate(_MARKERS.items()):
        chosen = [one for one in found if one.cell.classes == classes]
        if not chosen:
            continue
        error = chosen[0].error
        sizes = [one.cell.samples * 10 ** (side * _SPREAD * (place + 1)) for one in chosen]
        values = [100 * one.rate.value for one in chosen]
        ends = np.array([one.rate.interval for one in chosen]).T * 100
        axes.vlines(sizes, *ends, color=colour, alpha=0.25, lw=1)
        label = f"{error}, C = {classes:,}"
        axes.plot(sizes, values, marker, color=colour, alpha=0.7, ms=2.5, mew=0, label=label)


def _power(rates: Rates) -> Drawing:
    figure = _panels(
        rates,
        [
            ("no change", decided, BLUE, "limit kept: passes"),
            ("beyond the limit", decided, ORANGE, "limit missed: fails"),
        ],
        tuple(_MARKERS),
    )
    words = (
        "For each check, the share of test sets on which it passes an unchanged model, and on "
        "which it fails one that misses the limit by the stated margin, over the number of samples."
    )
    return Drawing(figure, "Power", words)


def _indecision(rates: Rates) -> Drawing:
    figure = _panels(
        rates,
        [
            ("no change", undecided, BLUE, "limit kept"),
            ("at the limit", undecided, GREEN, "at the limit"),
            ("beyond the limit", undecided, ORANGE, "limit missed"),
        ],
        (10, 100),
    )
    words = "For each check, the share of test sets that leave it inconclusive, over their size."
    return Drawing(figure, "Inconclusive", words)


def _panels(
    rates: Rates, lines: Sequence[tuple[str, _Share, str, str]], classes: Sequence[int]
) -> Figure:
    metrics = _metrics(rates)
    with styled():
        figure = blank(7.4, 5.8)
        grid = _grid(figure, len(metrics))
        for axes, metric in zip(grid, metrics, strict=False):
            for scenario, share, colour, label in lines:
                for count in classes:
                    cells = [one for one in rates.study.cells if one.scenario == scenario]
                    chosen = [one for one in cells if one.classes == count]
                    _draw_share(axes, chosen, metric, share, (colour, f"{label}, C = {count:,}"))
            axes.set_title(metric, fontsize="small")
            axes.set_ylim(-4, 104)
            _over_samples(axes)
        _label(figure, grid[0])
    return figure


def _metrics(rates: Rates) -> list[str]:
    return list(dict.fromkeys(check.metric for check in rates.study.cells[0].checks))


def _grid(figure: Figure, panels: int) -> list[Axes]:
    rows = -(-panels // _COLUMNS)
    return list(figure.subplots(rows, _COLUMNS, sharex=True, sharey=True, squeeze=False).flat)


def _draw_share(
    axes: Axes, cells: Sequence[CellCounts], metric: str, share: _Share, look: tuple[str, str]
) -> None:
    cells = sorted(cells, key=lambda cell: cell.samples)
    if not cells:
        return
    colour, label = look
    values = [100 * share(cell, of_metric(cell, metric)).value for cell in cells]
    marker = _MARKERS[cells[0].classes]
    sizes = [cell.samples for cell in cells]
    axes.plot(sizes, values, marker=marker, color=colour, lw=1, ms=3.5, alpha=0.8, label=label)


def _over_samples(axes: Axes) -> None:
    axes.set_xscale("log")
    axes.set_xticks([300, 3000, 30_000], ["300", "3,000", "30,000"])
    axes.minorticks_off()
    axes.set_xlim(180, 50_000)
    axes.grid(color=INK, alpha=0.12)


def _label(figure: Figure, axes: Axes) -> None:
    figure.supxlabel("n", fontsize="medium")
    figure.supylabel("% of test sets", fontsize="medium")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside upper center", ncols=3, frameon=False, fontsize="small"
    )
