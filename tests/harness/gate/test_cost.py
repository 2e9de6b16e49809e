from __future__ import annotations

import time

from harness.comparison import compare
from harness.gate.checks import Check
from harness.gate.decide import judge
from harness.gate.metric import METRICS
from harness.metrics import summarize
from tests.harness.made import drawn

LIMIT_S = 0.5


def elapsed_s() -> float:
    reference, candidate = (drawn(10_000, 100, seed) for seed in (1, 2))
    checks = [
        Check.model_validate({"metric": name, "limit": 0.5} | dict.fromkeys(rule.required, 5))
        for name, rule in METRICS.items()
    ]
    start = time.perf_counter()
    summarize(reference)
    summarize(candidate)
    compare(reference, candidate)
    judge(checks, candidate, {"float": reference})
    return time.perf_counter() - start


def test_every_metric_and_check_on_10000_samples_of_100_classes_takes_under_half_a_second() -> None:
    assert min(elapsed_s() for _ in range(3)) < LIMIT_S
