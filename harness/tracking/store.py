"""Where MLflow keeps runs and models: any tracking URI, or a sqlite file beside the runs."""

from __future__ import annotations

import fcntl
import logging
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import InfrastructureError, MissingExtraError
from harness.files import atomic_path

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_SQLITE = "sqlite:///"
_DATABASE = "mlflow.db"
_ARTIFACTS = "mlartifacts"


@dataclass(frozen=True)
class TrackingStore:
    """A tracking URI, and the artifact folder where the URI is a local database (else None)."""

    uri: str
    artifacts: Path | None

    @classmethod
    def choose(cls, uri: str | None, runs: Path) -> TrackingStore:
        """Return the store of the config, or the sqlite file `mlflow.db` in the runs folder."""
        local = runs.resolve()
        if uri is None:
            return cls(f"sqlite:///{local / _DATABASE}", local / _ARTIFACTS)
        return cls(uri, local / _ARTIFACTS if uri.startswith("sqlite:") else None)

    def connect(self) -> MlflowClient:
        """Return a client; the first connection creates the database.

        Raises:
            MissingExtraError: mlflow is not installed.
            InfrastructureError: the store does not answer.

        """
        try:
            import mlflow
            from mlflow.tracking import MlflowClient
        except ImportError as error:
            raise MissingExtraError("mlflow", "mlflow") from error
        _settle()
        if self.artifacts is not None:
            self.artifacts.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._create_database()
            mlflow.set_tracking_uri(self.uri)
            mlflow.set_registry_uri(self.uri)
            client = MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
            client.search_experiments(max_results=1)
        except Exception as error:
            raise InfrastructureError(f"MLflow at {self.uri} does not answer: {error}") from error
        return client

    def _create_database(self) -> None:
        """Make a sqlite file that is missing, whole or not at all.

        MLflow makes its tables one by one, and refuses for good a file whose making was killed.
        """
        from mlflow.tracking import MlflowClient

        path = Path(self.uri.removeprefix(_SQLITE))
        if not self.uri.startswith(_SQLITE) or "?" in self.uri or path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(f".{path.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for leftover in path.parent.glob(f".{path.stem}-*.tmp*"):
                leftover.unlink(missing_ok=True)
            if not path.exists():
                with atomic_path(path) as temporary:
                    uri = f"{_SQLITE}{temporary}"
                    MlflowClient(uri, uri).search_experiments(max_results=1)

    def experiment(self, client: MlflowClient, name: str) -> str:
        """Return the id of the experiment called `name`, created where it is missing."""
        found = client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        location = None if self.artifacts is None else (self.artifacts / name).as_uri()
        return str(client.create_experiment(name, artifact_location=location))


def _settle() -> None:
    """Keep MLflow's start-up chatter off the terminal, and its retries within a minute."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", category=FutureWarning, module="mlflow")
