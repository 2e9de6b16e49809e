"""A straight line by least squares, with what its residuals say of the slope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
Interval = tuple[float, float]
_FEWEST_FOR_ERROR = 3


@dataclass(frozen=True)
class Line:
    """y = intercept + slope x over n points.

    Attributes:
        slope, intercept: by ordinary least squares.
        slope_error: standard error of the slope, from n - 2 residual degrees of freedom; None for
            two points, which any line meets.
        slope_interval: 95 % by Student's t; None for two points.
        r2: share of the variance explained; None where y does not vary.
        points: n.

    """

    slope: float
    intercept: float
    slope_error: float | None
    slope_interval: Interval | None
    r2: float | None
    points: int


def fit_line(x: Sequence[float], y: Sequence[float]) -> Line | None:
    """Return the line through the points; None for fewer than two different x."""
    if len(set(x)) < 2:  # noqa: PLR2004
        return None
    fit = stats.linregress(np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64))
    varies = max(y) > min(y)
    line = Line(
        slope=float(fit.slope),
        intercept=float(fit.intercept),
        slope_error=None,
        slope_interval=None,
        r2=float(fit.rvalue) ** 2 if varies else None,
        points=len(x),
    )
    if len(x) < _FEWEST_FOR_ERROR:
        return line
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(x) - 2)) * float(fit.stderr)
    interval = (line.slope - half, line.slope + half)
    return Line(line.slope, line.intercept, float(fit.stderr), interval, line.r2, len(x))


def mean_interval(values: Sequence[float]) -> Interval | None:
    """Return the 95 % interval of a mean by Student's t; None for fewer than two values."""
    if len(values) < 2:  # noqa: PLR2004
        return None
    array = np.asarray(values, dtype=np.float64)
    error = float(array.std(ddof=1)) / len(array) ** 0.5
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(array) - 1)) * error
    return float(array.mean()) - half, float(array.mean()) + half
