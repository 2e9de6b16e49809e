"""`make bench`: what the gate costs, beside the time numpy takes to read the scores once.

Prints ratios measured in one run; absolute times depend on the machine.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from harness.comparison import compare
from harness.gate.checks import Check
from harness.gate.decide import Case, judge
from harness.gate.metric import METRICS
from harness.metrics import summarize
from harness.predictions import Meta, Predictions

_REPEATS = 5
_SIZES = ((10_000, 10), (10_000, 100), (100_000, 100))


def main() -> None:
    """Print one line per size: the median time of each part, and of all to one pass."""
    print(f"{'samples x classes':>18} {'one pass':>10} {'summaries':>10} {'gate':>10} {'ratio':>8}")
    for samples, classes in _SIZES:
        rounds = [_round(samples, classes, seed) for seed in range(_REPEATS)]
        one_pass, summaries, gate = (statistics.median(part) for part in zip(*rounds, strict=True))
        print(
            f"{f'{samples} x {classes}':>18} {one_pass:>9.4f}s {summaries:>9.4f}s {gate:>9.4f}s "
            f"{(summaries + gate) / one_pass:>7.1f}x"
        )


def _round(samples: int, classes: int, seed: int) -> tuple[float, float, float]:
    """Time fresh Predictions, so that nothing is cached: one pass, both summaries, all checks."""
    reference, candidate = drawn(samples, classes, seed), drawn(samples, classes, seed + 100)
    return (
        _seconds(lambda: [one.scores.argmax(axis=1) for one in (reference, candidate)]),
        _seconds(lambda: [summarize(one) for one in (reference, candidate)]),
        _seconds(lambda: _judge(reference, candidate)),
    )


def drawn(samples: int, classes: int, seed: int) -> Predictions:
    """Return logits that are right for about two samples in three."""
    generator = np.random.default_rng(seed)
    labels = np.arange(samples) % classes
    scores = generator.normal(size=(samples, classes)).astype(np.float32)
    scores[np.arange(samples), labels] += 3
    return Predictions(scores, labels, np.arange(samples), Meta(kind="logits"))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _judge(reference: Predictions, candidate: Predictions) -> None:
    """Judge every metric there is, and compare the two files."""
    checks = [
        Check.model_validate({"metric": name, "limit": 0.5} | dict.fromkeys(rule.required, 5))
        for name, rule in METRICS.items()
    ]
    compare(reference, candidate)
    judge(checks, Case(candidate, dict.fromkeys(("float", "tflm"), reference)))


if __name__ == "__main__":
    main()
