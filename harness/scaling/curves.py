"""Four laws for error against size, fitted alike and compared by AIC, AICc and BIC.

All are fitted to ln(error), one point a size, so their likelihoods are of the same observations.
With x = ln(N / N_smallest):

    power law               ln e = a - c x
    smoothly broken         ln e = a - c0 x - c1 s ln(1 + exp((x - x0) / s))
    stretched exponential   ln e = a - b (N / N_smallest)^beta, beta > 0
    log-linear                 e = a - b x

The broken law is that of Caballero et al., Broken Neural Scaling Laws (2022), with one break and no
floor. Where the inner parameters (x0 and s, or beta) are held, these are linear in the others, so
only the inner ones are searched: on a grid, then by a bounded minimiser from its best point.
AIC = n ln(RSS / n) + 2 k, AICc = AIC + 2 k (k + 1) / (n - k - 1) and BIC = n ln(RSS / n) + k ln n,
where k counts the variance too (Burnham and Anderson, Model Selection and Multimodel Inference,
2002).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from harness.scaling.size import Size

Floats = NDArray[np.float64]

POWER, BROKEN, STRETCHED, LOG_LINEAR = (
    "power law",
    "smoothly broken power law",
    "stretched exponential",
    "log-linear",
)
_BETA_RANGE = (1e-3, 3.0)
_SHARPNESS_RANGE = (0.05, 5.0)
_EXACT = 1e-20
"""A mean squared residual of ln(error) below this is rounding."""


@dataclass(frozen=True)
class Curve:
    """One law fitted to one family.

    Attributes:
        family, law: what was fitted.
        sizes: n, the points.
        parameters: the law's own, by name; `smallest` is the N that x counts from.
        free: k, fitted parameters and the variance.
        rss: sum of squared residuals of ln(error); None where the law was not fitted.
        aic, aicc, bic: lower is better. AICc is None where n - k - 1 < 1: too few sizes to correct.
        delta: AICc above the family's lowest AICc.
        weight: Akaike weight by AICc among the laws that have one.
        note: why something is missing, or that a parameter is at its limit; else empty.

    """

    family: str
    law: str
    sizes: int
    parameters: Mapping[str, float]
    free: int
    rss: float | None
    aic: float | None = None
    aicc: float | None = None
    bic: float | None = None
    delta: float | None = None
    weight: float | None = None
    note: str = ""

    def error(self, parameters: Floats) -> Floats:
        """Return (M,) error rates of models of `parameters` (M,); NaN where the law has none."""
        x = np.log(np.asarray(parameters, dtype=np.float64) / self.parameters["smallest"])
        return _ERROR_OF[self.law](x, self.parameters)


def fit_curves(sizes: Sequence[Size]) -> tuple[Curve, ...]:
    """Return the four laws over one family's sizes, in the order of the module's table.

    A law of p parameters needs p + 1 sizes: with fewer it would meet every point, and its record
    says so instead. Sizes without errors are left out.
    """
    some = [size for size in sizes if size.error > 0]
    if len(some) < 2:  # noqa: PLR2004
        return ()
    smallest = min(size.parameters for size in some)
    x = np.log(np.array([size.parameters for size in some]) / smallest)
    y = np.log(np.array([size.error for size in some]))
    curves = [_fitted(some[0].family, law, x, y, smallest) for law in _FITS]
    return _compared(curves)


def _fitted(family: str, law: str, x: Floats, y: Floats, smallest: int) -> Curve:
    fit, own = _FITS[law]
    free = own + 1
    if len(x) <= own:
        note = f"{own} parameters need {own + 1} sizes or more, there are {len(x)}"
        return Curve(family, law, len(x), {}, free, None, note=note)
    parameters, residuals, note = fit(x, y)
    rss = float(residuals @ residuals)
    named = {**parameters, "smallest": float(smallest)}
    curve = Curve(family, law, len(x), named, free, rss, note=note)
    if rss / len(x) < _EXACT:
        return replace(curve, note="meets every point: no residual to judge by")
    return _judged(curve, rss)


def _judged(curve: Curve, rss: float) -> Curve:
    n, k = curve.sizes, curve.free
    fit = n * math.log(rss / n)
    room = n - k - 1
    few = f"AICc needs {k + 2} sizes or more, there are {n}"
    return replace(
        curve,
        aic=fit + 2 * k,
        aicc=fit + 2 * k + 2 * k * (k + 1) / room if room > 0 else None,
        bic=fit + k * math.log(n),
        note="; ".join(part for part in (curve.note, "" if room > 0 else few) if part),
    )


def _compared(curves: Sequence[Curve]) -> tuple[Curve, ...]:
    known = [curve.aicc for curve in curves if curve.aicc is not None]
    if not known:
        return tuple(curves)
    total = sum(math.exp(-(one - min(known)) / 2) for one in known)

    def placed(curve: Curve) -> Curve:
        if curve.aicc is None:
            return curve
        delta = curve.aicc - min(known)
        return replace(curve, delta=delta, weight=math.exp(-delta / 2) / total)

    return tuple(placed(curve) for curve in curves)


Fit = tuple[dict[str, float], Floats, str]


def _linear(columns: Sequence[Floats], y: Floats) -> tuple[Floats, Floats]:
    design = np.column_stack(columns)
    coefficients = np.asarray(np.linalg.lstsq(design, y, rcond=None)[0], dtype=np.float64)
    return coefficients, y - design @ coefficients


def _power(x: Floats, y: Floats) -> Fit:
    (a, slope), residuals = _linear([np.ones_like(x), x], y)
    return {"a": float(a), "c": -float(slope)}, residuals, ""


def _softplus(x: Floats, x0: float, s: float) -> Floats:
    return np.asarray(s * np.logaddexp(0.0, (x - x0) / s))


def _broken(x: Floats, y: Floats) -> Fit:
    def solved(inner: Floats) -> tuple[Floats, Floats]:
        return _linear([np.ones_like(x), x, _softplus(x, float(inner[0]), float(inner[1]))], y)

    breaks = np.linspace(x.min(), x.max(), 25)
    sharpness = np.geomspace(*_SHARPNESS_RANGE, 9)
    grid = [np.array([x0, s]) for x0 in breaks for s in sharpness]
    bounds = [(float(x.min()), float(x.max())), _SHARPNESS_RANGE]
    x0, s = _searched(solved, grid, bounds)
    (a, first, second), residuals = solved(np.array([x0, s]))
    edges = (x0 - x.min(), x.max() - x0, s - _SHARPNESS_RANGE[0], _SHARPNESS_RANGE[1] - s)
    note = "break or sharpness at its limit" if min(edges) < 1e-6 else ""  # noqa: PLR2004
    named = {"a": a, "c0": -first, "c1": -second, "x0": x0, "s": s}
    return {name: float(value) for name, value in named.items()}, residuals, note


def _stretched(x: Floats, y: Floats) -> Fit:
    def solved(inner: Floats) -> tuple[Floats, Floats]:
        return _linear([np.ones_like(x), np.expm1(float(inner[0]) * x)], y)

    grid = [np.array([beta]) for beta in np.geomspace(*_BETA_RANGE, 60)]
    (beta,) = _searched(solved, grid, [_BETA_RANGE])
    (a, slope), residuals = solved(np.array([beta]))
    low = beta < _BETA_RANGE[0] * 1.01
    note = "beta at its lower limit, where this law becomes the power law" if low else ""
    return {"a": float(a - slope), "b": -float(slope), "beta": beta}, residuals, note


def _searched(
    solved: Callable[[Floats], tuple[Floats, Floats]],
    grid: Sequence[Floats],
    bounds: Sequence[tuple[float, float]],
) -> tuple[float, ...]:
    """Return the inner parameters of least squared residuals, never worse than the grid's best."""

    def cost(inner: Floats) -> float:
        residuals = solved(inner)[1]
        return float(residuals @ residuals)

    start = min(grid, key=cost)
    found = optimize.minimize(cost, start, method="Nelder-Mead", bounds=bounds)
    best = found.x if float(found.fun) < cost(start) else start
    return tuple(float(value) for value in best)


