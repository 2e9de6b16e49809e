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
        """(C,) p (1 - p) / n of the accuracies with p = (x + 1) / (n + 2).

        They do not collapse where all or no answers are right; every class needs a sample.
        """
        rates = (self.correct + 1) / (self.counts + 2)
        return np.asarray(rates * (1 - rates) / self.counts)
