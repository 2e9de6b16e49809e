from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.errors import PredictionsError
from harness.gate.checks import Check
from harness.gate.decide import Case, judge
from harness.predictions import Meta, Predictions

PARITY = (Check(metric="parity", limit=0.0),)


def answers(*, changed: int = 0, sha256: str | None = None) -> Predictions:
    scores = np.random.default_rng(0).integers(-128, 128, (500, 4)).astype(np.float32)
    scores[:changed, 2] += 1
    meta = Meta(kind="logits", artifact_sha256=sha256)
    return Predictions(scores, np.arange(500) % 4, np.arange(500), meta)


def test_equal_bytes_pass_and_the_sentence_counts_them() -> None:
    verdict = judge(PARITY, Case(answers(), {"tflm": answers()}))
    assert verdict.outcome == "pass"
    assert "(0 of 500)" in verdict.checks[0].sentence


def test_one_differing_score_in_one_sample_fails() -> None:
    verdict = judge(PARITY, Case(answers(changed=1), {"tflm": answers()}))
    assert verdict.outcome == "fail"
    assert "(1 of 500)" in verdict.checks[0].sentence
    assert verdict.checks[0].estimate == 1 / 500


def test_samples_in_another_order_are_matched_by_id() -> None:
    first = answers()
    turned = replace(
        first, scores=first.scores[::-1], labels=first.labels[::-1], ids=first.ids[::-1]
    )
    assert judge(PARITY, Case(turned, {"tflm": first})).outcome == "pass"


def test_two_different_files_have_no_parity() -> None:
    with pytest.raises(PredictionsError, match="two different artifacts"):
        judge(PARITY, Case(answers(sha256="a" * 64), {"tflm": answers(sha256="b" * 64)}))
