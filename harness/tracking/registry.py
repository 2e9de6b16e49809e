"""The registry behind the gate: a version of the model that passed, and the alias moved to it."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.errors import PredictionsError
from harness.files import sha256_of_file
from harness.tracking import served
from harness.tracking.tracker import TrackedRun

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

SHA_TAG = "tinygate.artifact_sha256"
_GATE_TAG = "tinygate.gate"


@dataclass(frozen=True)
class Passed:
    """A model that its gate lets ship, and what its version in the registry says of that.

    Attributes:
        tflite: the file that produced the gated Predictions.
        artifact_sha256: its SHA-256 as the verdict states it.
        outcome: of the gate: `pass`, or `inconclusive` where the config ships such a model.
        runtime: the runtime it was gated on.
        served_on: the runtime that the registered model answers with.
        classes: C, the number of scores per image.
        tags: further tags of the version (data digest, verdict, model).
        description: one paragraph for the registry's page.

    """

    tflite: Path
    artifact_sha256: str
    outcome: str
    runtime: str
    served_on: str
    classes: int
    tags: Mapping[str, str]
    description: str


@dataclass(frozen=True)
class Registered:
    """A version in the registry."""

    name: str
    version: str
    alias: str
    created: bool

    @property
    def uri(self) -> str:
        """What `mlflow.pyfunc.load_model` takes."""
        return f"models:/{self.name}@{self.alias}"


def register(
    run: TrackedRun,
    name: str,
    alias: str,
    passed: Passed,
    example: NDArray[np.generic],
) -> Registered:
    """Make `passed` a version of the registered model `name` and move `alias` to it.

    A version that holds the same file with the same verdict is found again rather than made twice.
    `example` is one image, (1, H, W, C), as the data set holds it.

    Raises:
        PredictionsError: the file is not the one whose Predictions passed.

    """
    if sha256_of_file(passed.tflite) != passed.artifact_sha256:
        raise PredictionsError(
            f"{passed.tflite}: changed since it was evaluated; it is not what the gate judged"
        )
    found = _find(run.client, name, passed)
    version = found or _create(run, name, passed, example)
    tags = {SHA_TAG: passed.artifact_sha256, "tinygate.runtime": passed.runtime, **passed.tags}
    for key, value in {**tags, _GATE_TAG: passed.outcome}.items():
        run.client.set_model_version_tag(name, version, key, value)
    run.client.update_model_version(name, version, description=passed.description)
    run.client.set_registered_model_alias(name, alias, version)
    return Registered(name, version, alias, created=found is None)


def _find(client: MlflowClient, name: str, passed: Passed) -> str | None:
    """Return the newest complete version that holds this file, gated on this runtime and data."""
    wanted = {SHA_TAG: passed.artifact_sha256, "tinygate.runtime": passed.runtime, **passed.tags}
    matching = [
        version
        for version in client.search_model_versions(f"name = '{name}'")
        if wanted.items() <= version.tags.items() and version.tags.get(_GATE_TAG) == passed.outcome
    ]
    return str(max(int(version.version) for version in matching)) if matching else None


def _create(run: TrackedRun, name: str, passed: Passed, example: NDArray[np.generic]) -> str:
    import mlflow
    from mlflow.exceptions import MlflowException
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    inputs = TensorSpec(example.dtype, (-1, *example.shape[1:]))
    outputs = TensorSpec(np.dtype(np.float32), (-1, passed.classes))
    signature = ModelSignature(inputs=Schema([inputs]), outputs=Schema([outputs]))
    with tempfile.TemporaryDirectory() as folder, mlflow.start_run(run_id=run.run_id):
        served.write_served(Path(folder), passed.tflite, passed.served_on)
        info = mlflow.pyfunc.log_model(
            name="model",
            loader_module=served.__name__,
            data_path=folder,
            signature=signature,
            input_example=example,
            pip_requirements=["tinygate[runtimes]"],
        )
    with contextlib.suppress(MlflowException):  # it exists, unless the next call says otherwise
        run.client.create_registered_model(name)
    made = run.client.create_model_version(
        name, source=info.model_uri, run_id=run.run_id, model_id=info.model_id
    )
    return str(made.version)
