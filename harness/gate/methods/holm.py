"""Holm's step-down: several claims, the chance of any wrong one at most alpha (Holm 1979)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt


def holm(tests: Sequence[Callable[[float], bool]], alpha: float) -> list[bool]:
    """Return which tests reject when the family of them all is held at level `alpha`.

    Args:
        tests: each says whether it rejects at a level; monotone in the level. Each is asked with
            alpha / m, where m counts those not yet rejected, until none of them rejects.
        alpha: the chance of at least one wrong rejection.

    """
    rejected = [False] * len(tests)
    while open_ones := [index for index, done in enumerate(rejected) if not done]:
        found = [index for index in open_ones if tests[index](alpha / len(open_ones))]
        if not found:
            break
        for index in found:
            rejected[index] = True
    return rejected


def holm_p_values(p: npt.ArrayLike, alpha: float) -> npt.NDArray[np.bool_]:
    """Return which of the p-values, shape (m,), are rejected at family level `alpha`."""
    values = np.asarray(p, float)
    order = np.argsort(values, kind="stable")
    kept = values[order] > alpha / np.arange(values.size, 0, -1)
    rejections = int(np.argmax(kept)) if kept.any() else values.size
    rejected = np.zeros(values.size, bool)
    rejected[order[:rejections]] = True
    return rejected
