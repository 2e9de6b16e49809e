"""MLflow runs: one for the pipeline, below it one per model, below that one per runtime.

Runs are found again by a tag that holds the hash of what they are about, and each fact is logged
once: a pipeline that is interrupted, or run twice, continues the same runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.tracking.store import TrackingStore, sent_once

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput, Metric
    from mlflow.tracking import MlflowClient

KEY_TAG = "tinygate.key"
_LOGGED_TAG = "tinygate.logged."
_BATCH = 1000  # MLflow's limit of metrics in one request
_MOST_TAGS = 100  # and of tags, or parameters

EpochMetrics = Sequence[Mapping[str, float]]
Status = Literal["FINISHED", "FAILED", "KILLED"]


@dataclass(frozen=True, eq=False)
class TrackedRun:
    """One MLflow run; what it is given under a key is logged unless it was logged already."""

    client: MlflowClient
    experiment_id: str
    run_id: str

    @cached_property
    def _tags(self) -> dict[str, str]:
        """The tags when the run was opened, and those set since: no other process sets ours."""
        return dict(self.client.get_run(self.run_id).data.tags)

    def tag(self, name: str) -> str | None:
        """Return the value of a tag, or None."""
        return self._tags.get(name)

    def has(self, part: str, key: str) -> bool:
        """Whether `part` was logged with this very content."""
        return self.tag(_LOGGED_TAG + part) == key

    def mark(self, part: str, key: str) -> None:
        """Remember that `part` was logged."""
        self.tags({_LOGGED_TAG + part: key})

    def params(self, values: Mapping[str, object]) -> None:
        """Log parameters."""
        from mlflow.entities import Param

        params = [Param(name, str(value)) for name, value in values.items()]
        for start in range(0, len(params), _MOST_TAGS):
            self.client.log_batch(self.run_id, params=params[start : start + _MOST_TAGS])

    def metrics(self, values: Mapping[str, float | None]) -> None:
        """Log single figures; an undefined one (None) is left out."""
        now_ms = int(time.time() * 1000)
        self._log([_metric(name, v, now_ms, 0) for name, v in values.items() if v is not None])

    def curves(self, epochs: EpochMetrics) -> None:
        """Log one point per epoch of every figure."""
        now_ms = int(time.time() * 1000)
        self._log(
            [
                _metric(name, value, now_ms, step)
                for step, epoch in enumerate(epochs)
                for name, value in epoch.items()
            ]
        )

    def tags(self, values: Mapping[str, str]) -> None:
        """Set tags."""
        from mlflow.entities import RunTag

        self.client.log_batch(self.run_id, tags=[RunTag(*item) for item in values.items()])
        self._tags.update(values)

    def inputs(self, datasets: Sequence[DatasetInput]) -> None:
        """Log the data sets that went in."""
        self.client.log_inputs(self.run_id, datasets=list(datasets))

    def file(self, path: Path, folder: str | None = None) -> None:
        """Attach a file."""
        self.client.log_artifact(self.run_id, str(path), folder)

    def finish(self, status: Status) -> None:
        """Close the run, unless it is closed with this status already."""
        if self.client.get_run(self.run_id).info.status != status:
            self.client.set_terminated(self.run_id, status)

    def _log(self, metrics: Sequence[Metric]) -> None:
        for start in range(0, len(metrics), _BATCH):
            self.client.log_batch(self.run_id, metrics=metrics[start : start + _BATCH])


@dataclass(frozen=True, eq=False)
class Tracker:
    """An experiment in an MLflow store."""

    client: MlflowClient
    experiment_id: str

    @classmethod
    def connect(cls, store: TrackingStore, experiment: str) -> Tracker:
        """Return a tracker on the named experiment; errors as `TrackingStore.connect`."""
        client = store.connect()
        with store.answering(), sent_once():
            return cls(client, store.experiment(client, experiment))

    def run(self, name: str, key: str, parent: TrackedRun | None = None) -> TrackedRun:
        """Return the run tagged with `key` (below `parent`), created where there is none."""
        return TrackedRun(
            self.client,
            self.experiment_id,
            self._find(key, parent) or self._make(name, key, parent),
        )

    def _find(self, key: str, parent: TrackedRun | None) -> str | None:
        """Return the oldest run of this key: were there ever two, all would use the same."""
        wanted = f"tags.`{KEY_TAG}` = '{key}'"
        if parent is not None:
            wanted += f" and tags.`mlflow.parentRunId` = '{parent.run_id}'"
        found = self.client.search_runs(
            [self.experiment_id],
            wanted,
            max_results=1,
            order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
        )
        return str(found[0].info.run_id) if found else None

    def _make(self, name: str, key: str, parent: TrackedRun | None) -> str:
        tags = {KEY_TAG: key, "mlflow.source.name": "tinygate", "mlflow.source.type": "LOCAL"}
        if parent is not None:
            tags["mlflow.parentRunId"] = parent.run_id
        with sent_once():
            created = self.client.create_run(self.experiment_id, run_name=name, tags=tags)
        return str(created.info.run_id)


def distinct(run: TrackedRun, tags: Mapping[str, str], name: str) -> set[str]:
    """Return the values of the tag `name` over all runs, of any experiment, that have `tags`."""
    experiments = [one.experiment_id for one in run.client.search_experiments()]
    wanted = " and ".join(f"tags.`{tag}` = '{value}'" for tag, value in tags.items())
    values: set[str] = set()
    token: str | None = None
    while True:
        page = run.client.search_runs(experiments, wanted, max_results=_BATCH, page_token=token)
        values |= {one.data.tags[name] for one in page if name in one.data.tags}
        token = page.token
        if not token:
            return values


def _metric(name: str, value: float, timestamp_ms: int, step: int) -> Metric:
    from mlflow.entities import Metric

    return Metric(name, float(value), timestamp_ms, step)
