"""A pipeline: a config, its data, and the stages in order."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from rich.console import Console

from export.model import TFLITE_NAME
from harness.errors import ArtifactError, ConfigError
from harness.gate.checks import DEVICE
from harness.gate.verdict import Verdict
from harness.pipeline.candidate import Candidate
from harness.pipeline.cluster import Cluster
from harness.pipeline.judging import Judging
from harness.pipeline.origin import write_origin
from harness.pipeline.outcome import Outcome, write_outcome
from harness.pipeline.plan import Plan, load_plan
from harness.pipeline.publish import Publisher
from harness.pipeline.reported import Reported
from harness.pipeline.stages import Stages
from harness.pipeline.store import Store
from harness.pipeline.sweep import Sweep
from harness.progress import Reporter
from harness.runtimes import known_runtime
from harness.tracking.registry import Registered
from harness.tracking.store import TrackingStore
from reports.report import Report


@dataclass(frozen=True, eq=False)
class Pipeline:
    """The stages of one config over one folder of results."""

    config_path: Path
    runs: Path
    plan: Plan
    console: Console
    cluster: Cluster | None = None
    """Does the jobs where there is one; else processes of this machine do."""
    refused: set[Candidate] = field(default_factory=set)
    """Models that the device cannot run, found by `evaluate`."""

    @classmethod
    def open(
        cls, config_path: Path, runs: Path, console: Console, cluster: Cluster | None = None
    ) -> Pipeline:
        """Read the config and load its data.

        Raises:
            ConfigError: the config is wrong, or names a runtime that does not exist.
            DataError: the data are missing, damaged or too few.

        """
        plan = load_plan(config_path)
        for runtime in plan.config.evaluate.runtimes:
            known_runtime(runtime)
        if plan.config.gate is not None:
            for warning in plan.config.gate.warnings_on(len(plan.dataset.test)):
                Reporter(console).line(f"  warning: {warning}")
        return cls(config_path, runs, plan, console, cluster)

    @cached_property
    def stages(self) -> Stages:
        """Train, export and evaluate over this plan."""
        return Stages(self.plan, Store(self.runs / self.plan.config.name), Reporter(self.console))

    @cached_property
    def sweep(self) -> Sweep:
        """The jobs of this plan."""
        return Sweep(self.config_path, self.runs, self.stages, self.cluster)

    @cached_property
    def publisher(self) -> Publisher:
        """What goes to MLflow."""
        store = TrackingStore.choose(self.plan.config.track.uri, self.runs)
        return Publisher(self.plan, store, self.stages.reporter, self.stages.store.root)

    @cached_property
    def judging(self) -> Judging:
        """How the target is judged."""
        return Judging(self.plan, self.stages, self.publisher)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the results folder while stages run; check the cluster where there is one.

        Raises:
            InfrastructureError: another process holds the folder, or the cluster cannot do the
                jobs.

        """
        with self.stages.store.locked():
            write_origin(self.stages.store.root, self.config_path)
            if self.cluster is not None:
                for warning in self.cluster.check(self.stages.store.root, self.config_path):
                    self.stages.reporter.line(f"  warning: {warning}")
            yield

    def train(self) -> None:
        """Train every model; log its curves."""
        self._compute("train")

    def export(self) -> None:
        """Train and export every model; log both.

        Raises:
            MissingExtraError: the config asks for a converter that is not installed.

        """
        config = self.plan.config
        self.stages.require_converters()
        if config.train.together > 1 or len(config.export.forms) > 1:
            self._compute("train")  # two exports would wait for the same training
        self._compute("export")

    def evaluate(self) -> None:
        """Run every model on every runtime of the config.

        A model that the device refuses (too large for its memory, say) is reported and left out,
        unless it is the one that is to ship.

        Raises:
            ArtifactError: the target does not run where it must.

        """
        self.export()
        on_device = [one for one in self.plan.converted if DEVICE in self.plan.runtimes(one)]
        if on_device and self.sweep.has_boards:
            self.sweep.evaluate_on_boards(
                on_device, lambda one, error: self._leave_out(one, DEVICE, error)
            )
        for candidate in self.plan.converted:
            answers = dict(self._answers(candidate, self.plan.runtimes(candidate)))
            loaded = {runtime: self.stages.artifact(candidate, runtime) for runtime in answers}
            self.publisher.evaluated(candidate, answers, loaded, self.stages.export(candidate))

    def _answers(self, candidate: Candidate, runtimes: Sequence[str]) -> Iterator[tuple[str, Path]]:
        for runtime in runtimes:
            if runtime == DEVICE and candidate in self.refused:
                continue
            try:
                yield runtime, self.stages.evaluate(candidate, runtime)
            except ArtifactError as error:
                self._leave_out(candidate, runtime, error)

    def _leave_out(self, candidate: Candidate, runtime: str, error: ArtifactError) -> None:
        gated = self.plan.config.gate is not None and candidate == self.plan.target
        if gated or runtime != DEVICE:
            raise error
        self.refused.add(candidate)
        self.stages.reporter.line(f"  evaluate  {candidate.name} on {runtime}: refused: {error}")

    def gate(self) -> Verdict:
        """Judge the target on what was evaluated.

        Raises:
            ConfigError: the config has no gate.
            PredictionsError: a reference file does not belong to the candidate.

        """
        return self.judging.verdict(self.judging.case())

    def _compute(self, stage: str) -> None:
        """Bring every model to `stage`, several at once; log each as it is done."""
        candidates = self.plan.candidates if stage == "train" else self.plan.converted
        missing = [one for one in candidates if not self.stages.has(stage, one)]
        for candidate in candidates:
            if candidate not in missing:
                self._publish(stage, candidate)
        self.sweep.bring(stage, missing, lambda one: self._publish(stage, one))

    def _publish(self, stage: str, candidate: Candidate) -> None:
        self.publisher.trained(candidate, self.stages.train(candidate))
        if stage == "export":
            self.publisher.exported(candidate, self.stages.export(candidate))

    def outcome(self) -> Outcome:
        """Judge the target and write the verdict and the reports."""
        return write_outcome(self.report(), self.stages.store.root / "report")

    def report(self) -> Report:
        """Judge the target; return all that is to be shown of it and of the sweep.

        A config without a gate has no verdict; its report holds the runtimes and the sizes.
        """
        report = Reported(self.stages, self.config_path, self.refused).report()
        if self.plan.config.gate is None:
            return report
        case = self.judging.case()
        return replace(
            report,
            verdict=self.judging.verdict(case),
            candidate=case.candidate,
            references=case.references,
        )

    def register(self, outcome: Outcome) -> Registered | None:
        """Log the outcome, and register the target if the config wants it with this verdict.

        Raises:
            InfrastructureError: MLflow does not answer.

        """
        verdict = outcome.report.verdict
        self.publisher.reported(outcome)
        wanted = self.plan.config.register_
        if verdict is None or not wanted.aliases(ships=verdict.ships):
            return None
        target, runtime = self.plan.target, self.plan.gate.runtime
        tflite = self.stages.export(target) / TFLITE_NAME
        if self.stages.artifact(target, runtime) != tflite:
            raise ConfigError(
                f"gate.runtime {runtime!r} does not run the int8 model; only what passed on a "
                "runtime that does (litert, litert-ref, tflm, device) can be registered"
            )
        return self.publisher.register(verdict, tflite)
