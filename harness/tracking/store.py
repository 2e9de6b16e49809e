"""Where MLflow keeps runs and models: any tracking URI, or a sqlite file beside the runs."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import InfrastructureError, MissingExtraError, TinygateError
from harness.files import atomic_path

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_SQLITE = "sqlite:///"
_DATABASE = "mlflow.db"
_ARTIFACTS = "mlartifacts"
_RETRIES = "MLFLOW_HTTP_REQUEST_MAX_RETRIES"
_BOUNDS = {
    _RETRIES: "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
"""Instead of MLflow's seven retries of two minutes each, its bars beside ours, and its reports of
usage; what the environment sets stays."""
_CAUSE = re.compile(r"\[Errno -?\d+\] ([^)'\":]+)|(timed out)", re.IGNORECASE)
_PASSWORD = re.compile(r"(?<=://)([^/@:]*):[^/@]*@")
_LONGEST_REASON = 200


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

    @property
    def shown(self) -> str:
        """The URI without its password."""
        return _PASSWORD.sub(r"\1:***@", self.uri)

    @property
    def is_server(self) -> bool:
        """Whether it is a tracking server, which has pages of its own."""
        return self.uri.startswith(("http://", "https://"))

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
        with self.answering():
            self._create_database()
            mlflow.set_tracking_uri(self.uri)
            mlflow.set_registry_uri(self.uri)
            client = MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
            client.search_experiments(max_results=1)
        return client

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Turn whatever MLflow and its drivers raise into an InfrastructureError of one line."""
        try:
            yield
        except TinygateError:
            raise
        except Exception as error:
            why = reason(error).replace(self.uri, self.shown)
            raise InfrastructureError(
                f"MLflow at {self.shown} does not answer as it should: {why}"
            ) from error

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


@contextlib.contextmanager
def sent_once() -> Iterator[None]:
    """Send each request at most once: one that creates could otherwise create twins.

    MLflow sends a request again whose answer was lost, though the server may have acted on it.
    """
    before = os.environ.get(_RETRIES)
    os.environ[_RETRIES] = "0"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_RETRIES]
        else:
            os.environ[_RETRIES] = before


def reason(error: BaseException) -> str:
    """Return what is wrong in a few words: the system's own where it is the network."""
    text = " ".join(str(error).split())
    found = _CAUSE.search(text)
    if found is not None:
        return (found[1] or found[2]).strip().lower()
    return text[:_LONGEST_REASON] or type(error).__name__


def _settle() -> None:
    """Keep MLflow's start-up chatter off the terminal, and its retries within a minute."""
    for name, value in _BOUNDS.items():
        os.environ.setdefault(name, value)
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", category=FutureWarning, module="mlflow")
