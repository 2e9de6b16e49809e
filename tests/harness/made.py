"""Predictions made by hand or drawn at random, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.predictions import Meta, Predictions


def answers(
    labels: Sequence[int],
    predicted: Sequence[int],
    classes: int,
    confidence: float | Sequence[float] = 0.75,
    ids: Sequence[int] | None = None,
    **meta: Any,
) -> Predictions:
    """Return Predictions that answer `predicted` with the given probability of that class."""
    count = len(labels)
    top = np.broadcast_to(np.asarray(confidence, dtype=np.float64), (count,))
    scores = np.repeat(((1 - top) / (classes - 1))[:, np.newaxis], classes, axis=1)
    scores[np.arange(count), np.asarray(predicted)] = top
    return Predictions(
        scores.astype(np.float32),
        np.asarray(labels, dtype=np.int64),
        np.arange(count) if ids is None else np.asarray(ids),
        Meta(kind="probabilities", **meta),
    )


def drawn(
    samples: int,
    classes: int,
    seed: int,
    skill: float = 2.0,
    labels: NDArray[np.int64] | None = None,
    **meta: Any,
) -> Predictions:
    """Return random logits that favour the true class by `skill`; labels are drawn from seed 0."""
    if labels is None:
        labels = np.random.default_rng(0).integers(0, classes, samples)
    scores = np.random.default_rng(seed).normal(size=(samples, classes)).astype(np.float32)
    scores[np.arange(samples), labels] += np.float32(skill)
    return Predictions(scores, labels, np.arange(samples), Meta(kind="logits", **meta))
