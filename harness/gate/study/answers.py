"""Predictions of a draw, without the scores that no studied check reads."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.gate.study.population import Draw, Floats, brier
from harness.predictions import Meta, Predictions


class Summarized(Predictions):
    """Predictions known by what the metrics read of each sample; the scores are all 0.

    30,000 samples of 1,000 classes are 120 MB of scores, from which a few numbers per sample are
    used. Here those are given, so there is nothing to check and nothing to compute.
    """

    def __post_init__(self) -> None:
        """Check nothing."""


def predictions(draw: Draw, classes: int) -> tuple[Predictions, Predictions]:
    """Return what the reference and the candidate answered."""
    both = zip(draw.correct, draw.confidence, strict=True)
    first, second = (_summarized(draw.labels, *one, classes) for one in both)
    return first, second


def _summarized(
    labels: NDArray[np.int64], correct: NDArray[np.bool_], confidence: Floats, classes: int
) -> Predictions:
    nothing = np.broadcast_to(np.float32(0), (len(labels), classes))
    made = Summarized(nothing, labels, np.arange(len(labels)), Meta(kind="probabilities"))
    vars(made).update(
        predicted=_answers(labels, correct, classes),
        correct=correct,
        confidence=confidence,
        brier=brier(confidence, correct, classes),
    )
    return made


def dense(draw: Draw, classes: int) -> tuple[Predictions, Predictions]:
    """Return the same with (N, C) scores: the confidence, and the rest spread evenly."""
    both = zip(draw.correct, draw.confidence, strict=True)
    first, second = (_dense(draw.labels, *one, classes) for one in both)
    return first, second


def _dense(
    labels: NDArray[np.int64], correct: NDArray[np.bool_], confidence: Floats, classes: int
) -> Predictions:
    other = ((1 - confidence) / (classes - 1)).astype(np.float32)
    scores = np.repeat(other[:, np.newaxis], classes, axis=1)
    scores[np.arange(len(labels)), _answers(labels, correct, classes)] = confidence
    return Predictions(scores, labels, np.arange(len(labels)), Meta(kind="probabilities"))


def _answers(
    labels: NDArray[np.int64], correct: NDArray[np.bool_], classes: int
) -> NDArray[np.int64]:
    """Return (N,) the predicted classes: the label, or the next class."""
    return np.asarray((labels + ~correct) % classes)
