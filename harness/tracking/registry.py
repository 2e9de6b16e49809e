"""The registry behind the gate: a version of the model that was judged, and who is its champion."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.errors import PredictionsError
from harness.files import sha256_of_file
from harness.tracking import served
from harness.tracking.store import sent_once
from harness.tracking.tracker import TrackedRun

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion
    from mlflow.tracking import MlflowClient

SHA_TAG = "tinygate.artifact_sha256"
GATE_TAG = "tinygate.gate"
RUNTIME_TAG = "tinygate.runtime"
REPLACED_TAG = "tinygate.replaced."
"""With an alias behind it: the version that had the alias before this one."""
_MODEL_TAG = "tinygate.model_id"
_LONGEST_DESCRIPTION = 4900  # MLflow's databases keep 5000 characters
_DATA_FOLDER = "int8"


@dataclass(frozen=True)
class Judged:
    """A model that its gate judged, and what its version in the registry says of that.

    Attributes:
        tflite: the file that produced the gated Predictions.
        artifact_sha256: its SHA-256 as the verdict states it.
        outcome: of the gate: `pass`, `inconclusive` or `fail`.
        runtime: the runtime it was gated on.
        served_on: the runtime that the registered model answers with.
        class_names: C of them, one per score.
        tags: further tags of the version (data digest, verdict, model).
        description: the verdict in words, for the registry's page.

    """

    tflite: Path
    artifact_sha256: str
    outcome: str
    runtime: str
    served_on: str
    class_names: tuple[str, ...]
    tags: Mapping[str, str]
    description: str

    @property
    def all_tags(self) -> dict[str, str]:
        """What the version is found again by."""
        known = {SHA_TAG: self.artifact_sha256, RUNTIME_TAG: self.runtime, GATE_TAG: self.outcome}
        return {**self.tags, **known}


@dataclass(frozen=True)
class Registered:
    """A version in the registry, and the aliases it was given, the strongest last."""

    name: str
    version: str
    aliases: tuple[str, ...]
    created: bool

    @property
    def uri(self) -> str:
        """What `mlflow.pyfunc.load_model` takes."""
        return f"models:/{self.name}@{self.aliases[-1]}"


def register(
    run: TrackedRun,
    name: str,
    aliases: Sequence[str],
    judged: Judged,
    example: NDArray[np.generic],
) -> Registered:
    """Make `judged` a version of the registered model `name` and move `aliases` to it.

    A version that holds the same file with the same verdict is found again rather than made twice,
    so what was interrupted can be repeated. `example` is one image, (1, H, W, C), as the data set
    holds it.

    Raises:
        PredictionsError: the file is not the one whose Predictions were judged.

    """
    if sha256_of_file(judged.tflite) != judged.artifact_sha256:
        raise PredictionsError(
            f"{judged.tflite}: changed since it was evaluated; it is not what the gate judged"
        )
    found = _find(run.client, name, judged)
    version = found or _create(run, name, judged, example)
    run.client.update_model_version(name, version, description=_cut(judged.description))
    for alias in aliases:
        _move(run.client, name, alias, version)
    return Registered(name, version, tuple(aliases), created=found is None)


def _find(client: MlflowClient, name: str, judged: Judged) -> str | None:
    """Return the newest version that holds this file, with this verdict on this data."""
    wanted = judged.all_tags.items()
    matching = [
        int(version.version) for version in versions(client, name) if wanted <= version.tags.items()
    ]
    return str(max(matching)) if matching else None


def versions(client: MlflowClient, name: str) -> list[ModelVersion]:
    """Return every version of a registered model; none where there is no such model."""
    found: list[ModelVersion] = []
    token: str | None = None
    while True:
        page = client.search_model_versions(f"name = '{name}'", page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def holder(client: MlflowClient, name: str, alias: str) -> ModelVersion | None:
    """Return the version that has `alias`, or None."""
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version_by_alias(name, alias)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def _move(client: MlflowClient, name: str, alias: str, version: str) -> None:
    """Move `alias` to `version`, which notes first whom it takes it from."""
    before = holder(client, name, alias)
    if before is not None and str(before.version) == version:
        return
    if before is not None:
        client.set_model_version_tag(name, version, REPLACED_TAG + alias, str(before.version))
    client.set_registered_model_alias(name, alias, version)


def _create(run: TrackedRun, name: str, judged: Judged, example: NDArray[np.generic]) -> str:
    from mlflow.exceptions import MlflowException

    model_id = run.tag(_MODEL_TAG) if run.has("model", judged.artifact_sha256) else None
    if model_id is None:
        model_id = _log_model(run, judged, example)
        run.tags({_MODEL_TAG: model_id})
        run.mark("model", judged.artifact_sha256)
    with contextlib.suppress(MlflowException):  # it exists, unless the next call says otherwise
        run.client.create_registered_model(name)
    with sent_once():
        made = run.client.create_model_version(
            name,
            source=f"models:/{model_id}",
            run_id=run.run_id,
            model_id=model_id,
            tags=judged.all_tags,
            description=_cut(judged.description),
            await_creation_for=60,
        )
    return str(made.version)


def _log_model(run: TrackedRun, judged: Judged, example: NDArray[np.generic]) -> str:
    """Log the int8 model to its run, with signature and input example; return its id."""
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    inputs = TensorSpec(example.dtype, (-1, *example.shape[1:]))
    outputs = TensorSpec(np.dtype(np.float32), (-1, len(judged.class_names)))
    serving = served.Serving(
        artifact_sha256=judged.artifact_sha256,
        runtime=judged.served_on,
        class_names=judged.class_names,
    )
    with tempfile.TemporaryDirectory() as temporary, _entered(run), sent_once():
        folder = Path(temporary) / _DATA_FOLDER
        folder.mkdir()
        served.write_served(folder, judged.tflite, serving)
        info = mlflow.pyfunc.log_model(
            name="model",
            loader_module=served.__name__,
            data_path=str(folder),
            signature=ModelSignature(inputs=Schema([inputs]), outputs=Schema([outputs])),
            input_example=example,
            pip_requirements=["tinygate[runtimes]"],
        )
    return str(info.model_id)


@contextlib.contextmanager
def _entered(run: TrackedRun) -> Iterator[None]:
    """Make `run` MLflow's active run; its status stays what it was."""
    import mlflow

    with mlflow.start_run(run_id=run.run_id):
        yield


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_DESCRIPTION else text[: _LONGEST_DESCRIPTION - 1] + "…"
