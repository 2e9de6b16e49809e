"""Which MLflow run is which: the pipeline's, below it each model's, below that each runtime's."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from harness.files import sha256_of_json
from harness.pipeline.candidate import Candidate
from harness.pipeline.logged import identity
from harness.pipeline.plan import Plan
from harness.record import environment_record
from harness.tracking.datasets import dataset_input
from harness.tracking.store import TrackingStore
from harness.tracking.tracker import TrackedRun, Tracker


@dataclass(frozen=True)
class Place:
    """A run of the pipeline: of the whole, of a model, or of a model on a runtime."""

    candidate: Candidate | None = None
    runtime: str = ""

    @property
    def above(self) -> Place:
        """The place whose run this one's is nested in."""
        return Place(self.candidate) if self.runtime else Place()

    @property
    def title(self) -> str:
        """The name of its run."""
        return f"{self.candidate.name} {self.runtime}".strip() if self.candidate else ""


@dataclass(frozen=True, eq=False)
class Places:
    """The runs of one plan in one store, each found or started when it is first asked for."""

    plan: Plan
    store: TrackingStore
    opened: dict[Place, TrackedRun] = field(default_factory=dict)

    def run(self, place: Place) -> TrackedRun:
        """Return the run of a place; whatever MLflow raises where it does not answer."""
        if place not in self.opened:
            self.opened[place] = self._below(place) if place.candidate else self._pipeline()
        return self.opened[place]

    def log_data(self, run: TrackedRun, *splits: str, runtime: str = "") -> None:
        """Log splits as inputs of a run; of the test split the part that `runtime` answers."""
        dataset, source = self.plan.dataset, self.plan.config.data.source
        found = [
            self.plan.split(runtime) if name == "test" else getattr(dataset, name)
            for name in splits
        ]
        run.inputs([dataset_input(dataset.name, split, source) for split in found])

    def _pipeline(self) -> TrackedRun:
        config, dataset = self.plan.config, self.plan.dataset
        settings = config.model_dump(mode="json", by_alias=True)
        key = sha256_of_json({"config": settings, "data": dataset.digests})
        tracker = Tracker.connect(self.store, config.track.experiment or config.name)
        run = tracker.run(config.name, key)
        if not run.has("config", key):
            run.params({"data": dataset.name, "models": len(self.plan.candidates)})
            run.params({f"train.{name}": value for name, value in settings["train"].items()})
            if config.gate is not None:
                run.params(identity(self.plan.target) | {"runtime": config.gate.runtime})
            self.log_data(run, "train", "calibration", "test")
            run.tags({f"tinygate.data.{name}": one for name, one in dataset.digests.items()})
            run.tags({"tinygate.environment": json.dumps(environment_record(), sort_keys=True)})
            run.mark("config", key)
        return run

    def _below(self, place: Place) -> TrackedRun:
        parent = self.run(place.above)
        key = sha256_of_json([parent.run_id, place.runtime or place.title])
        tracker = Tracker(parent.client, parent.experiment_id)
        return tracker.run(place.title, key, parent)
