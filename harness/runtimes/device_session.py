"""One int8 model on one or more devices of one kind.

Answers are put back by the sample's position: the scores are the same for any number of devices.
"""

from __future__ import annotations

import contextlib
import hashlib
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from devices.emulators import is_emulator
from devices.inference_device import InferenceDevice
from harness.errors import BenchError, InfrastructureError
from harness.predictions import DeviceRecord, RuntimeRecord
from harness.progress import Advance
from harness.runtimes.answer_journal import AnswerJournal
from harness.runtimes.answers import Answers
from harness.runtimes.base import BaseSession
from harness.runtimes.device_errors import translated
from harness.runtimes.device_pool import RETURNS_WITHIN_S, DevicePool, Member
from harness.runtimes.device_record import describe, kind_of
from harness.runtimes.encoded_images import EncodedImages
from harness.runtimes.tflite import TFLiteArtifact

_SAMPLES_PER_EMULATOR = 64
_CHUNK_SAMPLES = 4096


@dataclass(frozen=True)
class Bench:
    """The devices of a session: their URLs, how one is connected, and what goes on record.

    A lone emulator is started up to `emulators` times. A device that is lost has
    `returns_within_s` to show up again.
    """

    urls: tuple[str, ...]
    connect: Callable[[str], InferenceDevice]
    version: str
    emulators: int
    returns_within_s: float = RETURNS_WITHIN_S


class DeviceSession(BaseSession):
    """A model that every device of a bench holds; see `DeviceRuntime.load` for the errors."""

    def __init__(self, artifact: TFLiteArtifact, bench: Bench) -> None:
        options = {"device": " ".join(bench.urls)}
        record = RuntimeRecord(name="device", version=bench.version, options=options)
        super().__init__(record, artifact.sha256, artifact.kind)
        self._artifact = artifact
        self._bench = bench
        self._kind: dict[str, Any] | None = None
        self._answers = Answers(0, self._output_bytes)
        self._pool = DevicePool(self._open, bench.returns_within_s)
        self._finalizer = weakref.finalize(self, _close, self._pool.members)
        with self._closed_on_error():
            self._pool.open_all(bench.urls)

    @property
    def classes(self) -> int:
        """How many scores the model gives each sample."""
        return self._artifact.classes

    @property
    def device(self) -> DeviceRecord:
        """What the devices are, and what an inference took on them: time and memory."""
        with self._closed_on_error():
            devices = [member.device for member in self._pool.living]
            return describe(devices, self._answers.counts, self._answers.unique_ids)

    def predict(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Return the scores (N, C); see `Session.predict`. An error closes the session."""
        return self.predict_kept(images, None, None)

    def predict_kept(
        self, images: NDArray[np.generic], keep: Path | None, progress: Advance | None
    ) -> NDArray[np.float32]:
        """Return the scores (N, C); see `KeepsAnswers`. An error closes the session."""
        if not self._finalizer.alive:
            raise InfrastructureError("the device session is closed")
        inputs = EncodedImages(self._artifact.input, images)
        with self._closed_on_error(), self._journal(images, keep) as journal:
            answers = Answers(len(images), self._output_bytes, journal, progress)
            self._ask(inputs, answers)
        self._answers = answers
        raw = np.frombuffer(answers.outputs(), self._artifact.model.output.dtype)
        return self._artifact.scores(raw.reshape(len(images), self.classes))

    def close(self) -> None:
        """Close the links; emulators end."""
        self._finalizer()

    @property
    def _output_bytes(self) -> int:
        return self.classes * np.dtype(self._artifact.model.output.dtype).itemsize

    def _open(self, url: str) -> InferenceDevice:
        """Return a device that holds the model and is of the same kind as the others."""
        device = self._bench.connect(url)
        try:
            device.load(self._artifact.content)
            kind = kind_of(device)
            if self._kind not in (None, kind):
                raise BenchError(f"{url}: the devices are not of one kind: {self._kind}, {kind}")
        except BaseException:
            device.close()
            raise
        self._kind = kind
        return device

    def _ask(self, inputs: EncodedImages, answers: Answers) -> None:
        positions = answers.to_ask()
        self._grow(-(-len(positions) // _SAMPLES_PER_EMULATOR))
        self._pool.run(positions, inputs.sample, answers.accept)

    def _grow(self, wanted: int) -> None:
        """Start a lone emulator again beside itself, for every core that samples are left for."""
        urls = self._bench.urls
        if len(urls) > 1 or not is_emulator(urls[0]):
            return
        while len(self._pool.living) < min(wanted, self._bench.emulators):
            self._pool.grow(urls[0])

    @contextlib.contextmanager
    def _journal(
        self, images: NDArray[np.generic], keep: Path | None
    ) -> Iterator[AnswerJournal | None]:
        if keep is None:
            yield None
            return
        subject = {"artifact": self.artifact_sha256, "data": _digest(images), "device": self._kind}
        with AnswerJournal(keep, subject, len(images), self._output_bytes) as journal:
            try:
                yield journal
            except InfrastructureError as error:
                raise InfrastructureError(
                    f"{error}; {len(journal.answers)} of {len(images)} answers are kept in {keep}: "
                    "the same command goes on from there"
                ) from error

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            with translated():
                yield
        except BaseException:
            self.close()
            raise


def _digest(images: NDArray[np.generic]) -> str:
    """Return the SHA-256 of images in their order, as 64 hex digits."""
    digest = hashlib.sha256(repr((images.shape, images.dtype.str)).encode())
    for start in range(0, len(images), _CHUNK_SAMPLES):
        digest.update(np.ascontiguousarray(images[start : start + _CHUNK_SAMPLES]).tobytes())
    return digest.hexdigest()


def _close(members: list[Member]) -> None:
    for member in members:
        member.close()
