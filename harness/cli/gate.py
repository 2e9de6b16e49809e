"""`tinygate gate`: the verdict on two Predictions files, or on the target of a config."""

from __future__ import annotations

import shlex
import sys
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
from harness.record import environment_record
from reports.junit import render_junit
from reports.markdown import render_markdown
from reports.report import Record, Report
from reports.terminal import print_verdict


@dataclass(frozen=True)
class GateOutputs:
    """The files a verdict is written to, where given."""

    json: Path | None
    junit: Path | None
    markdown: Path | None
    html: Path | None = None

    def write(self, verdict: Verdict, report: Report) -> None:
        """Write every file that was asked for; the pages show `report`."""
        if self.json is not None:
            write_text(self.json, verdict.to_json())
        if self.junit is not None:
            write_text(self.junit, render_junit(verdict))
        if self.markdown is not None:
            write_text(self.markdown, render_markdown(Report("tinygate", verdict)))
        if self.html is not None:
            from reports.html import render_html

            write_text(self.html, render_html(report))


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
    verdict = judge(wanted.checks, case, rules=wanted.rules, warnings=wanted.warnings)
    return _finish(verdict, _report(verdict, case), outputs)


def _report(verdict: Verdict, case: Case) -> Report:
    """Return the report of Predictions files alone: no images, and one runtime."""
    environment = environment_record()
    facts = ("commit", "python", "system", "machine", "cores")
    return Report(
        title="tinygate gate",
        verdict=verdict,
        candidate=case.candidate,
        references=case.references,
        record=Record(
            commands=(shlex.join(["tinygate", *sys.argv[1:]]),),
            versions={"tinygate": environment["tinygate"], **environment["packages"]},
            facts={name: str(environment[name]) for name in facts},
        ),
    )


def gate_config(config: Path, runs: Path, outputs: GateOutputs) -> int:
    """Judge the target of a config, running what is missing; register nothing."""
    with opened(config, runs) as pipeline:
        if outputs.html is None:
            verdict = pipeline.gate()
            return _finish(verdict, Report("tinygate", verdict), outputs)
        pipeline.evaluate()
        report = pipeline.report()
        return _finish(report.verdict or pipeline.gate(), report, outputs)


def _finish(verdict: Verdict, report: Report, outputs: GateOutputs) -> int:
    outputs.write(verdict, report)
    print_verdict(console(), verdict)
    return verdict.exit_code
