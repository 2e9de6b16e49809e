"""Each class cut into two random halves, so that one can choose what the other measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.gate.methods.class_counts import ClassCounts


@dataclass(frozen=True, eq=False)
class ClassSplit:
    """All samples of each class, and those of its first half.

    The halves must be cut without a look at the answers. So samples are split and not counts: a
    fixed seed would cut the same counts in the same way every time.

    Attributes:
        whole: all samples.
        first: of each class half of them, one less than the rest where their number is odd.
        seed: of the split.

    """

    whole: ClassCounts
    first: ClassCounts
    seed: int

    @classmethod
    def of(
        cls, labels: NDArray[np.int64], correct: NDArray[np.bool_], classes: int, seed: int = 0
    ) -> ClassSplit:
        """Return the split of (N,) labels below `classes` and whether each answer is right."""
        whole = ClassCounts.of(labels, correct, classes)
        shuffled = np.random.default_rng(seed).permutation(len(labels))
        narrow = labels.astype(np.uint16) if classes <= np.iinfo(np.uint16).max else labels
        by_class = shuffled[np.argsort(narrow[shuffled], kind="stable")]  # radix where narrow
        starts = np.cumsum(whole.counts) - whole.counts
        place = np.arange(len(labels)) - np.repeat(starts, whole.counts)
        half = by_class[place < np.repeat(whole.counts // 2, whole.counts)]
        return cls(whole, ClassCounts.of(labels[half], correct[half], classes), seed)

    @property
    def second(self) -> ClassCounts:
        """The samples that are not in the first half."""
        return self.whole - self.first
