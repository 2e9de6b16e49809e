"""Whether any class dropped at all: exact McNemar tests, corrected for what they could attain."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
from scipy import stats

from harness.gate.methods import clopper_pearson

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_TIE = 1 + 1e-9


def p_values(b: Ints, c: Ints) -> Floats:
    """Return P(Bin(b + c, 1/2) >= b) of each class: exact given its discordant pairs."""
    return clopper_pearson.p_above(b, b + c, 0.5)


def attainable(p: float, discordant: Ints) -> Floats:
    """Return the largest p-value at most `p` that so many discordant pairs can have; 0 if none."""
    fewest = stats.binom.isf(p * _TIE, discordant, 0.5) + 1
    tail = clopper_pearson.p_above(np.minimum(fewest, discordant), discordant, 0.5)
    return cast(Floats, np.where(fewest > discordant, 0.0, tail))


def violating(b: Ints, c: Ints, alpha: float) -> Ints:
    """Return the classes whose drop above 0 is shown, at family level `alpha`, strongest first.

    Step-down with the smallest p-value's own family chance: the sum, over the classes left, of
    the largest attainable p-value up to it (Westfall & Wolfinger 1997). Where Tarone 1990 rejects,
    so does this, for classes that cannot attain so small a p-value add nothing to either; and
    unlike Tarone's it is monotone in alpha.

    Args:
        b: shape (C,), per class, pairs that turned from right to wrong.
        c: shape (C,), pairs that turned from wrong to right.
        alpha: the chance of naming any class that did not drop.

    """
    p = p_values(b, c)
    order = np.argsort(p, kind="stable")
    found = 0
    for index in order:
        sizes, classes = np.unique((b + c)[order[found:]], return_counts=True)
        if p[index] > alpha or attainable(float(p[index]), sizes) @ classes > alpha:
            break
        found += 1
    return order[:found]
