"""The drop in accuracy of every class against one margin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import stats

from harness.gate.methods import class_bounds, mcnemar, tango, unconditional
from harness.gate.methods.false_discovery import benjamini_hochberg
from harness.gate.methods.holm import holm_p_values
from harness.gate.methods.method import LIMIT_TOLERANCE, POWER
from harness.gate.methods.paired_drop import GAMMA_SHARE, fewest_that_comply

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_FAMILY_GAMMA_SHARE = 20
"""Under Holm the interval of a class's nuisance rate takes alpha / (20 C)."""

_SCREEN = 4.0
"""Classes whose normal p-value exceeds so many alpha are not rejected, and not looked at again."""


@dataclass(frozen=True, eq=False)
class ClassDrops:
    """The drop (b - c) / count of every class must be at most the limit.

    Some class violates: Holm over the classes, with the exact test of a paired drop in each; with a
    limit of 0, exact McNemar tests corrected for the p-values they can attain. Every class
    complies: the exact test in each without correction (intersection-union, Berger 1982). Classes
    are disjoint samples, so nothing is to be gained from their correlation.

    Attributes:
        b: int64, shape (C,), samples per class that turned from right to wrong.
        c: int64, shape (C,), from wrong to right.
        counts: int64, shape (C,), samples per class; a class without any leaves "every class"
            undecided and is listed in `absent`.
        limit: the margin, a fraction from -1 to 1.

    Raises:
        ValueError: counts that do not fit, or no class with a sample.

    """

    b: Ints
    c: Ints
    counts: Ints
    limit: float

    def __post_init__(self) -> None:
        if not self.b.shape == self.c.shape == self.counts.shape or not self.counts.any():
            raise ValueError("class drops need counts per class and a sample")
        if min(self.b.min(), self.c.min()) < 0 or (self.b + self.c > self.counts).any():
            raise ValueError("a class has more discordant pairs than samples")

    @property
    def name(self) -> str:
        """The method, by the limit."""
        some = "exact McNemar, attainable p-values" if self.limit == 0 else "exact unconditional"
        return f"{some}, Holm over the classes to violate; every class to comply"

    @property
    def absent(self) -> tuple[int, ...]:
        """The classes without samples."""
        return tuple(np.flatnonzero(self.counts == 0).tolist())

    @cached_property
    def _present(self) -> Ints:
        return np.flatnonzero(self.counts)

    @cached_property
    def _drops(self) -> Floats:
        """The drop of each class with samples."""
        here = self._present
        return (self.b[here] - self.c[here]) / self.counts[here]

    @property
    def n(self) -> int:
        """How many samples the classes have together."""
        return int(self.counts.sum())

    @cached_property
    def worst(self) -> int:
        """The class of the largest drop, of several the first."""
        return int(self._present[np.argmax(self._drops)])

    @property
    def estimate(self) -> float:
        """The largest drop; reads higher than it is, for luck chooses the class."""
        return float(self._drops.max())

    def p_values(self, alpha: float) -> Floats:
        """Return each present class's p-value of "no drop above the limit", good up to `alpha`.

        A class far from rejection counts as 1. The interval of the nuisance rate takes
        alpha / (20 C), so the values suit a family held at `alpha`.
        """
        if self.limit >= 1:
            return np.ones(self._present.size)
        if self.limit == 0:
            return mcnemar.p_values(self.b[self._present], self.c[self._present])
        gamma = alpha / (_FAMILY_GAMMA_SHARE * self._present.size)
        triples, of_class = self._triples()
        found = np.ones(len(triples))
        b, c, n = triples.T
        score = tango.score(b, c, n, self.limit)
        for index in np.flatnonzero(stats.norm.sf(score) <= _SCREEN * alpha):
            worse, better, count = triples[index].tolist()
            found[index] = unconditional.p_value(worse, better, count, self.limit, gamma)
        return found[of_class]

    def _triples(self) -> tuple[Ints, Ints]:
        """Return the distinct (b, c, count), shape (T, 3), and which one each present class has."""
        here = self._present
        every = np.stack([self.b[here], self.c[here], self.counts[here]], axis=1)
        triples, of_class = np.unique(every, axis=0, return_inverse=True)
        return triples, of_class.reshape(-1)

    def violating(self, alpha: float) -> tuple[int, ...]:
        """Return the classes shown to drop by more than the limit; all are right at `alpha`."""
        here = self._present
        if self.limit == 0:
            found = np.sort(mcnemar.violating(self.b[here], self.c[here], alpha))
        else:
            found = np.flatnonzero(holm_p_values(self.p_values(alpha), alpha))
        return tuple(here[found].tolist())

    def suspects(self, q: float) -> tuple[int, ...]:
        """Return classes to look at, strongest first, of which a share q is false on average."""
        return tuple(self._present[benjamini_hochberg(self.p_values(q), q)].tolist())

    def violates(self, alpha: float) -> bool:
        """Whether some class is shown to drop by more than the limit."""
        return bool(self.violating(alpha))

    def complies(self, alpha: float) -> bool:
        """Whether in every class a drop of the limit or more is refuted; never with one absent."""
        return not self.absent and (self.limit >= 1 or self._all_below(self.limit, alpha))

    def _all_below(self, margin: float, alpha: float) -> bool:
        """Whether every class complies with `margin`; the least likely class is asked first."""
        triples, _ = self._triples()
        b, c, n = triples.T
        score = tango.score(c, b, n, -margin)
        return all(
            unconditional.p_value(better, worse, count, -margin, alpha / GAMMA_SHARE) <= alpha
            for worse, better, count in triples[np.argsort(score, kind="stable")].tolist()
        )

    def bounds(self, alpha: float) -> tuple[float, float]:
        """Return the one-sided bounds of the largest true drop; 1 above with a class absent."""
        triples, _ = self._triples()
        classes = self._present.size
        gamma = alpha / (_FAMILY_GAMMA_SHARE * classes)
        low = class_bounds.largest_lower(triples, alpha / classes, gamma, self.limit)
        low = max(low, self._beyond) if self.violates(alpha) else min(low, self.limit)
        if self.absent:
            return low, 1.0
        high = class_bounds.largest_upper(triples, alpha, alpha / GAMMA_SHARE, self.limit)
        high = min(high, self.limit) if self.complies(alpha) else max(high, self._beyond)
        return low, min(high, 1.0)

    @property
    def _beyond(self) -> float:
        """The next drop above the limit: at 0 the decision's test is another than the bounds'."""
        return self.limit + 2 * LIMIT_TOLERANCE

    def samples_needed(self, alpha: float, power: float = POWER) -> int | None:
        """Return the test set, of the same class shares, that decides at these rates.

        A class seen above the limit is to be shown at alpha / C; without any, every class is to
        comply with the joint power. None with a class on the limit or absent, unless another one
        is above it.
        """
        here, above = self._present, self._drops > self.limit + LIMIT_TOLERANCE
        if not above.any() and self.absent:
            return None
        if above.any():
            here, alpha = here[above], alpha / here.size
        else:
            power = 1 - (1 - power) / here.size
        sizes = self.counts[here]
        needed = tango.samples_needed(
            self.b[here] / sizes, self.c[here] / sizes, self.limit, alpha, power
        )
        if not above.any() and self.limit > 0:
            needed = np.maximum(needed, fewest_that_comply(self.limit, alpha))
        totals = np.ceil(needed) * self.n / sizes
        total = float(totals.min() if above.any() else totals.max())
        return math.ceil(total) if math.isfinite(total) else None