def _log_linear(x: Floats, y: Floats) -> Fit:
    start, _ = _linear([np.ones_like(x), -x], np.exp(y))
    margin = float(np.exp(y).min()) / 10

    def residuals(inner: Floats) -> Floats:
        return np.asarray(y - np.log(np.maximum(inner[0] - inner[1] * x, margin * 1e-3)))

    lowest = start[0] - start[1] * x.max()
    if lowest < margin:  # the start would put a size below no error at all
        start = np.array([start[0], (start[0] - margin) / x.max()])
    found = optimize.least_squares(residuals, start, xtol=1e-14, ftol=1e-14, gtol=1e-14)
    a, b = (float(value) for value in found.x)
    return {"a": a, "b": b}, residuals(found.x), ""


_FITS: dict[str, tuple[Callable[[Floats, Floats], Fit], int]] = {
    POWER: (_power, 2),
    BROKEN: (_broken, 5),
    STRETCHED: (_stretched, 3),
    LOG_LINEAR: (_log_linear, 2),
}
"""Law -> how it is fitted, and how many parameters of its own it has."""


def _positive(error: Floats) -> Floats:
    return np.where(error > 0, error, np.nan)


_ERROR_OF: dict[str, Callable[[Floats, Mapping[str, float]], Floats]] = {
    POWER: lambda x, p: np.exp(p["a"] - p["c"] * x),
    BROKEN: lambda x, p: np.exp(p["a"] - p["c0"] * x - p["c1"] * _softplus(x, p["x0"], p["s"])),
    STRETCHED: lambda x, p: np.exp(p["a"] - p["b"] * np.exp(p["beta"] * x)),
    LOG_LINEAR: lambda x, p: _positive(p["a"] - p["b"] * x),
}
