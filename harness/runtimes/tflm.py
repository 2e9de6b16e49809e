"""The runtime `tflm`: TensorFlow Lite Micro's own interpreter, the oracle of the device."""

from __future__ import annotations

import dataclasses
import weakref
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.errors import InvalidModelFileError
from export.preprocessing import Preprocessing
from export.tflite_file import Model, read_model, require_int8
from harness.errors import ArtifactError, InfrastructureError, MissingExtraError
from harness.predictions import RuntimeRecord
from harness.runtimes.base import BaseSession
from harness.runtimes.host import usable_cores
from harness.runtimes.tflite import TFLiteArtifact
from harness.runtimes.tflm_process import ArenaTooSmallError, TflmProcess

_DISTRIBUTION = "tflite-micro"
_SAMPLES_PER_WORKER = 32
_ARENA_GROWTH = (1, 4, 16)
_MAX_ARENA_BYTES = 1 << 31
_BYTES_PER_TENSOR = 256
_BYTES_PER_OPERATOR = 1024
_BYTES_PER_CHANNEL = 16
_SPARE_BYTES = 1 << 16


class TflmRuntime:
    """Loads int8 .tflite files; `workers` processes share the samples, one per core by default."""

    suffix = ".tflite"

    def __init__(self, workers: int | None = None) -> None:
        self._workers = workers or usable_cores()

    @property
    def version(self) -> str:
        """The build of tflite-micro; MissingExtraError where it is not installed."""
        try:
            return f"{_DISTRIBUTION} {metadata.version(_DISTRIBUTION)}"
        except metadata.PackageNotFoundError as error:
            raise MissingExtraError(_DISTRIBUTION, "runtimes") from error

    def load(self, artifact: Path) -> TflmSession:
        """Return a session; one worker has loaded the model. Errors as `Runtime.load`."""
        version = self.version
        loaded = TFLiteArtifact.load(artifact, int8=True)
        return TflmSession(loaded, version, self._workers)


class TflmSession(BaseSession):
    """One int8 model in one or more TFLM processes."""

    def __init__(self, artifact: TFLiteArtifact, version: str, workers: int) -> None:
        self._artifact = artifact
        self._limit = workers
        first, self._arena_bytes, self.arena = _start_first(artifact)
        self._processes = [first]
        self._finalizer = weakref.finalize(self, _kill, self._processes)
        record = RuntimeRecord(
            name="tflm",
            version=version,
            options={"workers": workers, "arena_bytes": self.arena["total"]},
        )
        super().__init__(record, artifact.sha256, artifact.kind)

    def predict(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Return the scores (N, C); see `Session.predict`. An error closes the session."""
        if not self._finalizer.alive:
            raise InfrastructureError("the TFLM session is closed")
        inputs = self._artifact.input.encode(images)
        try:
            return self._artifact.scores(self._run(inputs))
        except ArtifactError as error:
            self.close()
            raise ArtifactError(f"{self._artifact.path}: {error}") from error
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the workers."""
        self._finalizer()

    def _run(self, inputs: NDArray[np.generic]) -> NDArray[np.generic]:
        output = self._artifact.model.output
        workers = self._grown(-(-len(inputs) // _SAMPLES_PER_WORKER))
        shares = np.array_split(inputs, len(workers))
        pool = ThreadPoolExecutor(len(workers))
        try:
            parts = list(pool.map(lambda w, s: w.run(s, output.size_bytes), workers, shares))
        except BaseException:
            self.close()  # first, so that threads waiting for a worker end
            raise
        finally:
            pool.shutdown()
        raw = np.frombuffer(b"".join(parts), dtype=output.dtype)
        return raw.reshape(len(inputs), output.elements)

    def _grown(self, wanted: int) -> list[TflmProcess]:
        """Return `wanted` workers, at least one and at most the limit, starting those missing."""
        count = max(1, min(wanted, self._limit))
        started = [
            TflmProcess(self._artifact.content, self._arena_bytes)
            for _ in range(count - len(self._processes))
        ]
        self._processes.extend(started)
        for process in started:
            process.ready()
        return self._processes[:count]


def run_int8(content: bytes, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the dequantized scores (N, C) of model inputs (N, ...) that are preprocessed already.

    What `export.model.export_model` takes as `run_int8`. Errors as `Runtime.load` and `predict`.
    """
    loaded = TFLiteArtifact.parse(Path("model.tflite"), content, int8=True)
    fed = dataclasses.replace(loaded.input, preprocessing=Preprocessing())
    artifact = dataclasses.replace(loaded, input=fed)
    with TflmSession(artifact, TflmRuntime().version, usable_cores()) as session:
        return session.predict(inputs)


def operator_outputs(content: bytes, model_input: bytes) -> list[bytes]:
    """Return the raw output tensors of every operator, in running order, for one raw input.

    Args:
        content: an int8 .tflite.
        model_input: the input tensor's bytes.

    Raises:
        ArtifactError: the model or the input is refused.
        InfrastructureError: the worker died.

    """
    model = _int8_model(content)
    if len(model_input) != model.input.size_bytes:
        raise ArtifactError(
            f"the model takes {model.input.size_bytes} input bytes, got {len(model_input)}"
        )
    process, _, _ = _start(content, model, trace=True)
    try:
        count = sum(len(operator.outputs) for operator in model.operators)
        return list(process.trace(model_input, count))
    finally:
        process.kill()


def _int8_model(content: bytes) -> Model:
    try:
        model = read_model(content)
        require_int8(model)
    except InvalidModelFileError as error:
        raise ArtifactError(str(error)) from error
    return model


def _start_first(artifact: TFLiteArtifact) -> tuple[TflmProcess, int, dict[str, int]]:
    try:
        return _start(artifact.content, artifact.model, trace=False)
    except ArtifactError as error:
        raise ArtifactError(f"{artifact.path}: {error}") from error


def _start(content: bytes, model: Model, *, trace: bool) -> tuple[TflmProcess, int, dict[str, int]]:
    """Return a worker with the model loaded, its arena's size, and what it uses of it."""
    reason = ""
    for factor in _ARENA_GROWTH:
        arena_bytes = factor * arena_bound_bytes(model)
        if arena_bytes > _MAX_ARENA_BYTES:
            break
        process = TflmProcess(content, arena_bytes, trace=trace)
        try:
            return process, arena_bytes, process.ready()
        except ArenaTooSmallError as error:
            process.kill()
            reason = str(error)
        except BaseException:
            process.kill()
            raise
    raise ArtifactError(
        f"TFLM cannot place the model's {model.activation_bytes} bytes of activations: {reason}"
    )


def arena_bound_bytes(model: Model) -> int:
    """Return an arena size that holds the model with no two tensors sharing memory."""
    channels = sum(len(tensor.scales) for tensor in model.tensors)
    return (
        2 * model.activation_bytes
        + _BYTES_PER_TENSOR * len(model.tensors)
        + _BYTES_PER_OPERATOR * len(model.operators)
        + _BYTES_PER_CHANNEL * channels
        + _SPARE_BYTES
    )


def _kill(processes: list[TflmProcess]) -> None:
    for process in processes:
        process.kill()
