"""What MLflow loads for a registered model: the .tflite that passed, on the runtime it passed on.

MLflow imports this module and calls `_load_pyfunc` with the model's data folder; no pickled object
is involved.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ArtifactError
from harness.files import sha256_of_file, write_json
from harness.runtimes import find_runtime

MODEL_NAME = "model.tflite"
SERVING_NAME = "serving.json"


class ServedModel:
    """A pyfunc model whose `predict(images)` returns the scores (N, C), float32.

    `images` are (N, H, W, C) as the data set holds them; preprocessing and quantization are those
    of the artifact.
    """

    def __init__(self, folder: Path) -> None:
        serving = json.loads((folder / SERVING_NAME).read_text(encoding="utf-8"))
        model = folder / MODEL_NAME
        if sha256_of_file(model) != serving["artifact_sha256"]:
            raise ArtifactError(f"{model}: is not the model that passed the gate (SHA-256 differs)")
        self._session = find_runtime(serving["runtime"]).load(model)

    def predict(
        self, images: NDArray[np.generic], params: dict[str, Any] | None = None
    ) -> NDArray[np.float32]:
        """Return the scores of `images`; `params` is part of MLflow's interface and unused."""
        del params
        return self._session.predict(np.asarray(images))


def _load_pyfunc(path: str) -> ServedModel:
    return ServedModel(Path(path))


def write_served(folder: Path, tflite: Path, runtime: str) -> None:
    """Fill `folder` with what `_load_pyfunc` reads."""
    (folder / MODEL_NAME).write_bytes(tflite.read_bytes())
    serving = {"artifact_sha256": sha256_of_file(tflite), "runtime": runtime}
    write_json(folder / SERVING_NAME, serving)
