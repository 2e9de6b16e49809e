"""What MLflow loads for a registered model: the .tflite that passed, on the runtime it passed on.

MLflow imports this module and calls `_load_pyfunc` with the model's data folder; no pickled object
is involved.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from harness.errors import ArtifactError
from harness.files import sha256_of_file, write_json
from harness.problems import first_problem
from harness.runtimes import find_runtime
from harness.table import Table

MODEL_NAME = "model.tflite"
SERVING_NAME = "serving.json"
_MOST_BYTES = 1 << 20


class Serving(Table):
    """`serving.json`: what the `.tflite` beside it is."""

    artifact_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    runtime: str
    class_names: tuple[str, ...] | None = None
    """None in versions that were registered before it was kept."""


class ServedModel:
    """A pyfunc model whose `predict(images)` returns the scores (N, C), float32.

    `images` are (N, H, W, C) as the data set holds them; preprocessing and quantization are those
    of the artifact.
    """

    def __init__(self, folder: Path) -> None:
        serving = read_serving(folder)
        model = folder / MODEL_NAME
        if sha256_of_file(model) != serving.artifact_sha256:
            raise ArtifactError(f"{model}: is not the model that passed the gate (SHA-256 differs)")
        self._session = find_runtime(serving.runtime).load(model)

    def predict(
        self, images: NDArray[np.generic], params: dict[str, Any] | None = None
    ) -> NDArray[np.float32]:
        """Return the scores of `images`; `params` is part of MLflow's interface and unused."""
        del params
        return self._session.predict(np.asarray(images))


def _load_pyfunc(path: str) -> ServedModel:
    return ServedModel(Path(path))


def write_served(folder: Path, tflite: Path, serving: Serving) -> None:
    """Fill `folder` with what `_load_pyfunc` reads."""
    (folder / MODEL_NAME).write_bytes(tflite.read_bytes())
    write_json(folder / SERVING_NAME, serving.model_dump(mode="json"))


def read_serving(folder: Path) -> Serving:
    """Return what `write_served` wrote; ArtifactError where it is missing or something else."""
    path = folder / SERVING_NAME
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ArtifactError(f"{path}: larger than {_MOST_BYTES} bytes; not a serving record")
        return Serving.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        raise ArtifactError(f"{path}: not a serving record: {first_problem(error)}") from error
