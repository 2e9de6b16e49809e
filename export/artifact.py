"""What an exported artifact is: its files, shapes, quantization, operators, and how it was made."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from export.difference import Difference
from export.errors import InvalidModelFileError, in_one_line
from export.tflite_model import ScoreKind, Tensor


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FileRecord(_Record):
    """One file: its name within the artifact's folder, digest and size."""

    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=0)

    @classmethod
    def of(cls, path: Path) -> FileRecord:
        """Describe a file that exists."""
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        return cls(name=path.name, sha256=digest, size_bytes=len(content))


class TensorRecord(_Record):
    """An input or output of the .tflite: shape with the batch first, and its quantization."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float | None = None
    zero_point: int | None = None

    @classmethod
    def of(cls, tensor: Tensor) -> TensorRecord:
        """Describe a tensor of a parsed model."""
        scale = tensor.scales[0] if tensor.scales else None
        zero_point = tensor.zero_points[0] if tensor.zero_points else None
        return cls(
            name=tensor.name,
            shape=tensor.shape,
            dtype=tensor.dtype,
            scale=scale,
            zero_point=zero_point,
        )


class Artifact(_Record):
    """One exported model.

    Attributes:
        parameters: trainable scalars of the torch module.
        macs: multiply-accumulates of the .tflite for one image (convolutions, fully connected).
        operators: names in running order.
        calibration_digest: SHA-256 of the calibration inputs, see `digest_of_inputs`.
        onnx_difference, float_difference: ONNX and float TFLite against torch, on real samples.
        int8_difference: int8 TFLite against torch on the same samples; quantization loss, not
            bounded here; None where no interpreter was given to run it, or it is float.
        converters: distribution -> version.

    """

    format: Literal[1] = 1
    onnx: FileRecord
    tflite: FileRecord
    onnx_opset: int
    input: TensorRecord
    output: TensorRecord
    score_kind: ScoreKind
    operators: tuple[str, ...]
    parameters: int
    macs: int
    calibration_digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    calibration_samples: int
    onnx_difference: Difference
    float_difference: Difference
    int8_difference: Difference | None = None
    converters: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return JSON values that `from_json` reads."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, content: object) -> Artifact:
        """Read what `to_json` returned; InvalidModelFileError where it is anything else."""
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise InvalidModelFileError(f"not an artifact record: {in_one_line(error)}") from error


def digest_of_inputs(inputs: NDArray[np.float32]) -> str:
    """Return the SHA-256 of the shape and the little-endian float32 values, 64 hex digits."""
    digest = hashlib.sha256(repr(inputs.shape).encode())
    digest.update(np.ascontiguousarray(inputs, dtype="<f4").tobytes())
    return digest.hexdigest()
