"""The runtime `device`: boards and emulated boards, over our wire protocol or MLPerf Tiny's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from devices.client import connect
from devices.emulators import board_of, firmware_image, is_emulator
from devices.inference_device import InferenceDevice
from devices.protocol.messages import VERSION_MAJOR, VERSION_MINOR
from harness.errors import UserError
from harness.files import sha256_of_file
from harness.runtimes.device_errors import translated
from harness.runtimes.device_protocol import TINYGATE, DeviceProtocol, connect_mlperf_tiny
from harness.runtimes.device_record import describe
from harness.runtimes.device_session import Bench, DeviceSession
from harness.runtimes.host import usable_cores
from harness.runtimes.tflite import TFLiteArtifact

__all__ = ["DeviceRuntime", "DeviceSession", "describe", "translated"]


class DeviceRuntime:
    """Loads int8 .tflite files onto devices, each named by its URL.

    A single emulator is started up to `emulators` times, by default once per core, when there are
    enough samples. A device that says it is another board than `board`, or than the emulator's URL
    names, is refused before a sample is sent. `protocol` is `tinygate`, or `mlperf-tiny` for boards
    that carry MLPerf Tiny firmware: nothing is loaded onto those (see `DeviceProtocol`).
    """

    suffix = ".tflite"

    def __init__(
        self,
        devices: Sequence[str] = (),
        board: str | None = None,
        emulators: int | None = None,
        protocol: str = TINYGATE,
    ) -> None:
        if not devices:
            raise UserError("runtime device needs a device; give --device qemu://mps2-an386, say")
        if len(set(devices)) != len(devices) and not all(map(is_emulator, devices)):
            raise UserError(f"a device is named twice: {', '.join(devices)}")
        self._urls = tuple(devices)
        self._board = board
        self._emulators = emulators or usable_cores()
        self._protocol = DeviceProtocol.parse(protocol)

    @property
    def version(self) -> str:
        """The protocol and, of emulators, the firmware image that they run."""
        with translated():
            images = {
                sha256_of_file(firmware_image(url))[:12] for url in self._urls if is_emulator(url)
            }
        ours = f"protocol {VERSION_MAJOR}.{VERSION_MINOR}"
        return " ".join([self._protocol.text if self._protocol.care else ours, *sorted(images)])

    def load(self, artifact: Path) -> DeviceSession:
        """Return a session: every device holds the model.

        Raises:
            ArtifactError: as `Runtime.load`, or a device refuses the model: an operator it lacks,
                too large by so many bytes.
            BenchError: a device is another board than expected, or of another kind than the others.
            InfrastructureError: no device answers.

        """
        loaded = TFLiteArtifact.load(artifact, int8=True)
        bench = Bench(self._urls, self._connection(loaded), self.version, self._emulators)
        return DeviceSession(loaded, bench)

    def connect(self, url: str) -> InferenceDevice:
        """Return the greeted device, which is of the expected board; errors are DeviceErrors."""
        return self._expected(url, connect(url))

    def _connection(self, artifact: TFLiteArtifact) -> Callable[[str], InferenceDevice]:
        care = self._protocol.care
        if care is None:
            return self.connect
        return lambda url: self._expected(url, connect_mlperf_tiny(url, artifact, care))

    def _expected(self, url: str, device: InferenceDevice) -> InferenceDevice:
        """Return the device, which is of the expected board; another one is closed."""
        expected = board_of(url) if is_emulator(url) else self._board
        try:
            if expected is not None:
                device.expect_board(expected)
        except BaseException:
            device.close()
            raise
        return device
