"""Tango's score for the difference of two paired proportions.

Of n pairs, b are right with the reference and wrong with the candidate, c the other way round; the
drop is (b - c) / n. Tango 1998, Statistics in Medicine 17, 891-908: unlike Wald's, its variance is
that of the null hypothesis, so that it does not vanish where no pair is discordant.
All functions take scalars or arrays that broadcast.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
from scipy import stats

from harness.gate.methods.method import LIMIT_TOLERANCE

Floats = npt.NDArray[np.float64]
Values = npt.ArrayLike

CONTINUITY = 0.5
"""Half a pair toward the margin: without it the normal tail is liberal at any n."""


def null_rate(b: Values, c: Values, n: Values, margin: float) -> Floats:
    """Return the most likely rate of c among pairs whose true drop is `margin`.

    The larger root of 2n q^2 + ((2n-b+c)m - b - c) q - c m (1-m) = 0, in the form that does not
    cancel.
    """
    b, c, n = (np.asarray(count, float) for count in (b, c, n))
    linear = (2 * n - b + c) * margin - b - c
    constant = -c * margin * (1 - margin)
    root = np.sqrt(np.maximum(linear**2 - 8 * n * constant, 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        stable = np.where(linear > 0, -2 * constant / (linear + root), (root - linear) / (4 * n))
    return cast(Floats, np.maximum(stable, max(0.0, -margin)))


def score(b: Values, c: Values, n: Values, margin: float) -> Floats:
    """Return the corrected score: large is evidence of a drop above `margin`.

    sign(x) max(|x| - 1/2, 0) / sqrt(n (2q + m(1-m))) with x = b - c - nm and q the null rate;
    0 where no variance and no difference is left.
    """
    sizes = np.asarray(n, float)
    excess = np.asarray(b, float) - np.asarray(c, float) - sizes * margin
    toward = np.sign(excess) * np.maximum(np.abs(excess) - CONTINUITY, 0)
    variance = sizes * (2 * null_rate(b, c, n, margin) + margin * (1 - margin))
    deviation = np.sqrt(np.maximum(variance, 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return cast(Floats, np.where(toward == 0, 0.0, toward / deviation))


def samples_needed(
    worse: Values, better: Values, margin: float, alpha: float, power: float
) -> Floats:
    """Return the pairs needed at rates `worse` (of b) and `better` (of c); inf on the margin.

    ((z_a sqrt(2q + m(1-m)) + z_b sqrt(pd - d^2)) / (m - d))^2 + 1/|m - d|, pd the share of
    discordant pairs and q the null rate at these rates; with pd in its place it is too small.
    """
    b, c = np.asarray(worse, float), np.asarray(better, float)
    drop = b - c
    null = 2 * null_rate(b, c, 1.0, margin) + margin * (1 - margin)
    spread = stats.norm.isf(alpha) * np.sqrt(np.maximum(null, 0))
    spread = spread + stats.norm.ppf(power) * np.sqrt(np.maximum(b + c - drop**2, 0))
    gap = np.abs(margin - drop)
    clear = np.where(gap > LIMIT_TOLERANCE, gap, np.nan)
    return cast(Floats, np.nan_to_num((spread / clear) ** 2 + 1 / clear, nan=np.inf))
