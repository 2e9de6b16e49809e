"""The runtimes `litert` (XNNPACK, as on desktops and phones) and `litert-ref` (plain kernels)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from export.errors import in_one_line
from harness.errors import ArtifactError, InfrastructureError
from harness.predictions import RuntimeRecord
from harness.runtimes.base import BaseSession
from harness.runtimes.host import usable_cores
from harness.runtimes.interpreter_library import InterpreterLibrary
from harness.runtimes.tflite import TFLiteArtifact

_SAMPLES_PER_INTERPRETER = 32


class LiteRTRuntime:
    """Loads .tflite files, int8 or float; `interpreters` share the samples, one per core."""

    suffix = ".tflite"
    name: ClassVar[str] = "litert"
    reference: ClassVar[bool] = False

    def __init__(self, interpreters: int | None = None) -> None:
        self._interpreters = interpreters or usable_cores()

    @property
    def version(self) -> str:
        """The package that brings the interpreter, and its version."""
        library = InterpreterLibrary.find()
        return f"{library.distribution} {library.version}"

    def load(self, artifact: Path) -> LiteRTSession:
        """Return a session; errors as `Runtime.load`."""
        library = InterpreterLibrary.find()
        loaded = TFLiteArtifact.load(artifact, int8=False)
        record = RuntimeRecord(
            name=self.name,
            version=f"{library.distribution} {library.version}",
            options={
                "module": library.module,
                "kernels": "reference" if self.reference else "default (XNNPACK)",
                "interpreters": self._interpreters,
            },
        )
        return LiteRTSession(loaded, library, record, self._interpreters)


class LiteRTReferenceRuntime(LiteRTRuntime):
    """The same with the reference kernels: slower, and nearer to TFLM."""

    name = "litert-ref"
    reference = True


class LiteRTSession(BaseSession):
    """One model in one or more interpreters of one thread each."""

    def __init__(
        self,
        artifact: TFLiteArtifact,
        library: InterpreterLibrary,
        record: RuntimeRecord,
        limit: int,
    ) -> None:
        self._artifact = artifact
        self._library = library
        self._limit = limit
        super().__init__(record, artifact.sha256, artifact.kind)
        self._interpreters = [self._load()]
        self._closed = False

    def predict(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Return the scores (N, C); see `Session.predict`."""
        if self._closed:
            raise InfrastructureError("the LiteRT session is closed")
        inputs = self._artifact.input.encode(images)
        interpreters = self._grown(-(-len(inputs) // _SAMPLES_PER_INTERPRETER))
        shares = np.array_split(inputs, len(interpreters))
        with ThreadPoolExecutor(len(interpreters)) as pool:
            parts = list(pool.map(_invoke_all, interpreters, shares))
        outputs = np.concatenate([part for part in parts if len(part)])
        return self._artifact.scores(outputs)

    def close(self) -> None:
        """Drop the interpreters."""
        self._closed = True
        self._interpreters.clear()

    def _grown(self, wanted: int) -> list[Any]:
        count = max(1, min(wanted, self._limit))
        while len(self._interpreters) < count:
            self._interpreters.append(self._load())
        return self._interpreters[:count]

    def _load(self) -> Any:
        reference = self.record.name == LiteRTReferenceRuntime.name
        try:
            return self._library.interpreter(self._artifact.content, reference=reference)
        except (RuntimeError, ValueError) as error:
            raise ArtifactError(
                f"{self._artifact.path}: {self._library.distribution} refuses the model: "
                f"{in_one_line(error)}"
            ) from error


def _invoke_all(interpreter: Any, inputs: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return the raw outputs (N, ...) of raw inputs (N, ...), one sample at a time."""
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]
    outputs = []
    for index in range(len(inputs)):
        interpreter.set_tensor(source, inputs[index : index + 1])
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(target))
    return np.concatenate(outputs) if outputs else np.zeros((0,), dtype=np.float32)
