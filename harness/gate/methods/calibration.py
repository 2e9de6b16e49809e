"""The expected calibration error (ECE) of one model against a limit.

The estimand is the binned error of the population, sum_b |E[(confidence - correct) 1_b]| over the
15 bins of `harness.metrics.bin_of`: a lower bound of the true calibration error. The plug-in value
is convex in the signed gaps S_b and kinked where one is 0, so noise can only raise it and no
bootstrap of it is consistent (Fang and Santos, Inference on Directionally Differentiable Functions,
2019). The two bounds go around the kink:

* upper: ECE + h. The plug-in value is at least the linear form with the true signs, so one
  linear half-width is enough. h is the larger Clopper-Pearson half-width of the number of answers
  that widen a gap (errors in bins with S_b >= 0, right answers in the others) and of all errors;
  a normal half-width would be 0 where nothing is wrong.
* lower: ECE - q, q the upper quantile of sum_b |x*_b - n_b p_b| / n with x*_b ~ Bin(n_b, p_b):
  all bins as if at the kink. p_b is whichever of (x_b + 2) / (n_b + 4) and the mean confidence of
  the bin has the larger variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from harness.gate.methods.clopper_pearson import upper
from harness.gate.methods.method import LIMIT_TOLERANCE, POWER
from harness.gate.methods.null_draws import NullDraws
from harness.gate.methods.sample_size import folded_mean, smallest, without_noise
from harness.metrics import BINS, bin_of

DRAWS = 4000
_FOLDED = float(np.sqrt(2 / np.pi))
"""E|Z| of a standard normal Z."""


def ece_floor(samples: int) -> float:
    """Return about the lowest limit that a calibrated model of middling accuracy can keep.

    2 / sqrt(n): the plug-in value of perfect calibration is about 1 / sqrt(n), and its bound about
    as much higher. A model that is nearly always right can be held to less (`Ece.floor`).
    """
    return 2 / float(np.sqrt(samples))


@dataclass(frozen=True, eq=False)
class Ece:
    """ECE <= limit, from the sums of each bin.

    Attributes:
        counts: (15,) samples of each bin.
        confidences: (15,) sums of their confidences.
        hits: (15,) how many of them are right.
        limit: in [0, 1].
        seed: of the draws.

    """

    counts: NDArray[np.float64]
    confidences: NDArray[np.float64]
    hits: NDArray[np.float64]
    limit: float
    seed: int = 0

    @classmethod
    def of(
        cls,
        confidence: NDArray[np.float64],
        correct: NDArray[np.bool_],
        limit: float,
        seed: int = 0,
    ) -> Ece:
        """Return the method for (N,) confidences in [0, 1] and whether each answer is right."""
        bins = bin_of(confidence)
        counts, confidences, hits = (
            np.bincount(bins, one, BINS).astype(np.float64) for one in (None, confidence, correct)
        )
        return cls(counts, confidences, hits, limit, seed)

    @property
    def name(self) -> str:
        """The method by name."""
        return (
            "kink-aware bounds of 15-bin ECE: Clopper-Pearson half-width above, "
            f"{DRAWS} null draws (seed {self.seed}) below"
        )

    @property
    def estimate(self) -> float:
        """The plug-in ECE, in [0, 1]; biased upwards."""
        return float(np.abs(self._gaps).sum())

    @property
    def n(self) -> int:
        """How many samples there are."""
        return int(self.counts.sum())

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the lower and the upper bound, each one-sided at confidence 1 - alpha."""
        lower = self.estimate - self._null.quantile(alpha)
        return max(0.0, lower), min(1.0, self.estimate + self._half_width(alpha))

    def complies(self, alpha: float) -> bool:
        """Whether the upper bound keeps the limit."""
        upper = self.estimate + self._half_width(alpha)
        return upper <= self.limit + LIMIT_TOLERANCE

    def violates(self, alpha: float) -> bool:
        """Whether the lower bound is above the limit."""
        return self.bounds(alpha)[0] > self.limit + LIMIT_TOLERANCE

    def floor(self, alpha: float) -> float:
        """Return the lowest limit that a calibrated model with these confidences could keep.

        The expected plug-in value of perfect calibration plus the half-width, at this n.
        """
        return float(_FOLDED * self._spreads.sum() / np.sqrt(self.n)) + self._half_width(alpha)

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return the n that decides if the gaps, less their noise, are the true ones.

        At n the plug-in value is expected at sum_b E|N(S_b, V_b / n)|, with V_b the variance of
        the summands of S_b. It is to clear the limit by z_alpha + z_power standard deviations, and
        for a violation by the mean of the null draws too.
        """
        gaps = without_noise(self._gaps, self._spreads**2 / self.n)
        complies = float(np.abs(gaps).sum()) <= self.limit
        spread = float(np.sqrt((self._spreads**2).sum()))
        z, extra = -float(ndtri(alpha)), float(ndtri(power))
        kink = 0.0 if complies else _FOLDED * float(self._spreads.sum())
        narrow = 1.0 if complies else float(np.sqrt(1 - 2 / np.pi))

        def decides(n: float) -> bool:
            root = float(np.sqrt(n))
            expected = float(folded_mean(gaps, self._spreads / root).sum())
            width = (kink + (narrow * z + extra) * spread) / root
            return abs(self.limit - expected) >= width and (expected <= self.limit) == complies

        return smallest(decides)

    @cached_property
    def _gaps(self) -> NDArray[np.float64]:
        return np.asarray((self.confidences - self.hits) / self.n)

    @cached_property
    def _null(self) -> NullDraws:
        """The noise of the plug-in value with every bin at the kink.

        One answer moves it by at most 1 / n, which gives the scale (McDiarmid 1989).
        """
        rng, noise = np.random.default_rng(self.seed), np.zeros(DRAWS)
        for count, rate in zip(self.counts.astype(np.int64), self._rates, strict=True):
            noise += np.abs(rng.binomial(count, rate, DRAWS) - count * rate) / self.n
        return NullDraws.of(noise, 0.5 / float(np.sqrt(self.n)))

    @cached_property
    def _rates(self) -> NDArray[np.float64]:
        return widest_rates(self.counts, self.confidences, self.hits)

    @cached_property
    def _spreads(self) -> NDArray[np.float64]:
        """(15,) standard deviation of (confidence - correct) 1_b, by the rates of the null."""
        return np.sqrt(self.counts / self.n * self._rates * (1 - self._rates))

    def _half_width(self, alpha: float) -> float:
        over = self._gaps >= 0
        widening = float(np.where(over, self.counts - self.hits, self.hits).sum())
        errors = float((self.counts - self.hits).sum())
        return max(float(upper(x, self.n, alpha)) - x / self.n for x in (widening, errors))


def widest_rates(
    counts: NDArray[np.float64], confidences: NDArray[np.float64], hits: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (15,) the hit rate of each bin that has the larger variance p (1 - p) of two.

    They are (hits + 2) / (count + 4) and the mean confidence; 0.5 where a bin is empty.
    """
    shrunk = (hits + 2) / (counts + 4)
    stated = np.divide(confidences, counts, out=np.full(len(counts), 0.5), where=counts > 0)
    stated = np.clip(stated, 0, 1)
    return np.where(shrunk * (1 - shrunk) >= stated * (1 - stated), shrunk, stated)
