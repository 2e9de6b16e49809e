"""A .tflite as every TFLite runtime sees it: checked bytes, how to feed it, how to read scores."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.errors import InvalidModelFileError
from export.preprocessing import METADATA_KEY, Preprocessing
from export.tflite_file import Model, Tensor, read_content, read_model, require_int8
from harness.errors import ArtifactError
from harness.predictions import ScoreKind
from harness.runtimes.model_input import ModelInput
from harness.runtimes.quantization import Quantization

_DTYPES = ("float32", "int8", "uint8")


@dataclass(frozen=True)
class TFLiteArtifact:
    """One file: its bytes, what they hold, and its input and output in words of this package."""

    path: Path
    content: bytes
    model: Model
    input: ModelInput
    classes: int
    output_quantization: Quantization | None

    @classmethod
    def load(cls, path: Path, *, int8: bool) -> TFLiteArtifact:
        """Read and check a file; `int8` refuses one that does not compute in int8.

        Raises:
            ArtifactError: no such file, not a .tflite, damaged, or of a kind that cannot run.

        """
        try:
            content = read_content(path)
        except InvalidModelFileError as error:
            raise ArtifactError(str(error)) from error
        return cls.parse(path, content, int8=int8)

    @classmethod
    def parse(cls, path: Path, content: bytes, *, int8: bool) -> TFLiteArtifact:
        """Check bytes as `load` does; messages name them `path`."""
        try:
            model = read_model(content)
            if int8:
                require_int8(model)
            return cls._of(path, content, model)
        except (InvalidModelFileError, ValueError) as error:
            raise ArtifactError(f"{path}: {error}") from error

    @classmethod
    def _of(cls, path: Path, content: bytes, model: Model) -> TFLiteArtifact:
        for what, tensor in (("input", model.input), ("output", model.output)):
            if tensor.dtype not in _DTYPES:
                raise ValueError(f"its {what} is {tensor.dtype}; known: {', '.join(_DTYPES)}")
            if not tensor.shape or tensor.shape[0] != 1:
                raise ValueError(f"its {what} has shape {list(tensor.shape)}; the batch must be 1")
        stored = model.metadata.get(METADATA_KEY)
        preprocessing = Preprocessing.from_json(stored.decode()) if stored else Preprocessing()
        fed = ModelInput(
            model.input.shape[1:], model.input.dtype, _quantization(model.input), preprocessing
        )
        return cls(path, content, model, fed, model.output.elements, _quantization(model.output))

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the bytes that run, 64 hex digits."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def kind(self) -> ScoreKind:
        """What the scores are."""
        return self.model.score_kind

    def scores(self, outputs: NDArray[np.generic]) -> NDArray[np.float32]:
        """Return raw outputs (N, ...) as scores (N, C), dequantized."""
        flat = outputs.reshape(len(outputs), -1)
        if self.output_quantization is None:
            return np.asarray(flat, dtype=np.float32)
        return self.output_quantization.dequantize(flat)


def _quantization(tensor: Tensor) -> Quantization | None:
    if tensor.dtype == "float32":
        return None
    if len(tensor.scales) != 1 or len(tensor.zero_points) != 1 or tensor.scales[0] <= 0:
        raise ValueError(f"tensor {tensor.index} is {tensor.dtype} without one scale above zero")
    limits = np.iinfo(np.dtype(tensor.dtype))
    if not limits.min <= tensor.zero_points[0] <= limits.max:
        raise ValueError(f"tensor {tensor.index} has zero point {tensor.zero_points[0]}")
    return Quantization(tensor.scales[0], tensor.zero_points[0], tensor.dtype)
