"""The largest report we promise a size for: 100 classes, 18 models, six runtimes, noisy images."""

from __future__ import annotations

import numpy as np

from harness.data.split import Split
from harness.gate.checks import Check, Rules
from harness.gate.decide import Case, judge
from harness.predictions import ModelRecord, Predictions, RuntimeRecord
from harness.scaling.analysis import Measured, analyse_sweep
from harness.scaling.sweep import sweep_of
from reports.report import Report, runtime_row
from tests.harness.made import drawn

CLASSES, SAMPLES, SIDE = 100, 10_000, 32
WIDTHS, SEEDS = (1, 2, 3, 4, 6, 8, 12, 16, 24), (0, 1)
RUNTIMES = ("torch", "onnxruntime", "litert", "litert-ref", "tflm", "device")
_NAMES = tuple(f"class number {index}, of a rather long name" for index in range(CLASSES))


def model(width: float, seed: int, runtime: str = "torch") -> Predictions:
    """Return made-up answers of one model; wider ones are better."""
    return drawn(
        SAMPLES,
        CLASSES,
        seed=int(100 * width) + seed,
        skill=2.0 + 0.5 * float(np.log2(width)),
        class_names=_NAMES,
        artifact_sha256=f"{int(width):032x}{seed:032x}",
        data_digest="d" * 64,
        runtime=RuntimeRecord(name=runtime),
        model=ModelRecord(family="net", width=width, seed=seed, parameters=int(1000 * width**2)),
    )


def on_all(one: Predictions) -> list[Predictions]:
    """Return the same answers from every runtime."""
    return [one.with_meta(runtime=RuntimeRecord(name=name)) for name in RUNTIMES]


def images() -> Split:
    """Return noise, which no PNG makes smaller."""
    labels = np.random.default_rng(0).integers(0, CLASSES, SAMPLES)
    pixels = np.random.default_rng(1).integers(0, 256, (SAMPLES, SIDE, SIDE, 3), dtype=np.uint8)
    return Split("test", pixels, labels, np.arange(SAMPLES), _NAMES)


def report() -> Report:
    """Return the report; its candidate is a small model, so thousands of samples flipped."""
    sweep = [model(width, seed) for width in WIDTHS for seed in SEEDS]
    candidate = model(2, 0, "tflm").with_meta(artifact_sha256="e" * 64)
    references = {"float": sweep[2], "largest": sweep[-2]}
    checks = [Check(metric="accuracy", limit=0.1), Check(metric="accuracy_drop", limit=0.5)]
    rules = Rules(decision="estimate")
    return Report(
        title="big",
        verdict=judge(checks, Case(candidate, references), rules=rules),
        rows=tuple(runtime_row(f"net-{n}", m) for n, one in enumerate(sweep) for m in on_all(one)),
        candidate=candidate,
        references=references,
        samples=images(),
        answers=dict.fromkeys(RUNTIMES, candidate),
        sweep=analyse_sweep("big", sweep_of(sweep, "torch"), Measured()),
    )
