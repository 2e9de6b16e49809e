"""A distribution known by draws from it, and its upper quantiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class NullDraws:
    """Draws of a statistic whose upper tail is no heavier than exp(-x^2 / (2 scale^2)).

    Attributes:
        ordered: (B,) the draws, ascending.
        scale: the scale of a sub-Gaussian bound around the mean.

    """

    ordered: NDArray[np.float64]
    scale: float

    @classmethod
    def of(cls, draws: NDArray[np.float64], scale: float) -> NullDraws:
        """Return the distribution that (B,) `draws` in any order stand for."""
        return cls(np.sort(draws), scale)

    def quantile(self, alpha: float) -> float:
        """Return a value that the statistic exceeds with probability at most alpha.

        It is the draw of rank ceil((1 - alpha) (B + 1)), which makes the probability over draws
        and statistic at most alpha. Where alpha (B + 1) < 1 there is no such draw: then the
        sub-Gaussian bound mean + scale sqrt(2 ln(1 / alpha)), or the largest draw if it is larger.
        """
        rank = int(np.ceil((1 - alpha) * (len(self.ordered) + 1)))
        if rank <= len(self.ordered):
            return float(self.ordered[max(rank, 1) - 1])
        bound = float(self.ordered.mean()) + self.scale * float(np.sqrt(2 * np.log(1 / alpha)))
        return max(bound, float(self.ordered[-1]))
