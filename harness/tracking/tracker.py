"""One MLflow run for the pipeline, a nested run per model; each fact is logged once.

Runs are found again by a tag that holds the hash of what they are about, so a pipeline that is
interrupted, or run twice, continues the same runs instead of making twins.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.tracking.store import TrackingStore

if TYPE_CHECKING:
    from mlflow.entities import Metric
    from mlflow.tracking import MlflowClient

KEY_TAG = "tinygate.key"
_LOGGED_TAG = "tinygate.logged."
_BATCH = 1000  # MLflow's limit of metrics in one request

EpochMetrics = Sequence[Mapping[str, float]]


@dataclass(frozen=True, eq=False)
class TrackedRun:
    """One MLflow run; what it is given under a key is logged unless it was logged already."""

    client: MlflowClient
    experiment_id: str
    run_id: str

    def has(self, part: str, key: str) -> bool:
        """Whether `part` was logged with this very content."""
        tags = self.client.get_run(self.run_id).data.tags
        return bool(tags.get(_LOGGED_TAG + part) == key)

    def mark(self, part: str, key: str) -> None:
        """Remember that `part` was logged."""
        self.client.set_tag(self.run_id, _LOGGED_TAG + part, key)

    def params(self, values: Mapping[str, object]) -> None:
        """Log parameters."""
        from mlflow.entities import Param

        params = [Param(name, str(value)) for name, value in values.items()]
        self.client.log_batch(self.run_id, params=params)

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
        for name, value in values.items():
            self.client.set_tag(self.run_id, name, value)

    def file(self, path: Path, folder: str | None = None) -> None:
        """Attach a file."""
        self.client.log_artifact(self.run_id, str(path), folder)

    def finish(self, *, ok: bool = True) -> None:
        """Close the run."""
        self.client.set_terminated(self.run_id, "FINISHED" if ok else "FAILED")

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
        return cls(client, store.experiment(client, experiment))

    def run(self, name: str, key: str, parent: TrackedRun | None = None) -> TrackedRun:
        """Return the run tagged with `key` (below `parent`), created where there is none."""
        return TrackedRun(
            self.client,
            self.experiment_id,
            self._find(key, parent) or self._make(name, key, parent),
        )

    def _find(self, key: str, parent: TrackedRun | None) -> str | None:
        wanted = f"tags.`{KEY_TAG}` = '{key}'"
        if parent is not None:
            wanted += f" and tags.`mlflow.parentRunId` = '{parent.run_id}'"
        found = self.client.search_runs([self.experiment_id], wanted, max_results=1)
        return str(found[0].info.run_id) if found else None

    def _make(self, name: str, key: str, parent: TrackedRun | None) -> str:
        tags = {KEY_TAG: key, "mlflow.source.name": "tinygate", "mlflow.source.type": "LOCAL"}
        if parent is not None:
            tags["mlflow.parentRunId"] = parent.run_id
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
