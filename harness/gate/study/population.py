"""A population of samples that two models answer, with every figure of it known exactly.

A sample is of a class; each model gives its answer one of a few confidences, and is right with a
probability. A population is the chance of every combination (a cell), so a figure of it is a sum
over cells, and a test set is a draw of cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.metrics import bin_of, gini

Floats = NDArray[np.float64]

LEVELS = np.array([0.22, 0.45, 0.68, 0.85, 0.97])
"""How likely a right answer is; a calibrated model says so."""


@dataclass(frozen=True)
class Model:
    """One model of a population.

    Attributes:
        accuracies: (C,) of its classes, in (0.22, 0.97).
        confidences: (5,) what it says where a right answer is as likely as in LEVELS.

    """

    accuracies: Floats
    confidences: Floats

    @cached_property
    def levels(self) -> Floats:
        """(C, 5) how the samples of each class spread over LEVELS: tilted to its accuracy."""
        low, high = np.full(len(self.accuracies), -60.0), np.full(len(self.accuracies), 60.0)
        for _ in range(60):
            middle = (low + high) / 2
            above = _tilted(middle) @ LEVELS > self.accuracies
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        return _tilted((low + high) / 2)


def _tilted(strength: Floats) -> Floats:
    exponents = strength[:, np.newaxis] * LEVELS
    weights = np.exp(exponents - exponents.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


@dataclass(frozen=True, eq=False)
class Population:
    """A reference and a candidate on the same samples of equally large classes.

    Attributes:
        reference: the one.
        candidate: the other.
        shared: in [0, 1], how far the two find the same samples easy and hit the same ones; at 0
            they are independent within a class.

    """

    reference: Model
    candidate: Model
    shared: float

    @property
    def classes(self) -> int:
        """C."""
        return len(self.reference.accuracies)

    @cached_property
    def cells(self) -> Floats:
        """(C, 5, 5, 2, 2) chance within each class.

        By level of the reference, level of the candidate, whether the reference is right, whether
        the candidate is.
        """
        joint = _coupled(self.reference.levels, self.candidate.levels, self.shared)
        chances = [np.stack([1 - LEVELS, LEVELS], axis=1)] * 2
        first = np.repeat(chances[0], len(LEVELS), axis=0)
        second = np.tile(chances[1], (len(LEVELS), 1))
        right = _coupled(first, second, self.shared).reshape(len(LEVELS), len(LEVELS), 2, 2)
        return np.asarray(joint[..., np.newaxis, np.newaxis] * right)

    @cached_property
    def outcomes(self) -> Floats:
        """(C, 2, 2) chance within each class that the reference, and the candidate, is right."""
        return np.asarray(self.cells.sum(axis=(1, 2)))

    def figures(self, k: int) -> dict[str, float]:
        """Return the true value of every metric of the gate, with `k` lowest classes."""
        outcomes = self.outcomes.mean(axis=0)
        drops = self.outcomes[:, 1, 0] - self.outcomes[:, 0, 1]
        accuracies = self.candidate.accuracies
        return {
            "accuracy": float(accuracies.mean()),
            "accuracy_drop": float(drops.mean()),
            "class_accuracy": float(accuracies.min()),
            "class_accuracy_drop": float(drops.max()),
            "bottom_k_accuracy": float(np.sort(accuracies)[:k].mean()),
            "gini": gini(accuracies) or 0.0,
            "ece": self._ece(self.candidate),
            "ece_increase": self._ece(self.candidate) - self._ece(self.reference),
            "brier_increase": self._brier(self.candidate) - self._brier(self.reference),
            "global_gap": abs(float(self._gaps(self.candidate).sum())),
            "negative_flip_rate": float(outcomes[1, 0]),
            "jaccard": float(outcomes[0, 0] / (1 - outcomes[1, 1])),
        }

    def _gaps(self, model: Model) -> Floats:
        """Return (5,) share of each level times confidence minus accuracy there."""
        return np.asarray(model.levels.mean(axis=0) * (model.confidences - LEVELS))

    def _ece(self, model: Model) -> float:
        bins = bin_of(model.confidences)
        return float(np.abs(np.bincount(bins, self._gaps(model))).sum())

    def _brier(self, model: Model) -> float:
        scores = brier(model.confidences[:, np.newaxis], np.array([False, True]), self.classes)
        chances = np.stack([1 - LEVELS, LEVELS], axis=1)
        return float((model.levels.mean(axis=0)[:, np.newaxis] * chances * scores).sum())

    def draw(self, sizes: NDArray[np.int64], source: np.random.Generator) -> Draw:
        """Return a test set with (C,) `sizes` samples of each class, in random order."""
        shape = self.cells.shape
        counts = source.multinomial(sizes, self.cells.reshape(self.classes, -1))
        chosen = np.repeat(np.arange(counts.size), counts.ravel())
        label, first, second, reference, candidate = np.unravel_index(chosen, shape)
        order = source.permutation(len(chosen))
        return Draw(
            labels=label[order],
            correct=(reference[order].astype(bool), candidate[order].astype(bool)),
            confidence=(
                self.reference.confidences[first[order]],
                self.candidate.confidences[second[order]],
            ),
        )


@dataclass(frozen=True, eq=False)
class Draw:
    """N samples: (N,) labels, and of the reference and the candidate (N,) right and confidence."""

    labels: NDArray[np.int64]
    correct: tuple[NDArray[np.bool_], NDArray[np.bool_]]
    confidence: tuple[Floats, Floats]


def brier(confidence: Floats, correct: NDArray[np.bool_], classes: int) -> Floats:
    """Return Brier scores where what the confidence leaves is spread evenly over other classes."""
    other = (1 - confidence) / (classes - 1)
    right = (1 - confidence) ** 2 + (classes - 1) * other**2
    wrong = confidence**2 + (1 - other) ** 2 + (classes - 2) * other**2
    return np.asarray(np.where(correct, right, wrong))


def _coupled(first: Floats, second: Floats, shared: float) -> Floats:
    """Return (R, A, B): rows of two distributions, a share in the same order, the rest apart."""
    apart = first[:, :, np.newaxis] * second[:, np.newaxis, :]
    tops = np.cumsum(first, axis=1)[:, :, np.newaxis], np.cumsum(second, axis=1)[:, np.newaxis, :]
    bottoms = tops[0] - first[:, :, np.newaxis], tops[1] - second[:, np.newaxis, :]
    together = np.clip(np.minimum(*tops) - np.maximum(*bottoms), 0.0, None)
    return np.asarray(shared * together + (1 - shared) * apart)
