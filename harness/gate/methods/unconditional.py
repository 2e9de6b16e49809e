"""The exact unconditional test of a paired drop, and its bounds by inversion.

Of n pairs, (b, c, rest) is multinomial (n; q + m, q, 1 - 2q - m) where the drop is m. The p-value
is the chance of a Tango score at least as large as the observed one, at the worst q of a
confidence interval that misses the true q with probability gamma, plus gamma (Berger & Boos 1994).
For a fixed q that chance grows with the drop, so the margin itself is the worst null.
"""

from __future__ import annotations

import math
from typing import cast

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from harness.gate.methods import clopper_pearson, tango

GRID_POINTS = 17
"""Values of q at which the chance is taken; exact sizes with these are at most nominal."""

WIDEST_WINDOW = 4000
"""Counts of c that are summed; with more of them the corrected score is normal to three digits."""

_TIE = 1e-9
_NEGLIGIBLE = 1e-4
"""Of gamma: what the truncated sums may lose."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Values = npt.ArrayLike


def p_value(b: int, c: int, n: int, margin: float, gamma: float) -> float:
    """Return the p-value of "the drop is at most `margin`"; 1 where the drop seen is no larger.

    That of "the drop is at least `margin`" is `p_value(c, b, n, -margin, gamma)`.

    Args:
        b: pairs that turned from right to wrong.
        c: pairs that turned from wrong to right.
        n: all pairs.
        margin: a fraction from -1 to 1.
        gamma: chance left for the interval of q; the p-value is never smaller.

    """
    observed = float(tango.score(b, c, n, margin))
    if observed <= 0:
        return 1.0
    lowest = max(float(clopper_pearson.lower(c, n, gamma / 2)), 0.0, -margin)
    highest = min(float(clopper_pearson.upper(c, n, gamma / 2)), (1 - margin) / 2)
    if lowest > highest:
        return gamma
    counts = _window(n, lowest, highest, gamma)
    if counts.size > WIDEST_WINDOW:
        return float(stats.norm.sf(observed))
    first = _first_rejected(counts, n, margin, observed)
    rates = np.linspace(lowest, highest, GRID_POINTS if highest > lowest else 1)
    return min(1.0, float(_chances(first, counts, n, margin, rates, gamma).max()) + gamma)


def _window(n: int, lowest: float, highest: float, gamma: float) -> Ints:
    """Return the counts of c that matter at any q of the interval (Bernstein's inequality)."""
    exponent = -math.log(gamma * _NEGLIGIBLE)
    below = n * lowest - math.sqrt(2 * n * lowest * exponent)
    above = n * highest + math.sqrt(2 * n * highest * exponent) + exponent
    return np.arange(max(0, math.floor(below)), min(n, math.ceil(above)) + 1)


def _first_rejected(c: Ints, n: int, margin: float, observed: float) -> Ints:
    """Return for each c the smallest b whose score reaches `observed`; n - c + 1 for none.

    By bisection: the score grows with b.
    """
    low, high = np.full_like(c, -1), n - c + 1
    for _ in range(int(n + 1).bit_length() + 1):
        middle = (low + high) // 2
        reaches = tango.score(middle, c, n, margin) >= observed - _TIE
        high = np.where(reaches & (middle > low), middle, high)
        low = np.where(reaches, low, middle)
    return high


def _chances(first: Ints, c: Ints, n: int, margin: float, rates: Floats, gamma: float) -> Floats:
    """Return for each q the chance of b >= first(c), summed over c.

    Left out are c without weight and tails that are negligible by Bernstein's inequality.
    """
    q = rates[:, None]
    log_choose = special.gammaln(n + 1) - special.gammaln(c + 1) - special.gammaln(n - c + 1)
    weight = np.exp(log_choose + special.xlogy(c, q) + special.xlog1py(n - c, -q))
    given = np.minimum((q + margin) / np.maximum(1 - q, np.finfo(float).tiny), 1)
    left = n - c
    mean = left * given
    beyond = np.maximum(first - mean, 0)
    exponent = beyond**2 / (2 * (mean * (1 - given) + beyond / 3) + np.finfo(float).tiny)
    least = gamma * _NEGLIGIBLE / c.size
    row, column = np.nonzero((weight * np.exp(-exponent) > least) & (first <= left))
    tail = clopper_pearson.p_above(first[column], left[column], given[row, 0])
    return cast(Floats, np.bincount(row, weight[row, column] * tail, rates.size))


def lower_bound(b: int, c: int, n: int, alpha: float, gamma: float, margin: float) -> float:
    """Return the largest drop that the test at level `alpha` shows to be exceeded; -1 for none.

    It lies on the same side of `margin` as the test's decision there, and is good to a hundredth
    of the distance between the drop seen and the bound. The search steps along the p-value's
    normal quantile, which is almost straight, and halves the bracket every third time.
    """
    target = float(stats.norm.isf(alpha))

    def beyond(drop: float) -> float:
        return float(stats.norm.isf(p_value(b, c, n, drop, gamma))) - target

    seen, width = (b - c) / n, float(search_width(b, c, n, alpha))
    low, high, precision, asked = -1.0, seen, width / 100, 0
    if margin < seen:
        low, high = (margin, high) if beyond(margin) >= 0 else (low, margin)
    guess = seen - width
    while high - low > precision:
        asked += 1
        if asked % 3 == 0 or not low < guess < high:
            guess = (low + high) / 2
        excess = beyond(guess)
        low, high = (guess, high) if excess >= 0 else (low, guess)
        guess += excess * width / target + math.copysign(precision / 2, excess)
    return low


def search_width(b: Values, c: Values, n: Values, alpha: float) -> Floats:
    """Return about how far from the drop seen its bound lies; only where a search begins."""
    quantile = float(stats.norm.isf(alpha))
    discordant = np.asarray(b, float) + np.asarray(c, float)
    return cast(
        Floats, (quantile * np.sqrt(discordant + 1) + quantile**2 / 2 + 0.5) / np.asarray(n)
    )
