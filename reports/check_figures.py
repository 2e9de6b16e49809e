"""Each check on an axis of its own: the value, its bounds, the limit and what lies beyond it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from harness.gate.metric import METRICS, Unit
from harness.gate.sentence import number
from harness.gate.verdict import CheckResult, Outcome
from reports.columns import OUTCOME_WORDS
from reports.drawing import BLUE, INK, ORANGE, Drawing, blank, styled
from reports.text import quantity, shortened

AMBER = "#e69f00"
LOOKS: dict[Outcome, tuple[str, str]] = {
    "pass": (BLUE, "o"),
    "fail": (ORANGE, "X"),
    "inconclusive": (AMBER, "D"),
}
"""Colour and marker of the value."""
_MARGIN = 0.16
_NAME_LENGTH = 60
_PERCENT: tuple[Unit, ...] = ("percent", "points")
_COUNTED: tuple[Unit, ...] = ("bytes", "whole")
_LEAST_SPAN = 0.05
_WIDTH, _HEIGHT = 3.3, 0.5
_DIGITS_OF_COUNT = 1000


def check_axis(check: CheckResult) -> Drawing:
    """Return one check on its axis, to stand in a line of text."""
    with styled():
        figure = blank(_WIDTH, _HEIGHT)
        figure.set_layout_engine("none")
        axes = figure.add_axes((0.07, 0.52, 0.86, 0.4))
        draw_check(axes, check)
    return Drawing(figure, shortened(check.name, _NAME_LENGTH), described(check))


def checks_figure(checks: Sequence[CheckResult]) -> Drawing:
    """Return every check on its axis, one below the other."""
    with styled():
        figure = blank(6.4, 0.5 + 0.62 * len(checks))
        panels = figure.subplots(len(checks), 1, squeeze=False)
        for axes, check in zip(panels.flat, checks, strict=True):
            draw_check(axes, check)
            words = f"{OUTCOME_WORDS[check.outcome]}  {shortened(check.name, _NAME_LENGTH)}"
            axes.set_title(words, loc="left", fontsize=8, pad=2)
        _key(panels.flat[0])
    said = "; ".join(described(check) for check in checks)
    return Drawing(figure, "Checks", said)


def _key(axes: Axes) -> None:
    axes.plot([], [], "o", color=BLUE, label="value")
    axes.plot([], [], "|-", color=BLUE, label="bounds")
    axes.plot([], [], "-", color=INK, lw=1.6, label="limit")
    axes.fill_between([], [], [], color=ORANGE, alpha=0.18, label="beyond it")
    axes.figure.legend(loc="outside upper right", ncols=4, frameon=False, fontsize=8)


def described(check: CheckResult) -> str:
    """Return in words what the axis of a check shows."""
    unit = _unit(check)
    value = "no value" if check.estimate is None else number(check.estimate, unit)
    bounds = ""
    if check.lower is not None and check.upper is not None and check.lower != check.upper:
        bounds = f", bounds {number(check.lower, unit)} to {number(check.upper, unit)}"
    side = "at least" if check.direction == ">=" else "at most"
    name, outcome = shortened(check.name, _NAME_LENGTH), OUTCOME_WORDS[check.outcome]
    return f"{name}: {value}{bounds}, limit {side} {number(check.limit, unit)}: {outcome}"


def _unit(check: CheckResult) -> Unit:
    metric = METRICS.get(check.metric)
    return metric.unit if metric else "plain"


def draw_check(axes: Axes, check: CheckResult) -> None:
    """Draw one check on `axes`."""
    scale = 100 if _unit(check) in _PERCENT else 1
    low, high = _range(check)
    axes.set_xlim(scale * low, scale * high)
    axes.set_ylim(-1, 1)
    _draw_limit(axes, check, scale)
    colour, marker = LOOKS[check.outcome]
    if check.lower is not None and check.upper is not None and check.lower < check.upper:
        axes.plot(
            [scale * check.lower, scale * check.upper], [0, 0], "|-", color=colour, ms=8, lw=2
        )
    if check.estimate is not None:
        axes.plot([scale * check.estimate], [0], marker, color=colour, ms=7, clip_on=False)
    _ticks(axes, check)


def _range(check: CheckResult) -> tuple[float, float]:
    values = [check.limit, check.estimate, check.lower, check.upper]
    known = [value for value in values if value is not None and math.isfinite(value)]
    low, high = min(known), max(known)
    if _unit(check) in _COUNTED:
        return 0.0, high + _MARGIN * (high or 1.0)
    span = (high - low) or _LEAST_SPAN
    metric = METRICS.get(check.metric)
    lowest, highest = (metric.lowest, metric.highest) if metric else (-math.inf, math.inf)
    room = _MARGIN * span
    return max(low - room, min(lowest, low)), min(high + room, max(highest, high))


def _draw_limit(axes: Axes, check: CheckResult, scale: float) -> None:
    limit = scale * check.limit
    low, high = axes.get_xlim()
    beyond = (low, limit) if check.direction == ">=" else (limit, high)
    axes.axvspan(*beyond, color=ORANGE, alpha=0.18, lw=0)
    axes.axvline(limit, color=INK, lw=1.6)


def _ticks(axes: Axes, check: CheckResult) -> None:
    unit = _unit(check)
    suffix = {"percent": " %", "bytes": "B", "points": "", "plain": "", "whole": ""}[unit]
    axes.xaxis.set_major_locator(MaxNLocator(5, min_n_ticks=3))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _tick(value, suffix)))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="x", labelsize=8, length=3, pad=2)


def _tick(value: float, suffix: str) -> str:
    shown = quantity(value) if value >= _DIGITS_OF_COUNT else f"{value:g}"
    suffix = " B" if suffix == "B" and value < _DIGITS_OF_COUNT else suffix
    return shown.replace("-", "\N{MINUS SIGN}") + suffix
