"""What of a pipeline goes to MLflow: runs as the work proceeds, and the model once it passed.

A tracking server that fails does not stop the work: results are on disk first, and what could not
be logged is logged by the next run or by `tinygate register`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from harness.errors import InfrastructureError, TinygateError
from harness.files import sha256_of_file, sha256_of_json
from harness.gate.verdict import Looks, Verdict
from harness.metrics import summarize
from harness.pipeline.candidate import Candidate
from harness.pipeline.outcome import Outcome
from harness.pipeline.plan import Plan
from harness.pipeline.stages import ARTIFACT, ORACLE
from harness.predictions import Predictions
from harness.progress import Reporter
from harness.record import environment_record
from harness.tracking.registry import Passed, Registered, register
from harness.tracking.store import TrackingStore
from harness.tracking.tracker import TrackedRun, Tracker, distinct
from harness.training import HISTORY_NAME
from harness.training.history import read_history

ARTIFACT_TAG = "tinygate.gate.artifact"
T = TypeVar("T")
_EPOCH_FIGURES = ("loss", "accuracy", "learning_rate")


@dataclass(eq=False)
class Publisher:
    """Logs one pipeline to one MLflow store; after the store failed once it stays quiet."""

    plan: Plan
    store: TrackingStore
    reporter: Reporter
    problem: str | None = None
    _runs: dict[Candidate | None, TrackedRun] = field(default_factory=dict)

    def trained(self, candidate: Candidate, folder: Path) -> None:
        """Log a model's parameters and its curves over the epochs."""

        def log(run: TrackedRun) -> None:
            history = read_history(folder / HISTORY_NAME)
            run.params({"family": candidate.family, "width": f"{candidate.width:g}"})
            run.params({"seed": candidate.seed})
            if candidate.pruned_from is not None:
                run.params({"pruned_from": f"{candidate.pruned_from:g}"})
            run.curves([_epoch_figures(epoch.model_dump()) for epoch in history])

        self._attempt(candidate, "train", folder.name, log)

    def exported(self, candidate: Candidate, folder: Path) -> None:
        """Log what an export is, and attach its files."""

        def log(run: TrackedRun) -> None:
            run.params(artifact_facts(folder))
            if candidate.form.name:
                run.params({"form": candidate.form.name})
            for path in sorted(folder.iterdir()):
                run.file(path, "export")

        self._attempt(candidate, "export", folder.name, log)

    def evaluated(self, candidate: Candidate, runtime: str, predictions: Path) -> None:
        """Log the figures of one model on one runtime as `<runtime>/<figure>`; attach the file."""

        def log(run: TrackedRun) -> None:
            answered = Predictions.load(predictions)
            figures = summarize(answered).scalars()
            if answered.meta.device is not None:
                figures |= answered.meta.device.figures()
            run.metrics({f"{runtime}/{name}": value for name, value in figures.items()})
            run.file(predictions, f"predictions/{runtime}")

        self._attempt(candidate, runtime, sha256_of_file(predictions), log)

    def judged(self, outcome: Outcome) -> None:
        """Log the verdict to the runs of the pipeline and of the target; attach the reports."""
        verdict, files = outcome.report.verdict, outcome.files

        def log(run: TrackedRun) -> None:
            if verdict is not None:
                run.tags({"tinygate.verdict": verdict.outcome, "tinygate.why": verdict.headline})
            for path in files:
                run.file(path, "report")

        key = sha256_of_json([sha256_of_file(path) for path in files])
        for candidate in [None] if verdict is None else [None, self.plan.target]:
            self._attempt(candidate, "verdict", key, log)

    def looks(self, artifact_sha256: str) -> Looks | None:
        """Note that the target is gated on this test set; return for how many artifacts it was.

        None where MLflow does not answer.
        """
        about = {
            "tinygate.gate.model": self.model_name,
            "tinygate.gate.data": self.plan.dataset.test.digest,
        }

        def work() -> Looks:
            run = self._run(self.plan.target)
            run.tags(about | {ARTIFACT_TAG: artifact_sha256})
            seen = len(distinct(run, about, ARTIFACT_TAG))
            return Looks(planned=self.plan.gate.looks, seen=seen, name=self.model_name)

        return self._guarded(work)

    @property
    def model_name(self) -> str:
        """The registered model's name."""
        return self.plan.config.register_.name or self.plan.config.name

    def finish(self) -> None:
        """Close the runs."""
        for candidate in list(self._runs):
            self._attempt(candidate, "end", "finished", TrackedRun.finish)

    def register(self, verdict: Verdict, tflite: Path) -> Registered:
        """Make the target a version of the registered model.

        Raises:
            InfrastructureError: MLflow does not answer, now or earlier in this run.

        """
        target, config = self.plan.target, self.plan.config
        if self.problem is not None:
            raise InfrastructureError(f"{self.problem}; the model passed but is not registered yet")
        try:
            return register(
                self._run(target),
                self.model_name,
                config.register_.alias,
                self._passed(target, verdict, tflite),
                self.plan.dataset.test.images[:1],
            )
        except TinygateError:
            raise
        except Exception as error:
            raise InfrastructureError(_unanswered(self.store, error)) from error

    def _passed(self, target: Candidate, verdict: Verdict, tflite: Path) -> Passed:
        dataset = self.plan.dataset
        return Passed(
            tflite=tflite,
            artifact_sha256=verdict.subject.artifact_sha256 or "",
            outcome=verdict.outcome,
            runtime=self.plan.gate.runtime,
            served_on=serving_runtime(self.plan.gate.runtime),
            classes=len(dataset.class_names),
            tags={
                "tinygate.data_digest": dataset.test.digest,
                "tinygate.data": dataset.name,
                "tinygate.model": target.name,
            },
            description=f"{target.name} on {dataset.name}: {verdict.headline}",
        )

    def _run(self, candidate: Candidate | None) -> TrackedRun:
        """Return the nested run of a model, or (None) the run of the pipeline; start it if new."""
        if candidate not in self._runs:
            self._runs[candidate] = (
                self._pipeline_run() if candidate is None else self._model_run(candidate)
            )
        return self._runs[candidate]

    def _pipeline_run(self) -> TrackedRun:
        config, dataset = self.plan.config, self.plan.dataset
        settings = config.model_dump(mode="json", by_alias=True)
        key = sha256_of_json({"config": settings, "data": dataset.digests})
        tracker = Tracker.connect(self.store, config.track.experiment or config.name)
        run = tracker.run(config.name, key)
        if not run.has("config", key):
            run.params({"data": dataset.name, "models": len(self.plan.candidates)})
            run.params({f"train.{name}": value for name, value in settings["train"].items()})
            run.tags({f"tinygate.data.{name}": one for name, one in dataset.digests.items()})
            run.tags({"tinygate.environment": json.dumps(environment_record(), sort_keys=True)})
            run.mark("config", key)
        return run

    def _model_run(self, candidate: Candidate) -> TrackedRun:
        parent = self._run(None)
        tracker = Tracker(parent.client, parent.experiment_id)
        return tracker.run(candidate.name, sha256_of_json([parent.run_id, candidate.name]), parent)

    def _attempt(
        self, candidate: Candidate | None, part: str, key: str, log: Callable[[TrackedRun], None]
    ) -> None:
        """Log `part` unless it is logged."""

        def work() -> None:
            run = self._run(candidate)
            if not run.has(part, key):
                log(run)
                run.mark(part, key)

        self._guarded(work)

    def _guarded(self, work: Callable[[], T]) -> T | None:
        """Return what `work` does; a failing store becomes one line and None, not an end."""
        if self.problem is None:
            try:
                return work()
            except TinygateError as error:
                self._give_up(str(error))
            except Exception as error:  # MLflow's stores raise whatever their drivers raise
                self._give_up(_unanswered(self.store, error))
        return None

    def _give_up(self, problem: str) -> None:
        self.problem = problem
        self.reporter.line(f"  not tracked: {problem}")
        self.reporter.line("  the work goes on; `tinygate register` logs it later")


def serving_runtime(gated: str) -> str:
    """Return where a registered model answers: as gated, and for a device on its twin."""
    return ORACLE if gated == "device" else gated


def artifact_facts(folder: Path) -> dict[str, Any]:
    """Return the headline facts of an export: parameters, MACs, file sizes."""
    artifact = json.loads((folder / ARTIFACT).read_text(encoding="utf-8"))
    return {name: artifact[name] for name in ("parameters", "macs") if name in artifact}


def _epoch_figures(epoch: Mapping[str, float]) -> dict[str, float]:
    return {f"train/{name}": epoch[name] for name in _EPOCH_FIGURES}


def _unanswered(store: TrackingStore, error: Exception) -> str:
    return f"MLflow at {store.uri} failed: {' '.join(str(error).split())[:200]}"
