"""The Brier score of each sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from harness.predictions import Predictions

_CHUNK_SAMPLES = 16384


def brier_scores(predictions: Predictions) -> NDArray[np.float64]:
    """Return (N,) sum_c (p_c - [c is the label])^2, in [0, 2]; 0 is best.

    The multi-class form of Brier (Verification of forecasts expressed in terms of probability,
    1950): sum_c p_c^2 - 2 p_label + 1.
    """
    starts = range(0, len(predictions), _CHUNK_SAMPLES)
    return np.concatenate([_scores(predictions, slice(i, i + _CHUNK_SAMPLES)) for i in starts])


def _scores(predictions: Predictions, part: slice) -> NDArray[np.float64]:
    values = predictions.scores[part].astype(np.float64)
    logits = predictions.meta.kind == "logits"
    shares = softmax(values, axis=1) if logits else np.clip(values, 0.0, 1.0)
    true = shares[np.arange(len(shares)), predictions.labels[part]]
    return np.clip((shares**2).sum(axis=1) - 2 * true + 1, 0.0, 2.0)
