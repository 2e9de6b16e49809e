"""The runtime `device`: boards and emulated boards, over the wire protocol.

Samples are shared out one by one, so that devices of unequal speed finish together, and results
are put back by the sample's position: the Predictions are the same for any number of devices.
"""

from __future__ import annotations

import contextlib
import statistics
import threading
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.client import Device, connect
from devices.emulators.qemu import qemu_options
from devices.errors import BoardError, DeviceError, Refused
from devices.links.url import parse_url
from devices.protocol.messages import VERSION_MAJOR, VERSION_MINOR
from harness.errors import ArtifactError, InfrastructureError, TinygateError, UserError
from harness.files import sha256_of_file
from harness.predictions import DeviceRecord, RuntimeRecord
from harness.runtimes.base import BaseSession
from harness.runtimes.host import usable_cores
from harness.runtimes.tflite import TFLiteArtifact

_SAMPLES_PER_EMULATOR = 64
_OF_THE_MODEL = range(32, 64)
"""Codes by which a device refuses a model: the model's fault, not the device's."""


class DeviceRuntime:
    """Loads int8 .tflite files onto devices, each named by its URL.

    A single emulator is started up to `emulators` times, by default once per core, when there are
    enough samples. A device that says it is another board than `board`, or than the emulator's URL
    names, is refused before a sample is sent.
    """

    suffix = ".tflite"

    def __init__(
        self,
        devices: Sequence[str] = (),
        board: str | None = None,
        emulators: int | None = None,
    ) -> None:
        if not devices:
            raise UserError("runtime device needs a device; give --device qemu://mps2-an386, say")
        if len(set(devices)) != len(devices) and not all(map(_is_emulator, devices)):
            raise UserError(f"a device is named twice: {', '.join(devices)}")
        self._urls = tuple(devices)
        self._board = board
        self._emulators = emulators or usable_cores()

    @property
    def version(self) -> str:
        """The protocol and, of emulators, the firmware image that they run."""
        with translated():
            images = {
                sha256_of_file(qemu_options(parse_url(url)).image)[:12]
                for url in self._urls
                if _is_emulator(url)
            }
        return " ".join([f"protocol {VERSION_MAJOR}.{VERSION_MINOR}", *sorted(images)])

    def load(self, artifact: Path) -> DeviceSession:
        """Return a session: every device holds the model.

        Raises:
            ArtifactError: as `Runtime.load`, or a device refuses the model: an operator it lacks,
                too large by so many bytes.
            InfrastructureError: a device or an emulator does not answer.

        """
        loaded = TFLiteArtifact.load(artifact, int8=True)
        return DeviceSession(loaded, self, self._urls)

    def connect(self, url: str) -> Device:
        """Return the greeted device, which is of the expected board."""
        expected = parse_url(url).target if _is_emulator(url) else self._board
        device = connect(url)
        try:
            if expected is not None:
                device.expect_board(expected)
        except BaseException:
            device.close()
            raise
        return device

    @property
    def emulators(self) -> int:
        """How many emulators may run side by side."""
        return self._emulators


