"""What a report is made of: the verdict, one row per model and runtime, and the record of the run.

Whoever runs the stages fills it; HTML, Markdown and the terminal take it. Everything in it is the
content of result files, so a report can be drawn again without running anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.comparison import agreement, largest_score_difference, match, outcomes
from harness.data.split import Split
from harness.gate.verdict import Verdict
from harness.metrics import Summary, summarize
from harness.predictions import DeviceRecord, Predictions
from harness.scaling.analysis import Analysis
from reports.board import Board
from reports.divergence import FirstDifference


@dataclass(frozen=True)
class Twin:
    """How the answers of one runtime stand to those of another on the same samples.

    Attributes:
        runtime: the other runtime, usually `tflm`.
        agreement: share of samples with the same predicted class.
        negative_flips: samples that only the other runtime gets right.
        positive_flips: samples that only this runtime gets right.
        largest_difference: of a score; None where one gives logits and one probabilities.
        largest_difference_lsb: the same in steps of the int8 output; None where that is not known.

    """

    runtime: str
    agreement: float
    negative_flips: int
    positive_flips: int
    largest_difference: float | None = None
    largest_difference_lsb: float | None = None


@dataclass(frozen=True)
class RuntimeRow:
    """One model on one runtime.

    Attributes:
        model: name of the model, as the pipeline calls it.
        runtime: name of the runtime.
        summary: every metric of its Predictions.
        family: of the model.
        width: of the model.
        seed: of the model.
        parameters: of the model.
        macs: multiply-accumulates of one sample, each counted once.
        file_bytes: size of the file this runtime loaded.
        twin: how it stands to the oracle; None for the oracle itself or where there is none.
        device: which device answered, and what an inference took on it; None on the host.

    """

    model: str
    runtime: str
    summary: Summary
    family: str | None = None
    width: float | None = None
    seed: int | None = None
    parameters: int | None = None
    macs: int | None = None
    file_bytes: int | None = None
    twin: Twin | None = None
    device: DeviceRecord | None = None


def runtime_row(
    model: str,
    predictions: Predictions,
    file_bytes: int | None = None,
    oracle: Predictions | None = None,
    output_scale: float | None = None,
) -> RuntimeRow:
    """Return the row of one Predictions file.

    Args:
        model: name of the model.
        predictions: of the model on one runtime.
        file_bytes: size of the file that the runtime loaded.
        oracle: the same model on the runtime it is held against.
        output_scale: step of the int8 output, in units of the scores.

    Raises:
        PredictionsError: `oracle` did not answer the same samples.

    """
    meta = predictions.meta
    record = meta.model
    return RuntimeRow(
        model=model,
        runtime=meta.runtime.name if meta.runtime else "",
        summary=summarize(predictions),
        family=record.family if record else None,
        width=record.width if record else None,
        seed=record.seed if record else None,
        parameters=record.parameters if record else None,
        macs=record.macs if record else None,
        file_bytes=file_bytes,
        twin=twin_of(predictions, oracle, output_scale) if oracle is not None else None,
        device=meta.device,
    )


def twin_of(
    predictions: Predictions, oracle: Predictions, output_scale: float | None = None
) -> Twin:
    """Return how `predictions` stand to `oracle`; PredictionsError where they do not match."""
    pair = match(oracle, predictions)
    table, difference = outcomes(pair), largest_score_difference(pair)
    lsb = None if difference is None or output_scale is None else difference / output_scale
    return Twin(
        runtime=oracle.meta.runtime.name if oracle.meta.runtime else "reference",
        agreement=agreement(pair),
        negative_flips=table.negative_flips,
        positive_flips=table.positive_flips,
        largest_difference=difference,
        largest_difference_lsb=lsb,
    )


@dataclass(frozen=True)
class Record:
    """What it takes to do it again.

    Attributes:
        commands: command lines, in order.
        config: the text of the config.
        versions: of packages and tools, by name.
        hashes: SHA-256 of files and data, by name.
        facts: anything else, such as commit, seeds, hardware, times.

    """

    commands: tuple[str, ...] = ()
    config: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """All that a report shows.

    Attributes:
        title: of the page.
        verdict: None where nothing was gated.
        rows: one per model and runtime, in the order they are shown.
        candidate: the gated Predictions, for the figures.
        references: what it was compared with, by the name the verdict uses.
        record: how to reproduce it.
        samples: the test images that were answered, for thumbnails.
        answers: what the gated model answered on every runtime, by its name.
        output_scale: step of that model's int8 output, in units of the scores.
        first_differences: where runtimes that differ from the oracle begin to.
        board: what the target has.
        sweep: the analysis of all models, where there are several sizes.

    """

    title: str
    verdict: Verdict | None = None
    rows: tuple[RuntimeRow, ...] = ()
    candidate: Predictions | None = None
    references: Mapping[str, Predictions] = field(default_factory=dict)
    record: Record = field(default_factory=Record)
    samples: Split | None = None
    answers: Mapping[str, Predictions] = field(default_factory=dict)
    output_scale: float | None = None
    first_differences: tuple[FirstDifference, ...] = ()
    board: Board | None = None
    sweep: Analysis | None = None
