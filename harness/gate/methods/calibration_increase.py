"""The increase of the expected calibration error from a reference to a candidate.

"The bias cancels" is false where one of the two is calibrated and the other is not, so
the difference of two plug-in values cannot be used as it is. With the noise Z = (Z_r, Z_c) of the
2 x 15 signed bin gaps S, jointly normal by their moments over the same samples, and s = sign(S):

    D - (true increase) >= s_c . Z_c - sum |Z_r|      (for a pass)
    D - (true increase) <= sum |Z_c| - s_r . Z_r      (for a fail)

each from |S + Z| - |S|, which lies between sign(S) Z and |Z|. Their quantiles are taken by draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from harness.gate.methods.calibration import widest_rates
from harness.gate.methods.method import LIMIT_TOLERANCE, POWER
from harness.gate.methods.null_draws import NullDraws
from harness.gate.methods.sample_size import folded_mean, smallest, without_noise
from harness.metrics import BINS, bin_of

DRAWS = 4000


@dataclass(frozen=True, eq=False)
class EceIncrease:
    """ECE of the candidate minus that of the reference <= limit.

    Attributes:
        gaps: (2, 15) mean of (confidence - correct) 1_b, reference first.
        covariance: (30, 30) of the summands of `gaps`, so that `covariance / n` is that of `gaps`.
        n: samples.
        limit: the margin, in [-1, 1].
        seed: of the draws.

    """

    gaps: NDArray[np.float64]
    covariance: NDArray[np.float64]
    n: int
    limit: float
    seed: int = 0

    @classmethod
    def of(
        cls,
        confidence: tuple[NDArray[np.float64], NDArray[np.float64]],
        correct: tuple[NDArray[np.bool_], NDArray[np.bool_]],
        limit: float,
        seed: int = 0,
    ) -> EceIncrease:
        """Return the method for (N,) arrays of the reference and the candidate, sample by sample.

        The variance of a bin is at least that of answers which are right with the widest of two
        rates (see `widest_rates`): it does not collapse where nothing is wrong.
        """
        bins = [bin_of(one) for one in confidence]
        terms = [one - right for one, right in zip(confidence, correct, strict=True)]
        n = len(terms[0])
        gaps = np.array([np.bincount(b, t, BINS) for b, t in zip(bins, terms, strict=True)]) / n
        squares = [np.bincount(b, t * t, BINS) / n for b, t in zip(bins, terms, strict=True)]
        cross = np.bincount(BINS * bins[0] + bins[1], terms[0] * terms[1], BINS * BINS) / n
        moments = np.zeros((2 * BINS, 2 * BINS))
        moments[:BINS, BINS:] = cross.reshape(BINS, BINS)
        moments += moments.T
        moments[np.diag_indices(2 * BINS)] = np.concatenate(squares)
        covariance = moments - np.outer(gaps, gaps)
        floor = np.concatenate(
            [_least(b, c, r) for b, c, r in zip(bins, confidence, correct, strict=True)]
        )
        diagonal = np.diag_indices(2 * BINS)
        covariance[diagonal] = np.maximum(covariance[diagonal], floor)
        return cls(gaps, covariance, n, limit, seed)

    @property
    def name(self) -> str:
        """The method by name."""
        return f"kink-aware paired normal bounds of 15-bin ECE, {DRAWS} draws (seed {self.seed})"

    @property
    def estimate(self) -> float:
        """The plug-in difference of the two, in [-1, 1]."""
        reference, candidate = np.abs(self.gaps).sum(axis=1)
        return float(candidate - reference)

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the lower and the upper bound, each one-sided at confidence 1 - alpha."""
        above, below = self._excess.quantile(alpha), self._shortfall.quantile(alpha)
        return max(-1.0, self.estimate - above), min(1.0, self.estimate + below)

    def complies(self, alpha: float) -> bool:
        """Whether the upper bound keeps the limit."""
        return self.bounds(alpha)[1] <= self.limit + LIMIT_TOLERANCE

    def violates(self, alpha: float) -> bool:
        """Whether the lower bound is above the limit."""
        return self.bounds(alpha)[0] > self.limit + LIMIT_TOLERANCE

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return the n that decides if the gaps, less their noise, are the true ones.

        The half-widths shrink as 1 / sqrt(n). The plug-in difference is expected at that of the
        folded normal means, and is to clear the limit by z_power standard deviations more.
        """
        gaps = without_noise(self.gaps, self._spreads**2 / self.n)
        reference, candidate = np.abs(gaps).sum(axis=1)
        complies = bool(candidate - reference <= self.limit)
        half_width = (self._shortfall if complies else self._excess).quantile(alpha)
        width = half_width * np.sqrt(self.n) + float(ndtri(power)) * self._spread

        def decides(n: float) -> bool:
            root = float(np.sqrt(n))
            before, after = folded_mean(gaps, self._spreads / root).sum(axis=1)
            clear = self.limit - (after - before)
            return bool((clear if complies else -clear) >= width / root)

        return smallest(decides)

    @cached_property
    def _noise(self) -> NDArray[np.float64]:
        """(B, 2, 15) draws of Z."""
        values, vectors = np.linalg.eigh(self.covariance / self.n)
        factor = vectors * np.sqrt(np.maximum(values, 0))
        normal = np.random.default_rng(self.seed).standard_normal((DRAWS, 2 * BINS))
        return np.asarray(normal @ factor.T).reshape(DRAWS, 2, BINS)

    @cached_property
    def _excess(self) -> NullDraws:
        reference, candidate = self._noise[:, 0], self._noise[:, 1]
        return NullDraws.of(np.abs(candidate).sum(axis=1) - reference @ self._signs[0], self._scale)

    @cached_property
    def _shortfall(self) -> NullDraws:
        reference, candidate = self._noise[:, 0], self._noise[:, 1]
        return NullDraws.of(np.abs(reference).sum(axis=1) - candidate @ self._signs[1], self._scale)

    @property
    def _signs(self) -> NDArray[np.float64]:
        return np.where(self.gaps < 0, -1.0, 1.0)

    @property
    def _spreads(self) -> NDArray[np.float64]:
        """(2, 15) standard deviation of the summands of each gap."""
        return np.sqrt(self.covariance.diagonal()).reshape(2, BINS)

    @property
    def _spread(self) -> float:
        """Standard deviation of the summands of the difference, away from the kinks."""
        signs = np.concatenate([-self._signs[0], self._signs[1]])
        return float(np.sqrt(max(0.0, signs @ self.covariance @ signs)))

    @property
    def _scale(self) -> float:
        """A bound on the standard deviation of any signed sum of Z (Borell 1975)."""
        return float(self._spreads.sum()) / float(np.sqrt(self.n))


def _least(
    bins: NDArray[np.int64], confidence: NDArray[np.float64], correct: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return (15,) the least variance of (confidence - correct) 1_b that is credible."""
    counts, confidences, hits = (
        np.bincount(bins, one, BINS).astype(np.float64) for one in (None, confidence, correct)
    )
    rates = widest_rates(counts, confidences, hits)
    return np.asarray(counts / len(bins) * rates * (1 - rates))
