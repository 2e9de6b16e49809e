"""What of a pipeline goes to MLflow: runs as the work proceeds, and the model once it is judged.

A tracking server that fails does not stop the work: results are on disk first, and what could not
be logged is logged when the server is back, by the next run, or by `tinygate register`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.errors import InfrastructureError
from harness.files import sha256_of_file, sha256_of_json
from harness.gate.verdict import Looks, Verdict
from harness.pipeline.candidate import Candidate
from harness.pipeline.logged import (
    curves,
    export_figures,
    identity,
    in_words,
    log_verdict,
    runtime_figures,
)
from harness.pipeline.outcome import Outcome
from harness.pipeline.places import Place, Places
from harness.pipeline.plan import Plan
from harness.pipeline.stages import FLOAT_RUNTIME, ORACLE
from harness.progress import Reporter
from harness.tracking.backlog import Backlog
from harness.tracking.figures import answer_figures
from harness.tracking.registry import Judged, Registered, register
from harness.tracking.store import TrackingStore
from harness.tracking.tracker import Status, TrackedRun, distinct

ARTIFACT_TAG = "tinygate.gate.artifact"

Log = Callable[[TrackedRun], None]


class Publisher:
    """Logs one pipeline to one MLflow store.

    Attributes:
        plan: what the pipeline does.
        store: where it is logged.
        folder: of the pipeline's results; `tinygate register` takes it.

    """

    def __init__(self, plan: Plan, store: TrackingStore, reporter: Reporter, folder: Path) -> None:
        self.plan, self.store, self.folder = plan, store, folder
        self._places = Places(plan, store)
        self._backlog = Backlog(store, reporter, f"tinygate register {folder}")

    @property
    def problem(self) -> str | None:
        """Why something is not logged yet; None where all is."""
        return self._backlog.problem

    @property
    def unlogged(self) -> str | None:
        """`problem` where it is the store's fault: a run without MLflow installed lacks nothing."""
        return self._backlog.problem if self._backlog.is_away else None

    def trained(self, candidate: Candidate, folder: Path) -> None:
        """Log what a model is, the data it saw, and its curves over the epochs."""

        def log(run: TrackedRun) -> None:
            run.params(identity(candidate))
            self._places.log_data(run, "train", "calibration")
            run.curves(curves(folder))

        self._log(Place(candidate), "train", folder.name, log)

    def exported(self, candidate: Candidate, folder: Path) -> None:
        """Log the sizes of an export, and attach its files."""

        def log(run: TrackedRun) -> None:
            run.metrics(export_figures(folder))
            for path in sorted(folder.iterdir()):
                run.file(path, "export")

        self._log(Place(candidate), "export", folder.name, log)

    def evaluated(
        self,
        candidate: Candidate,
        answers: Mapping[str, Path],
        loaded: Mapping[str, Path],
        export: Path,
    ) -> None:
        """Log what one model answered on each runtime, to the run of model and runtime.

        The model's own run has the same figures as `<runtime>/<figure>`.

        Args:
            candidate: the model.
            answers: its Predictions files, by runtime.
            loaded: the file that each runtime loaded.
            export: folder of the model's export.

        """
        digests = {runtime: sha256_of_file(path) for runtime, path in answers.items()}
        for runtime, path in answers.items():
            key = sha256_of_json([digests.get(one) for one in (runtime, FLOAT_RUNTIME, ORACLE)])
            figures = functools.cache(
                functools.partial(runtime_figures, runtime, answers, loaded[runtime], export)
            )
            self._log_answers(Place(candidate, runtime), key, figures, path)

    def _log_answers(
        self, place: Place, key: str, figures: Callable[[], dict[str, float]], path: Path
    ) -> None:
        def log(run: TrackedRun) -> None:
            if place.candidate is not None:
                run.params(identity(place.candidate) | {"runtime": place.runtime})
            self._places.log_data(run, "test", runtime=place.runtime)
            run.metrics(figures())
            run.file(path, "predictions")

        def log_above(run: TrackedRun) -> None:
            run.metrics({f"{place.runtime}/{name}": value for name, value in figures().items()})

        self._log(place, "answers", key, log)
        self._log(place.above, place.runtime, key, log_above)

    def judged(self, verdict: Verdict) -> None:
        """Log the verdict: to the pipeline, to the target, and to the target where it was gated."""
        key = sha256_of_json(verdict.to_json())
        target = Place(self.plan.target)
        for place in (Place(), target, Place(target.candidate, self.plan.gate.runtime)):
            self._log(place, "verdict", key, lambda run: log_verdict(run, verdict))

    def reported(self, outcome: Outcome) -> None:
        """Log the reports, their figures, and the figures of the Predictions they are about."""
        files = outcome.files
        key = sha256_of_json([sha256_of_file(path) for path in files])

        def log(run: TrackedRun) -> None:
            if outcome.report.candidate is not None:
                run.metrics(answer_figures(outcome.report.candidate))
            for path in files:
                run.file(path, "report")
            for path in outcome.images:
                run.file(path, "figures")

        self._log(Place(), "report", key, log)

    def looks(self, artifact_sha256: str) -> Looks | None:
        """Note that the target is gated on this test set; return for how many artifacts it was.

        None where MLflow does not answer.
        """
        about = {
            "tinygate.gate.model": self.model_name,
            "tinygate.gate.data": self.plan.dataset.test.digest,
        }
        found: list[Looks] = []

        def work() -> None:
            run = self._places.run(Place(self.plan.target))
            run.tags(about | {ARTIFACT_TAG: artifact_sha256})
            seen = len(distinct(run, about, ARTIFACT_TAG))
            found.append(Looks(planned=self.plan.gate.looks, seen=seen, name=self.model_name))

        self._backlog.flush()
        self._backlog.add(work)
        return found[0] if found else None

    @property
    def model_name(self) -> str:
        """The registered model's name."""
        return self.plan.config.register_.name or self.plan.config.name

    def finish(self, status: Status = "FINISHED") -> None:
        """Close the runs that were opened and are not closed yet."""
        if self._backlog.flush():
            while self._places.opened:
                _, run = self._places.opened.popitem()
                self._backlog.add(functools.partial(run.finish, status))

    def register(self, verdict: Verdict, tflite: Path) -> Registered | None:
        """Make the target a version of the registered model, with the aliases that are due.

        None where the config registers no model with this verdict.

        Raises:
            InfrastructureError: MLflow does not answer, or did not take all that went before.

        """
        aliases = self.plan.config.register_.aliases(ships=verdict.ships)
        if not aliases:
            return None
        if not self._backlog.flush():
            raise InfrastructureError(self._unregistered(str(self.problem)))
        try:
            with self.store.answering():
                return register(
                    self._places.run(Place(self.plan.target)),
                    self.model_name,
                    aliases,
                    self._judged(verdict, tflite),
                    self.plan.dataset.test.images[:1],
                )
        except InfrastructureError as error:
            raise InfrastructureError(self._unregistered(str(error))) from error

    def _unregistered(self, problem: str) -> str:
        return (
            f"{problem}; the model is judged but not registered yet, `tinygate register "
            f"{self.folder}` completes that"
        )

    def _judged(self, verdict: Verdict, tflite: Path) -> Judged:
        dataset, runtime = self.plan.dataset, self.plan.gate.runtime
        return Judged(
            tflite=tflite,
            artifact_sha256=verdict.subject.artifact_sha256 or "",
            outcome=verdict.outcome,
            runtime=runtime,
            served_on=serving_runtime(runtime),
            class_names=dataset.class_names,
            tags={
                "tinygate.data_digest": dataset.test.digest,
                "tinygate.data": dataset.name,
                "tinygate.model": self.plan.target.name,
            },
            description=in_words(verdict),
        )

    def _log(self, place: Place, part: str, key: str, log: Log) -> None:
        """Log `part` to the run of a place unless it is logged."""

        def work() -> None:
            run = self._places.run(place)
            if not run.has(part, key):
                log(run)
                run.mark(part, key)

        self._backlog.add(work)


def serving_runtime(gated: str) -> str:
    """Return where a registered model answers: as gated, and for a device on its twin."""
    return ORACLE if gated == "device" else gated
