"""The runtime `onnxruntime`: ONNX Runtime on the CPU, our exports and models from elsewhere."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from export.errors import in_one_line
from export.preprocessing import METADATA_KEY, Preprocessing
from harness.errors import ArtifactError, InfrastructureError, MissingExtraError
from harness.predictions import RuntimeRecord
from harness.runtimes.base import BaseSession
from harness.runtimes.model_input import ModelInput, with_channels
from harness.runtimes.onnx_graph import read_graph, score_kind

if TYPE_CHECKING:
    import onnx

_MAX_FILE_BYTES = 1 << 30
_DTYPES = {"tensor(float)": "float32", "tensor(uint8)": "uint8", "tensor(int8)": "int8"}
_IMAGE_RANK = 3
_ERRORS_ONLY = 3
_CHUNK_SAMPLES = 256

Dimension = int | str | None


class OnnxRuntime:
    """Loads .onnx files with one input and one output; `threads` work on one operator."""

    suffix = ".onnx"

    def __init__(self, threads: int = 0) -> None:
        self._threads = threads

    @property
    def version(self) -> str:
        """The version of ONNX Runtime; MissingExtraError where it is not installed."""
        return f"onnxruntime {_library().__version__}"

    def load(self, artifact: Path) -> OnnxSession:
        """Return a session; errors as `Runtime.load`."""
        content = _read(artifact)
        try:
            graph = read_graph(content)
            return OnnxSession(artifact, content, graph, self._open(content))
        except ValueError as error:
            raise ArtifactError(f"{artifact}: {error}") from error

    def _open(self, content: bytes) -> Any:
        library = _library()
        options = library.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        options.intra_op_num_threads = self._threads
        try:
            return library.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            raise ValueError(f"ONNX Runtime refuses the model: {in_one_line(error)}") from error


class OnnxSession(BaseSession):
    """One ONNX model on ONNX Runtime's CPU provider."""

    def __init__(self, path: Path, content: bytes, graph: onnx.GraphProto, engine: Any) -> None:
        self._path = path
        self._engine = engine
        self._source, self._target = _only("input", engine.get_inputs()), _output(engine)
        if self._source.type not in _DTYPES:
            raise ValueError(f"its input is {self._source.type}; known: {', '.join(_DTYPES)}")
        self._preprocessing = _preprocessing(engine)
        record = RuntimeRecord(
            name="onnxruntime",
            version=OnnxRuntime().version,
            options={"provider": "CPUExecutionProvider"},
        )
        sha256 = hashlib.sha256(content).hexdigest()
        super().__init__(record, sha256, score_kind(graph, self._target.name))

    def predict(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Return the scores (N, C); see `Session.predict`."""
        if self._engine is None:
            raise InfrastructureError("the ONNX Runtime session is closed")
        inputs = self._encode(images)
        size = 1 if self._source.shape[0] == 1 else _CHUNK_SAMPLES
        starts = range(0, len(inputs), size)
        return np.concatenate([self._run(inputs[start : start + size]) for start in starts])

    def close(self) -> None:
        """Drop the engine."""
        self._engine = None

    def _run(self, inputs: NDArray[np.generic]) -> NDArray[np.float32]:
        try:
            outputs = self._engine.run([self._target.name], {self._source.name: inputs})[0]
        except Exception as error:
            raise ArtifactError(f"{self._path}: the model fails: {in_one_line(error)}") from error
        return np.asarray(outputs, dtype=np.float32).reshape(len(inputs), -1)

    def _encode(self, images: NDArray[np.generic]) -> NDArray[np.generic]:
        """Return the input tensor, channels first or last, whichever the model's shape says."""
        given = with_channels(images).shape[1:]
        wanted = tuple(self._source.shape[1:])
        channels_first = len(given) == _IMAGE_RANK and _matches(_moved(given), wanted)
        if channels_first and _matches(given, wanted) and self._preprocessing is None:
            raise ArtifactError(
                f"{self._path}: its input shape {list(self._source.shape)} fits images with "
                "channels first and last; export it with fixed sizes"
            )
        shape = given if channels_first or _matches(given, wanted) else _concrete(wanted)
        preprocessing = self._preprocessing or Preprocessing()
        fed = ModelInput(shape, self._dtype(images), None, preprocessing).encode(images)
        return np.ascontiguousarray(np.moveaxis(fed, -1, 1)) if channels_first else fed

    def _dtype(self, images: NDArray[np.generic]) -> str:
        wanted = _DTYPES[self._source.type]
        if wanted not in ("float32", images.dtype.name):
            raise ArtifactError(
                f"{self._path}: the model takes {wanted} images, the data is {images.dtype}"
            )
        return wanted


def _library() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtraError("onnxruntime", "runtimes") from error
    return onnxruntime


def _read(path: Path) -> bytes:
    if not path.is_file():
        raise ArtifactError(f"{path}: no such file")
    size_bytes = path.stat().st_size
    if size_bytes > _MAX_FILE_BYTES:
        raise ArtifactError(f"{path}: {size_bytes} bytes, the limit is {_MAX_FILE_BYTES}")
    return path.read_bytes()


def _only(what: str, entries: list[Any]) -> Any:
    if len(entries) != 1:
        raise ValueError(f"has {len(entries)} {what}s; one is supported")
    if not entries[0].shape:
        raise ValueError(f"its {what} has no batch dimension")
    if isinstance(entries[0].shape[0], int) and entries[0].shape[0] != 1:
        raise ValueError(
            f"its {what} has a fixed batch of {entries[0].shape[0]}; 1 or any is needed"
        )
    return entries[0]


def _output(engine: Any) -> Any:
    output = _only("output", engine.get_outputs())
    if output.type != "tensor(float)":
        raise ValueError(f"its output is {output.type}; scores must be tensor(float)")
    return output


def _preprocessing(engine: Any) -> Preprocessing | None:
    """Return what the file carries; None for a file from elsewhere."""
    stored = engine.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    return None if stored is None else Preprocessing.from_json(stored)


def _matches(given: tuple[int, ...], wanted: tuple[Dimension, ...]) -> bool:
    """Whether `given` fits; a dimension that is not a number takes any size."""
    return len(given) == len(wanted) and all(
        not isinstance(size, int) or size == one for one, size in zip(given, wanted, strict=True)
    )


def _moved(given: tuple[int, ...]) -> tuple[int, ...]:
    return (given[-1], *given[:-1])


def _concrete(wanted: tuple[Dimension, ...]) -> tuple[int, ...]:
    return tuple(size if isinstance(size, int) else 0 for size in wanted)
