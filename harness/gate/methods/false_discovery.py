"""A ranked list of suspects: few of them false on average, though some may be."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def benjamini_hochberg(p: npt.ArrayLike, q: float) -> npt.NDArray[np.int64]:
    """Return the indices of the suspects, the strongest first.

    The share of false ones among them is at most q on average where the tests are independent
    (Benjamini & Hochberg 1995). For reports: one wrong name among ten is welcome in a list and
    not in a decision.
    """
    values = np.asarray(p, float)
    order = np.argsort(values, kind="stable")
    within = values[order] <= q * np.arange(1, values.size + 1) / max(values.size, 1)
    last = int(np.flatnonzero(within)[-1]) + 1 if within.any() else 0
    return order[:last]
