"""Bounds of the largest class drop: the class that sets it is found without inverting them all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from harness.gate.methods import unconditional

Ints = npt.NDArray[np.int64]

_NEAR, _FAR = 0.5, 1.6
"""No class's bound is nearer to its drop, or farther from it, than so many search widths."""


def largest_lower(triples: Ints, alpha: float, gamma: float, margin: float) -> float:
    """Return the largest of the classes' lower bounds, each at level `alpha`.

    Args:
        triples: shape (T, 3): b, c and the count of a class (see `unconditional.p_value`).
        alpha: level of each class.
        gamma: see `unconditional.p_value`.
        margin: the bound lies on the decision's side of it.

    """
    b, c, n = triples.T
    seen, width = (b - c) / n, unconditional.search_width(b, c, n, alpha)
    best = -1.0
    for index in np.argsort(width - seen, kind="stable"):
        if seen[index] - _NEAR * width[index] <= best:
            continue
        worse, better, count = triples[index].tolist()
        if unconditional.p_value(worse, better, count, best, gamma) <= alpha:
            found = unconditional.lower_bound(worse, better, count, alpha, gamma, margin)
            best = max(best, found)
    return best


def largest_upper(triples: Ints, alpha: float, gamma: float, margin: float) -> float:
    """Return the largest of the classes' upper bounds, each at level `alpha`; see above."""
    b, c, n = triples.T
    seen, width = (b - c) / n, unconditional.search_width(b, c, n, alpha)
    best = -1.0
    for index in np.argsort(-width - seen, kind="stable"):
        if seen[index] + _FAR * width[index] <= best:
            continue
        worse, better, count = triples[index].tolist()
        if unconditional.p_value(better, worse, count, -best, gamma) > alpha:
            found = unconditional.lower_bound(better, worse, count, alpha, gamma, -margin)
            best = max(best, -found)
    return best
