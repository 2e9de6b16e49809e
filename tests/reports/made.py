"""A report with a class name of every bad kind, for the tests of each form."""

from __future__ import annotations

from harness.gate.checks import Check, Rules
from harness.gate.decide import Case, judge
from harness.predictions import ModelRecord, RuntimeRecord
from reports.report import Record, Report, runtime_row
from tests.harness.made import drawn

SCRIPT = "<script>alert('x')</script>"
HOSTILE = (
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "a | b `c` *d* [e](http://evil.example) @everyone #1 www.evil.example",
    "$\\frac{$ {{ 7 * 7 }} {% raw %}",
    "esc\x1b[31m\x00 line\nbreak \u202egnirts",
    "猫 кошка",
)


def predictions(seed: int, skill: float, runtime: str):  # noqa: ANN201  a test's helper
    return drawn(
        300,
        6,
        seed,
        skill,
        class_names=HOSTILE,
        artifact_sha256="a" * 64,
        data_digest="d" * 64,
        data_name="digits",
        split="test",
        runtime=RuntimeRecord(name=runtime, version="1.0"),
        model=ModelRecord(family="scale_cnn", width=8, seed=0, parameters=22756, macs=924_800),
    )


def report() -> Report:
    """Return a report whose checks have all three outcomes, the failed one by a hostile class."""
    reference, candidate = predictions(1, 3.0, "torch"), predictions(2, 2.5, "tflm")
    checks = [
        Check(metric="accuracy", limit=0.2),
        Check(metric="class_accuracy", limit=1.0, classes=(SCRIPT,)),
        Check(metric="class_accuracy_drop", limit=-1.0, name="gains | everywhere"),
        Check(metric="bottom_k_accuracy", limit=0.5, k=20),
    ]
    return Report(
        title=f"digits {SCRIPT}",
        verdict=judge(
            checks, Case(candidate, {"float": reference}), rules=Rules(decision="estimate")
        ),
        rows=(
            runtime_row("scale_cnn-8", reference, 91_234, oracle=candidate, output_scale=0.05),
            runtime_row("scale_cnn-8", candidate, 31_744),
        ),
        candidate=candidate,
        references={"float": reference},
        record=Record(
            commands=("tinygate run examples/digits.toml",),
            config='name = "</pre><script>"',
            versions={"numpy": "2.4"},
            facts={"commit": "abc"},
        ),
    )
