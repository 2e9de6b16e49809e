"""An interval for the Jaccard index of two sizes as recipes: new seeds and new samples."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from harness.scaling.line import CONFIDENCE, Interval

Masks = NDArray[np.bool_]
Floats = NDArray[np.float64]


def recipe_interval(first: Masks, second: Masks) -> Interval | None:
    """Return the 95 % interval of the mean Jaccard index of two recipes.

    On ln J, mean +- t sqrt(s1^2 / S1 + s2^2 / S2 + v) with min(S1, S2) - 1 degrees of freedom. s1^2
    and s2^2 are the variances of the row and column means of the S1 x S2 matrix: models of one
    row share a training. v is the variance that the choice of the samples gives the mean, from
    each sample's influence a_i / |A n B| - u_i / |A u B|. Two-way layout after Owen, The pigeonhole
    bootstrap (2007); the smaller degrees of freedom keep it wide rather than short.

    Args:
        first: (S1, N) the error sets of the models of one size.
        second: (S2, N) those of the other, whose models are not among the first.

    None where a side has one seed, or two models share no error: ln 0.

    """
    if min(len(first), len(second)) < 2:  # noqa: PLR2004
        return None
    a, b = first.astype(np.float64), second.astype(np.float64)
    both = a @ b.T
    union = a.sum(axis=1)[:, np.newaxis] + b.sum(axis=1) - both
    if both.min() == 0:
        return None
    logs = np.log(both / union)
    variance = (
        float(logs.mean(axis=1).var(ddof=1)) / len(a)
        + float(logs.mean(axis=0).var(ddof=1)) / len(b)
        + _sample_variance(a, b, both, union)
    )
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, min(len(a), len(b)) - 1)) * math.sqrt(variance)
    middle = float(logs.mean())
    return math.exp(middle - half), min(1.0, math.exp(middle + half))


def _sample_variance(a: Floats, b: Floats, both: Floats, union: Floats) -> float:
    """Return the sum of squared influences of the samples on the mean of ln J over all pairs."""
    shared = np.einsum("ri,rc,ci->i", a, 1 / both + 1 / union, b, optimize=True)
    alone = (1 / union).sum(axis=1) @ a + (1 / union).sum(axis=0) @ b
    influence = (shared - alone) / both.size
    return float(influence @ influence)