class DeviceSession(BaseSession):
    """One int8 model on one or more devices of one kind."""

    def __init__(
        self, artifact: TFLiteArtifact, runtime: DeviceRuntime, urls: Sequence[str]
    ) -> None:
        self._artifact = artifact
        self._runtime = runtime
        self._urls = urls
        record = RuntimeRecord(
            name="device", version=runtime.version, options={"device": " ".join(urls)}
        )
        super().__init__(record, artifact.sha256, artifact.kind)
        self._devices: list[Device] = []
        self._counts: list[float] = []
        self._finalizer = weakref.finalize(self, _close, self._devices)
        with self._closed_on_error():
            for url in urls:
                self._start(url)

    @property
    def device(self) -> DeviceRecord:
        """What the devices are, and what an inference took on them: time and memory."""
        with self._closed_on_error():
            return describe(self._devices, self._counts)

    def predict(self, images: NDArray[np.generic]) -> NDArray[np.float32]:
        """Return the scores (N, C); see `Session.predict`. An error closes the session."""
        if not self._finalizer.alive:
            raise InfrastructureError("the device session is closed")
        inputs = self._artifact.input.encode(images)
        output = self._artifact.model.output
        with self._closed_on_error():
            raw = b"".join(self._run(inputs))
        return self._artifact.scores(np.frombuffer(raw, output.dtype).reshape(len(inputs), -1))

    def close(self) -> None:
        """Close the links; emulators end."""
        self._finalizer()

    def _start(self, url: str) -> None:
        device = self._runtime.connect(url)
        self._devices.append(device)
        device.load(self._artifact.content)
        kinds = {(one.greeting.board, one.greeting.firmware) for one in self._devices}
        if len(kinds) > 1:
            raise UserError(f"the devices are not of one kind: {sorted(kinds)}")

    def _run(self, inputs: NDArray[np.generic]) -> list[bytes]:
        self._grow(-(-len(inputs) // _SAMPLES_PER_EMULATOR))
        results: list[bytes] = [b""] * len(inputs)
        positions = _Shared(range(len(inputs)))
        with ThreadPoolExecutor(len(self._devices)) as pool:
            works = [
                pool.submit(self._serve, device, inputs, positions, results)
                for device in self._devices
            ]
            try:
                for work in works:
                    work.result()
            except BaseException:
                positions.stop()
                raise
        return results

    def _grow(self, wanted: int) -> None:
        """Start a lone emulator again beside itself, for every core that samples are left for."""
        if len(self._urls) > 1 or not _is_emulator(self._urls[0]):
            return
        while len(self._devices) < min(wanted, self._runtime.emulators):
            self._start(self._urls[0])

    def _serve(
        self,
        device: Device,
        inputs: NDArray[np.generic],
        positions: _Shared,
        results: list[bytes],
    ) -> None:
        drawn: list[int] = []

        def samples() -> Iterator[bytes]:
            for position in positions:
                drawn.append(position)
                yield inputs[position].tobytes()

        for answer in device.infer(samples()):
            results[drawn[answer.index]] = answer.output
            if device.clock is not None:
                self._counts.append(device.clock.of(answer.count))

    @contextlib.contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        try:
            with translated():
                yield
        except BaseException:
            self.close()
            raise


class _Shared:
    """An iterator that several threads draw from, and that can be stopped."""

    def __init__(self, positions: range) -> None:
        self._positions = iter(positions)
        self._lock = threading.Lock()
        self._stopped = False

    def __iter__(self) -> Iterator[int]:
        while True:
            with self._lock:
                position = None if self._stopped else next(self._positions, None)
            if position is None:
                return
            yield position

    def stop(self) -> None:
        """End every iteration."""
        self._stopped = True


def describe(devices: Sequence[Device], counts: Sequence[float] = ()) -> DeviceRecord:
    """Return what devices of one kind are; `counts` are cycles or instructions per sample."""
    first = devices[0]
    greeting, info, stats = first.greeting, first.info, first.stats()
    return DeviceRecord(
        board=greeting.board,
        core=greeting.core,
        emulated=first.link.emulated,
        firmware=greeting.firmware,
        engine=greeting.engine,
        unique_ids=tuple(sorted({one.greeting.unique_id.hex() for one in devices})),
        count_unit=first.clock.unit if first.clock else None,
        count_per_sample=statistics.median(counts) if counts else None,
        core_hz=first.clock.hz if first.clock else None,
        arena_bytes=info.arena_bytes if info else None,
        planned_bytes=info.planned_bytes if info else None,
        model_bytes=stats.model_bytes,
        stack_used_bytes=stats.stack_used_bytes,
        flash_bytes=stats.flash_bytes,
        ram_bytes=stats.ram_bytes,
    )


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of `devices` into ours."""
    try:
        yield
    except TinygateError:
        raise
    except BoardError as error:
        raise UserError(str(error)) from error
    except Refused as error:
        kind = ArtifactError if error.code in _OF_THE_MODEL else InfrastructureError
        raise kind(str(error)) from error
    except DeviceError as error:
        raise InfrastructureError(str(error)) from error


def _is_emulator(url: str) -> bool:
    return parse_url(url).scheme == "qemu"


def _close(devices: Sequence[Device]) -> None:
    for device in devices:
        device.close()
