"""Measures of how far confidence and accuracy are apart."""

from __future__ import annotations

from harness import comparison, metrics
from harness.gate.measures.asked import Asked, Measured
from harness.gate.methods.brier import BrierDifference
from harness.gate.methods.calibration import Ece
from harness.gate.methods.calibration_increase import EceIncrease
from harness.gate.methods.confidence_gap import ConfidenceGap
from harness.gate.methods.method import ALPHA


def ece(asked: Asked) -> Measured:
    """Calibration error of the candidate."""
    model, limit = asked.candidate, asked.check.limit
    method = Ece.of(model.confidence, model.correct, limit)
    floor = method.floor(ALPHA)
    warning = (
        f"on {len(model):,} samples not even a calibrated model could be shown to keep an ECE of "
        f"{limit:g}; about {floor:.2g} is the least"
        if limit < floor
        else ""
    )
    return Measured(metrics.ece(model), len(model), method=method, warning=warning)


def ece_increase(asked: Asked) -> Measured:
    """Candidate minus reference ECE."""
    pair, candidate = asked.pair, asked.candidate
    confidence = pair.of_reference(pair.reference.confidence), candidate.confidence
    correct = pair.reference_correct, pair.candidate_correct
    method = EceIncrease.of(confidence, correct, asked.check.limit)
    return Measured(comparison.ece_increase(pair), len(pair), method=method)


def brier_increase(asked: Asked) -> Measured:
    """Mean Brier score of the candidate minus that of the reference."""
    pair = asked.pair
    scores = pair.of_reference(pair.reference.brier), asked.candidate.brier
    method = BrierDifference.of(*scores, asked.check.limit)
    return Measured(method.estimate, len(pair), method=method)


def global_gap(asked: Asked) -> Measured:
    """|mean confidence - accuracy|."""
    model, gap = asked.candidate, metrics.global_gap(asked.candidate)
    detail = " (overconfident)" if gap > 0 else " (underconfident)" if gap < 0 else ""
    method = ConfidenceGap.of(model.confidence, model.correct, asked.check.limit)
    return Measured(abs(gap), len(model), detail, method=method)
