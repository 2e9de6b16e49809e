"""`tinygate gate`: the verdict on two Predictions files, or on the target of a config."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.cli.console import console
from harness.cli.pipeline import opened
from harness.files import write_text
from harness.gate.checks import MODEL_REFERENCES
from harness.gate.checks_file import load_checks, load_references
from harness.gate.decide import judge
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


def gate_files(checks: Path, reference: Path | None, candidate: Path, outputs: GateOutputs) -> int:
    """Judge a Predictions file; `reference` stands in for the models that the checks name."""
    wanted = load_checks(checks)
    references = load_references(wanted)
    if reference is not None:
        given = Predictions.load(reference)
        references |= dict.fromkeys(MODEL_REFERENCES, given)
    return _finish(judge(wanted, Predictions.load(candidate), references), outputs)


def gate_config(config: Path, runs: Path, outputs: GateOutputs) -> int:
    """Judge the target of a config, running what is missing; register nothing."""
    with opened(config, runs) as pipeline:
        return _finish(pipeline.gate(), outputs)


def _finish(verdict: Verdict, outputs: GateOutputs) -> int:
    outputs.write(verdict)
    print_verdict(console(), verdict)
    return verdict.exit_code
