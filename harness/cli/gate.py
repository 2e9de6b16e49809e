"""`tinygate gate`: the verdict on two Predictions files, or on the target of a config."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.cli.console import console
from harness.cli.pipeline import opened
from harness.files import write_text
from harness.gate.checks import MODEL_REFERENCES, GateRules
from harness.gate.checks_file import load_checks, load_references
from harness.gate.decide import Case, judge
from harness.gate.verdict import Verdict
from harness.predictions import Predictions
from reports.junit import render_junit
from reports.markdown import render_markdown
from reports.report import Report
from reports.terminal import print_verdict


@dataclass(frozen=True)
class GateOutputs:
    """The files a verdict is written to, where given."""

    json: Path | None
    junit: Path | None
    markdown: Path | None

    def write(self, verdict: Verdict) -> None:
        """Write every file that was asked for."""
        if self.json is not None:
            write_text(self.json, verdict.to_json())
        if self.junit is not None:
            write_text(self.junit, render_junit(verdict))
        if self.markdown is not None:
            write_text(self.markdown, render_markdown(Report("tinygate", verdict)))


@dataclass(frozen=True)
class GateInputs:
    """The Predictions files that are judged, and what they are compared with.

    Attributes:
        candidates: what is to ship; further seeds of the same recipe behind it.
        references: what stands in for the models that the checks name; further seeds behind it.
        device_sample: what the device answered where the candidate is its twin.

    """

    candidates: tuple[Path, ...]
    references: tuple[Path, ...] = ()
    device_sample: Path | None = None

    def case(self, wanted: GateRules) -> Case:
        """Read every file; PredictionsError where one is refused."""
        seeds = tuple(map(Predictions.load, self.candidates))
        given = tuple(map(Predictions.load, self.references))
        named = load_references(wanted.checks)
        registered = (one.reference for one in wanted.checks if one.reference and one.registered)
        names = (*MODEL_REFERENCES, *registered) if given else ()
        return Case(
            candidate=seeds[0],
            references=named | dict.fromkeys(names, *given[:1]),
            seeds=seeds,
            reference_seeds=dict.fromkeys(names, given),
            device_sample=Predictions.load(self.device_sample) if self.device_sample else None,
        )


def gate_files(checks: Path, inputs: GateInputs, outputs: GateOutputs) -> int:
    """Judge Predictions files."""
    wanted = load_checks(checks)
    case = inputs.case(wanted)
    return _finish(
        judge(wanted.checks, case, rules=wanted.rules, warnings=wanted.warnings), outputs
    )


def gate_config(config: Path, runs: Path, outputs: GateOutputs) -> int:
    """Judge the target of a config, running what is missing; register nothing."""
    with opened(config, runs) as pipeline:
        return _finish(pipeline.gate(), outputs)


def _finish(verdict: Verdict, outputs: GateOutputs) -> int:
    outputs.write(verdict)
    print_verdict(console(), verdict)
    return verdict.exit_code
