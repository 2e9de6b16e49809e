"""Answers of classes with known accuracies, for tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from harness.gate.methods.class_split import ClassSplit


def drawn_split(counts: ArrayLike, accuracies: ArrayLike, rng: np.random.Generator) -> ClassSplit:
    """Return the split of answers that are right with the accuracy of their class."""
    sizes = np.asarray(counts)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    rates = np.broadcast_to(np.asarray(accuracies, dtype=np.float64), sizes.shape)
    return ClassSplit.of(labels, rng.random(len(labels)) < rates[labels], len(sizes))


def exact_split(counts: ArrayLike, correct: ArrayLike) -> ClassSplit:
    """Return the split of exactly so many right answers."""
    sizes, right = np.asarray(counts), np.asarray(correct)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    place = np.concatenate([np.arange(size) for size in sizes])
    return ClassSplit.of(labels, place < right[labels], len(sizes))
