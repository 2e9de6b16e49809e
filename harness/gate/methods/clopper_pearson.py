"""One-sided Clopper-Pearson bounds of proportions: never wrong more often than alpha.

Clopper & Pearson 1934, by the beta quantiles. They also hold for a sum of independent trials of
unequal probabilities (Hoeffding 1956), so a test set of fixed class sizes needs no other method.
All functions take scalars or arrays that broadcast.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from harness.gate.methods.method import LIMIT_TOLERANCE, POWER

Floats = npt.NDArray[np.float64]
Values = npt.ArrayLike

_SEARCHED = 400
"""Sizes at which the exact power is looked up around the formula's."""


def lower(successes: Values, n: Values, alpha: float) -> Floats:
    """Return the lower bounds of the probabilities, at confidence 1 - alpha each; 0 at n = 0."""
    x, size = np.asarray(successes, float), np.asarray(n, float)
    bound = special.betaincinv(np.maximum(x, 1), size - x + 1, alpha)
    return np.where(x > 0, bound, 0.0)


def upper(successes: Values, n: Values, alpha: float) -> Floats:
    """Return the upper bounds of the probabilities, at confidence 1 - alpha each; 1 at n = 0."""
    return 1 - lower(np.asarray(n) - np.asarray(successes), n, alpha)


def p_above(successes: Values, n: Values, limit: Values) -> Floats:
    """Return P(X >= successes) at probability `limit`: small is evidence of more than `limit`."""
    x, size = np.asarray(successes, float), np.asarray(n, float)
    tail = special.betainc(np.maximum(x, 1), np.maximum(size - x, 0) + 1, np.asarray(limit, float))
    return np.where(x > 0, tail, 1.0)


def p_below(successes: Values, n: Values, limit: Values) -> Floats:
    """Return P(X <= successes) at probability `limit`: small is evidence of less than `limit`."""
    return p_above(np.asarray(n) - np.asarray(successes), n, 1 - np.asarray(limit, float))


def formula(rate: Values, limit: float, alpha: float, power: float) -> Floats:
    """Return the sizes by the normal approximation with a continuity term; inf at the limit.

    ((z_a sqrt(L(1-L)) + z_b sqrt(p(1-p))) / (p-L))^2 + 1/|p-L|.
    """
    p = np.asarray(rate, float)
    spread = stats.norm.isf(alpha) * np.sqrt(limit * (1 - limit))
    spread = spread + stats.norm.ppf(power) * np.sqrt(p * (1 - p))
    gap = np.abs(p - limit)
    clear = np.where(gap > LIMIT_TOLERANCE, gap, np.nan)
    return cast(Floats, np.nan_to_num((spread / clear) ** 2 + 1 / clear, nan=np.inf))


def samples_needed(rate: float, limit: float, alpha: float, power: float = POWER) -> int | None:
    """Return the size from which on the exact power is at least `power`; None on the limit.

    The exact power of the binomial test is looked up from half to twice the formula's size,
    because it goes up and down by whole samples.
    """
    if abs(rate - limit) <= LIMIT_TOLERANCE:
        return None
    if rate < limit:
        rate, limit = 1 - rate, 1 - limit
    near = float(formula(rate, limit, alpha, power))
    sizes = np.unique(np.linspace(max(1.0, near / 2), 2 * near + 10, _SEARCHED).astype(np.int64))
    critical = stats.binom.isf(alpha, sizes, limit)
    short = np.flatnonzero(stats.binom.sf(critical, sizes, rate) < power)
    following = int(short[-1]) + 1 if short.size else 0
    return int(sizes[min(following, sizes.size - 1)])
