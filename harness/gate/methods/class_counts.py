"""Right answers and samples of each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """What the samples of each class came to.

    Attributes:
        correct: (C,) how many of them are right.
        counts: (C,) how many there are.

    """

    correct: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, labels: NDArray[np.int64], correct: NDArray[np.bool_], classes: int) -> ClassCounts:
        """Return the counts of (N,) labels below `classes` and whether each answer is right."""
        return cls(
            np.bincount(labels[correct], minlength=classes), np.bincount(labels, minlength=classes)
        )

    def __len__(self) -> int:
        return len(self.counts)

    def __getitem__(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> ClassCounts:
        return ClassCounts(self.correct[chosen], self.counts[chosen])

    def __sub__(self, other: ClassCounts) -> ClassCounts:
        return ClassCounts(self.correct - other.correct, self.counts - other.counts)

    @property
    def n(self) -> int:
        """How many samples there are."""
        return int(self.counts.sum())

    @property
    def accuracies(self) -> NDArray[np.float64]:
        """(C,) share of right answers; every class needs a sample."""
        return np.asarray(self.correct / self.counts)

    @property
    def variances(self) -> NDArray[np.float64]:
        """(C,) variances of the accuracies (see `variances_at`)."""
        return self.variances_at(1.0)

    def variances_at(self, growth: float) -> NDArray[np.float64]:
        """Return (C,) p (1 - p) / n of the same accuracies on `growth` times the samples.

        p = (x + 1) / (n + 2): they do not collapse where all or no answers are right. Every class
        needs a sample.
        """
        counts = self.counts * growth
        rates = (self.correct * growth + 1) / (counts + 2)
        return np.asarray(rates * (1 - rates) / counts)
