"""Runtimes: what computes a model's scores. One small interface, found by name."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from harness.errors import UserError
from harness.predictions import DeviceRecord, RuntimeRecord, ScoreKind
from harness.progress import Advance

RUNTIMES = {
    "torch": "harness.runtimes.torch_float:TorchRuntime",
    "onnxruntime": "harness.runtimes.onnx_float:OnnxRuntime",
    "litert": "harness.runtimes.litert:LiteRTRuntime",
    "litert-ref": "harness.runtimes.litert:LiteRTReferenceRuntime",
    "tflm": "harness.runtimes.tflm:TflmRuntime",
    "device": "harness.runtimes.device:DeviceRuntime",
}
"""Name -> class, imported when asked for."""


class Session(Protocol):
    """One artifact loaded on one runtime, ready to answer; a context manager that closes itself."""

    @property
    def record(self) -> RuntimeRecord:
        """Name, version and options, as they go into the Predictions file."""
        ...

    @property
    def artifact_sha256(self) -> str:
        """SHA-256 of the file that was loaded, 64 hex digits."""
        ...

    @property
    def kind(self) -> ScoreKind:
        """What the scores are, read off the model's last operator (softmax or not)."""
        ...

    @property
    def device(self) -> DeviceRecord | None:
        """What device answered and what an inference took on it; None on the host."""
        ...

    def predict(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Return the scores (N, C), dequantized, of images (N, H, W, C) or (N, F).

        The images are as the data set holds them (uint8, int8, float32); the session applies the
        preprocessing that the artifact carries and, for an int8 model, quantizes the result as
        TFLite's QUANTIZE does. int8 images for an int8 model that carries no preprocessing are its
        input bytes.

        Raises:
            ArtifactError: the images do not have the shape the model takes.
            InfrastructureError: the runtime died.

        """
        ...

    def close(self) -> None:
        """Release threads, processes and memory; closing twice is harmless."""
        ...

    def __enter__(self) -> Session: ...

    def __exit__(self, *exc: object) -> None: ...


@runtime_checkable
class KeepsAnswers(Protocol):
    """What a slow session has besides: it keeps answers as they come, and goes on from them."""

    @property
    def classes(self) -> int:
        """How many scores the model gives each sample."""
        ...

    def predict_kept(
        self, images: NDArray[np.generic], keep: Path | None, progress: Advance | None
    ) -> NDArray[np.float32]:
        """Return what `Session.predict` does; the answers in the file `keep` are not asked again.

        New answers go there as they come. An InfrastructureError says how many are kept; the caller
        removes the file once the scores are safe. `progress` is told of every answer.
        """
        ...


class Runtime(Protocol):
    """Loads artifacts of one format."""

    suffix: str
    """The file suffix it takes: `.safetensors`, `.onnx` or `.tflite`."""

    @property
    def version(self) -> str:
        """Which library in which version answers; MissingExtraError where none is installed."""
        ...

    def load(self, artifact: Path) -> Session:
        """Return a session.

        Raises:
            ArtifactError: no such file, damaged, of another format, or with an operator the
                runtime lacks.
            MissingExtraError: the runtime is not installed.

        """
        ...


def known_runtime(name: str) -> str:
    """Return `name`; UserError where no runtime has it, with those that exist."""
    if name not in RUNTIMES:
        raise UserError(f"unknown runtime {name!r}; known: {', '.join(RUNTIMES)}")
    return name


def find_runtime(name: str, options: Mapping[str, Any] | None = None) -> Runtime:
    """Return the runtime called `name`, constructed with `options` as keyword arguments.

    Raises:
        UserError: no runtime has that name; the message lists those that exist.

    """
    module, _, cls = RUNTIMES[known_runtime(name)].partition(":")
    runtime: Runtime = getattr(import_module(module), cls)(**(options or {}))
    return runtime
