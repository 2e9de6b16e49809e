"""A report with a class name of every bad kind, for the tests of each form."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from harness.data.split import Split
from harness.gate.checks import Check, Rules
from harness.gate.decide import Case, judge
from harness.predictions import DeviceRecord, ModelRecord, Predictions, RuntimeRecord
from harness.scaling.analysis import Measured, analyse_sweep
from harness.scaling.sweep import sweep_of
from reports.board import Board
from reports.divergence import FirstDifference
from reports.report import Record, Report, runtime_row
from tests.harness.made import drawn

SCRIPT = "<script>alert('x')</script>"
HOSTILE = (
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "a | b `c` *d* [e](http://evil.example) @everyone #1 www.evil.example",
    "$\\frac{$ {{ 7 * 7 }} {% raw %}",
    "esc\x1b[31m\x00 line\nbreak \u202egnirts",
    "猫 кошка " + "x" * 10_000,
)
SAMPLES = 300


def predictions(seed: int, skill: float, runtime: str) -> Predictions:
    return drawn(
        SAMPLES,
        len(HOSTILE),
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
            config='name = "</pre><script>"\nother = "\u202e"',
            versions={"numpy": "2.4"},
            facts={"commit": "abc"},
        ),
    )


DEVICE = DeviceRecord(
    board="mps2-an386",
    core="cortex-m4f",
    emulated=True,
    firmware="0.1",
    count_unit="instructions",
    count_per_sample=205_000,
    arena_bytes=3_000,
    model_bytes=20_000,
    stack_used_bytes=1_000,
    flash_bytes=50_000,
    ram_bytes=900_000,
)


def whole() -> Report:
    """Return the same with everything a page can show: images, runtimes, a board, a sweep."""
    base = report()
    candidate = predictions(2, 2.5, "device").with_meta(device=DEVICE, artifact_sha256="b" * 64)
    oracle = predictions(2, 2.5, "tflm").with_meta(artifact_sha256="b" * 64)
    checks = [Check(metric="accuracy", limit=0.2), Check(metric="ram_bytes", limit=3_500)]
    case = Case(candidate, {"float": base.references["float"]})
    return replace(
        base,
        verdict=judge(checks, case, rules=Rules(decision="estimate")),
        rows=tuple(runtime_row("scale_cnn-8", one) for one in (oracle, candidate)),
        candidate=candidate,
        samples=images(candidate),
        answers={"torch": base.references["float"], "tflm": oracle, "device": candidate},
        output_scale=0.05,
        first_differences=(FirstDifference("litert", "tflm", "7", None, 0, "", "not known"),),
        board=Board("mps2-an386", 60_000, 1_000_000),
        sweep=analyse_sweep(SCRIPT, sweep_of(_sizes(), "torch"), Measured()),
    )


def images(answered: Predictions) -> Split:
    """Return a grey image of 8 x 8 for every sample."""
    pixels = np.random.default_rng(3).integers(0, 17, (len(answered), 8, 8, 1), dtype=np.uint8)
    return Split("test", pixels, answered.labels, answered.ids, HOSTILE)


def _sizes() -> list[Predictions]:
    return [
        predictions(width, 2.0 + width / 4, "torch").with_meta(
            model=ModelRecord(family="<b>net", width=width, seed=0, parameters=1000 * width)
        )
        for width in (1, 2, 4)
    ]
