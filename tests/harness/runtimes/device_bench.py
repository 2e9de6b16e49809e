"""Sessions on devices in memory, for tests of what is above one device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.client import Device
from devices.fake import ChecksumEngine, FakeDevice, FakeLink, fake_model
from devices.inference_device import InferenceDevice
from devices.links import Link
from devices.protocol.messages import ModelInfo
from harness.runtimes.device_session import Bench, DeviceSession
from harness.runtimes.tflite import TFLiteArtifact
from tests.made_tflite import Made, Op, T

SIZE = 8
TANH = 28


class TfliteFakeEngine(ChecksumEngine):
    """Takes the model below, and answers checksums all the same."""

    def load(self, model: bytes) -> ModelInfo:
        return super().load(fake_model(SIZE, SIZE, 1))


def model_file(folder: Path) -> Path:
    """Return a .tflite of 8 int8 inputs and 8 int8 outputs."""
    path = folder / "model.tflite"
    tensors = [T((1, SIZE), "int8", 0.1, 0), T((1, SIZE), "int8", 1 / 128, 0)]
    path.write_bytes(Made(tensors, [Op(TANH, [0], [1])]).pack())
    return path


def images_of(count: int) -> NDArray[np.int8]:
    return np.random.default_rng(5).integers(-128, 128, (count, SIZE), dtype=np.int8)


def scores_of(images: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return what the engine answers, without any device."""
    engine = TfliteFakeEngine()
    engine.load(b"")
    rows = [np.frombuffer(engine.infer(image.tobytes()), np.int8) for image in images]
    return np.stack(rows).astype(np.float32) / np.float32(128)


def fake_link() -> FakeLink:
    return FakeLink(FakeDevice(TfliteFakeEngine()))


@dataclass
class FakeBench:
    """Devices by URL: each opening takes the next link of that URL's list, the last one for ever.

    A list entry may be an error to raise instead.
    """

    links: dict[str, list[Callable[[], Link]]]
    timeout_s: float = 0.05
    returns_within_s: float = 0.1
    opened: list[str] = field(default_factory=list)

    def connect(self, url: str) -> InferenceDevice:
        self.opened.append(url)
        known = self.links[url]
        make = known.pop(0) if len(known) > 1 else known[0]
        link = make()
        if isinstance(link, FakeLink):
            link.name = url
        return Device(link, self.timeout_s)

    def session(self, model: Path) -> DeviceSession:
        artifact = TFLiteArtifact.load(model, int8=True)
        return DeviceSession(
            artifact, Bench(tuple(self.links), self.connect, "test", 1, self.returns_within_s)
        )
