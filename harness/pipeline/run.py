"""A pipeline: a config, its data, and the stages in order."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from rich.console import Console

from export.model import TFLITE_NAME
from harness.errors import ArtifactError, ConfigError
from harness.gate.checks import DEVICE, FLOAT, LARGEST, TFLM, references_of
from harness.gate.checks_file import load_references
from harness.gate.decide import Case, Expected, judge
from harness.gate.verdict import Verdict
from harness.pipeline.cluster import Cluster
from harness.pipeline.outcome import Outcome, write_outcome
from harness.pipeline.plan import Candidate, Plan, load_plan
from harness.pipeline.publish import Publisher
from harness.pipeline.reported import Reported
from harness.pipeline.stages import ORACLE, Stages
from harness.pipeline.store import Store
from harness.pipeline.sweep import Sweep
from harness.predictions import Predictions
from harness.progress import Reporter
from harness.runtimes import known_runtime
from harness.tracking.registry import Registered
from harness.tracking.store import TrackingStore
from reports.report import Report

FLOAT_RUNTIME = "torch"


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
        return Publisher(self.plan, store, self.stages.reporter)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the results folder while stages run; check the cluster where there is one.

        Raises:
            InfrastructureError: another process holds the folder, or the cluster cannot do the
                jobs.

        """
        with self.stages.store.locked():
            if self.cluster is not None:
                for warning in self.cluster.check(self.stages.store.root, self.config_path):
                    self.stages.reporter.line(f"  warning: {warning}")
            yield

    def train(self) -> None:
        """Train every model; log its curves."""
        self._compute("train")

    def export(self) -> None:
        """Train and export every model; log both."""
        if self.plan.config.train.together > 1:
            self._compute("train")  # two exports would train the same group at once
        self._compute("export")

    def evaluate(self) -> None:
        """Run every model on every runtime of the config.

        A model that the device refuses (too large for its memory, say) is reported and left out,
        unless it is the one that is to ship.

        Raises:
            ArtifactError: the target does not run where it must.

        """
        self.export()
        runtimes = self.plan.config.evaluate.runtimes
        if DEVICE in runtimes and self.sweep.has_boards:
            self.sweep.evaluate_on_boards(
                self.plan.candidates, lambda one, error: self._leave_out(one, DEVICE, error)
            )
        for candidate in self.plan.candidates:
            for runtime in runtimes:
                if runtime == DEVICE and candidate in self.refused:
                    continue
                try:
                    path = self.stages.evaluate(candidate, runtime)
                except ArtifactError as error:
                    self._leave_out(candidate, runtime, error)
                else:
                    self.publisher.evaluated(candidate, runtime, path)

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
        return self._judged(self._case())

    def _case(self) -> Case:
        """Return what the gate decides on, evaluating what is missing."""
        plan, target = self.plan, self.plan.target
        runtime, recipe = plan.gate.runtime, any(c.claim == "recipe" for c in plan.gate.checks)
        sampled = DEVICE in plan.config.evaluate.runtimes and plan.samples_the_device
        return Case(
            candidate=self.predictions(target, runtime),
            references=self.references(),
            seeds=self._seeds(target, runtime) if recipe else (),
            reference_seeds=self._reference_seeds(),
            device_sample=self.predictions(target, DEVICE) if sampled else None,
            looks=self.publisher.looks(
                self.stages.store.digest(self.stages.artifact(target, runtime))
            ),
        )

    def _seeds(self, candidate: Candidate, runtime: str) -> tuple[Predictions, ...]:
        return tuple(self.predictions(one, runtime) for one in self.plan.seeds_of(candidate))

    def _reference_seeds(self) -> dict[str, tuple[Predictions, ...]]:
        """Return the seeds of every reference by name whose checks read them."""
        models = self._reference_models()
        return {
            check.reference: self._seeds(*models[check.reference])
            for check in self.plan.gate.checks
            if check.reference in models
            and (check.claim == "recipe" or check.metric == "jaccard")
            and check.reference != DEVICE
        }

    def _judged(self, case: Case) -> Verdict:
        gate = self.plan.gate
        references = {
            name: self._expected(*model)
            for name, model in self._reference_models().items()
            if name in references_of(gate.checks)
        }
        return judge(
            gate.checks,
            case,
            replace(self._expected(self.plan.target, gate.runtime), references=references),
            gate.rules,
            gate.warnings,
        )

    def _compute(self, stage: str) -> None:
        """Bring every model to `stage`, several at once; log each as it is done."""
        candidates = self.plan.candidates
        missing = [one for one in candidates if not self.stages.has(stage, one)]
        for candidate in candidates:
            if candidate not in missing:
                self._publish(stage, candidate)
        self.sweep.bring(stage, missing, lambda one: self._publish(stage, one))

    def _publish(self, stage: str, candidate: Candidate) -> None:
        self.publisher.trained(candidate, self.stages.train(candidate))
        if stage == "export":
            self.publisher.exported(candidate, self.stages.export(candidate))

    def predictions(self, candidate: Candidate, runtime: str) -> Predictions:
        """Return what one model answered on one runtime, evaluating it if need be."""
        return Predictions.load(self.stages.evaluate(candidate, runtime))

    def references(self) -> dict[str, Predictions]:
        """Return the Predictions that the checks compare with, by the name they use."""
        models = self._reference_models()
        return load_references(self.plan.gate.checks) | {
            name: self.predictions(*models[name])
            for name in references_of(self.plan.gate.checks)
            if name in models and not (name == DEVICE and self.plan.samples_the_device)
        }

    def _reference_models(self) -> dict[str, tuple[Candidate, str]]:
        """Return the model and the runtime that each reference by name stands for."""
        target = self.plan.target
        return {
            FLOAT: (target, FLOAT_RUNTIME),
            LARGEST: (self.plan.largest_like(target), FLOAT_RUNTIME),
            TFLM: (target, ORACLE),
            DEVICE: (target, DEVICE),
        }

    def _expected(self, candidate: Candidate, runtime: str) -> Expected:
        """Return what Predictions of this model on this runtime must state."""
        return Expected(
            artifact_sha256=self.stages.store.digest(self.stages.artifact(candidate, runtime)),
            data_digest=self.plan.split(runtime).digest,
            runtime=runtime,
            family=candidate.family,
            width=candidate.width,
            seed=candidate.seed,
        )

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
        case = self._case()
        return replace(
            report,
            verdict=self._judged(case),
            candidate=case.candidate,
            references=case.references,
        )

    def register(self, outcome: Outcome) -> Registered | None:
        """Register the target if its gate passed; None where it did not.

        Raises:
            InfrastructureError: MLflow does not answer.

        """
        verdict = outcome.report.verdict
        self.publisher.judged(outcome)
        if verdict is None or not verdict.ships:
            return None
        target, runtime = self.plan.target, self.plan.gate.runtime
        tflite = self.stages.export(target) / TFLITE_NAME
        if self.stages.artifact(target, runtime) != tflite:
            raise ConfigError(
                f"gate.runtime {runtime!r} does not run the int8 model; only what passed on a "
                "runtime that does (litert, litert-ref, tflm, device) can be registered"
            )
        return self.publisher.register(verdict, tflite)
