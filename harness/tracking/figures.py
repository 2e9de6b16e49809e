"""The headline figures by the stable names under which MLflow shows them side by side.

`docs/reference/mlflow.md` lists them; a name, once there, keeps its meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.comparison import (
    agreement,
    compare,
    largest_score_difference,
    match,
    mismatches,
    outcomes,
)
from harness.gate.verdict import CheckResult, Verdict
from harness.metrics import summarize
from harness.predictions import Predictions

_OTHER = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST = 80


def answer_figures(answered: Predictions) -> dict[str, float]:
    """Return the figures of one model on one runtime: accuracy, calibration, memory, latency."""
    figures = {"samples": float(len(answered)), **summarize(answered).scalars()}
    if answered.meta.device is not None:
        figures |= answered.meta.device.figures()
    return figures


def float_figures(answered: Predictions, reference: Predictions) -> dict[str, float]:
    """Return `vs_float/...`: how the answers stand to those of the model's float checkpoint.

    Raises:
        PredictionsError: the reference did not answer the same samples.

    """
    found = compare(reference.of(answered.ids), answered.with_meta(data_digest=None))
    return {f"vs_float/{name}": value for name, value in found.scalars().items()}


def twin_figures(
    answered: Predictions, oracle: Predictions, output_scale: float | None
) -> dict[str, float]:
    """Return `vs_tflm/...`: how the answers stand to TensorFlow Lite Micro's on the same samples.

    `output_scale` is the step of the int8 output, in units of the scores.

    Raises:
        PredictionsError: the oracle did not answer the same samples.

    """
    pair = match(oracle.of(answered.ids), answered.with_meta(data_digest=None))
    table, difference = outcomes(pair), largest_score_difference(pair)
    figures: dict[str, float | None] = {
        "agreement": agreement(pair),
        "mismatches": float(mismatches(pair)),
        "negative_flips": float(table.negative_flips),
        "positive_flips": float(table.positive_flips),
        "largest_difference": difference,
        "largest_difference_lsb": (
            None if difference is None or not output_scale else difference / output_scale
        ),
    }
    return {f"vs_tflm/{name}": one for name, one in figures.items() if one is not None}


def gate_figures(verdict: Verdict) -> dict[str, float]:
    """Return `gate/...`: the counts of the checks, and of each its estimate, bounds and limit."""
    found = [check.outcome for check in verdict.checks]
    figures = {
        "gate/ships": float(verdict.ships),
        "gate/passed": float(found.count("pass")),
        "gate/failed": float(found.count("fail")),
        "gate/undecided": float(found.count("inconclusive")),
        "gate/not_judged": float(len(verdict.skipped)),
    }
    names = check_names([check.name for check in verdict.checks])
    for name, check in zip(names, verdict.checks, strict=True):
        figures |= {f"gate/{name}/{fact}": value for fact, value in _facts(check)}
    return figures


def _facts(check: CheckResult) -> Iterator[tuple[str, float]]:
    for fact in ("estimate", "lower", "upper", "limit"):
        value = getattr(check, fact)
        if value is not None:
            yield fact, float(value)


def check_names(titles: Sequence[str]) -> list[str]:
    """Return the titles of checks in the characters that MLflow allows, each another."""
    names: list[str] = []
    for title in titles:
        plain = _OTHER.sub("_", title)[:_LONGEST].strip("._-") or "check"
        twins = sum(name == plain or name.startswith(f"{plain}-") for name in names)
        names.append(f"{plain}-{twins + 1}" if plain in names else plain)
    return names
