"""A link over a serial port, or over what else pyserial opens (rfc2217:// and its other URLs)."""

import time
from typing import Any

import serial

from devices.errors import LinkError
from devices.links.link import Link
from devices.links.url import DeviceUrl

DEFAULT_BAUD = 115200
BITS_PER_BYTE = 10
WRITE_TIMEOUT_S = 30.0
WRITE_BYTES = 1024
POLL_S = 0.05  # fixed: pyserial sets a port up anew whenever its timeout changes


class SerialLink:
    """Moves bytes over an open pyserial port, which it owns."""

    emulated = False
    instructions_per_s: float | None = None

    def __init__(self, name: str, port: serial.Serial) -> None:
        self.name = name
        self.bytes_per_s: float | None = port.baudrate / BITS_PER_BYTE
        self._port = port

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, b"" after the timeout; raises LinkError once it is gone."""
        deadline = time.monotonic() + timeout_s
        try:
            while not (first := self._port.read(1)):
                if time.monotonic() >= deadline:
                    return b""
            return bytes(first + self._port.read(self._port.in_waiting))
        except (OSError, TypeError) as error:
            raise LinkError(f"{self.name}: the port is gone ({error})") from error

    def write(self, data: bytes) -> None:
        """Take all of `data`; raises LinkError where the port takes no more for 30 s."""
        try:
            for at in range(0, len(data), WRITE_BYTES):
                self._port.write(data[at : at + WRITE_BYTES])
        except serial.SerialTimeoutException as error:
            text = f"{self.name}: took no data for {WRITE_TIMEOUT_S:.0f} s"
            raise LinkError(text) from error
        except (OSError, TypeError) as error:
            raise LinkError(f"{self.name}: the port is gone ({error})") from error

    def close(self) -> None:
        """Close the port."""
        self._port.close()


def open_serial(url: DeviceUrl) -> Link:
    """Return a link to a port such as /dev/ttyACM0 or COM5, or to a URL of pyserial's.

    `?baud=N` sets the line rate, 115200 by default. A URL's other options are left to pyserial. A
    port is ours alone: a second program is refused.
    """
    baud = url.positive("baud", DEFAULT_BAUD) or DEFAULT_BAUD
    if url.scheme == "serial":
        url.only("baud")
        return _open(url.text, url.target, baud, write_timeout=WRITE_TIMEOUT_S, exclusive=True)
    rest = [f"{name}={value}" for name, value in url.options.items() if name != "baud"]
    base = url.text.partition("?")[0]
    return _open(url.text, base + ("?" + "&".join(rest) if rest else ""), baud)


def _open(name: str, where: str, baud: int, **settings: Any) -> Link:
    try:
        port = serial.serial_for_url(where, baudrate=baud, timeout=POLL_S, **settings)
    except (serial.SerialException, OSError, ValueError, NotImplementedError) as error:
        raise LinkError(f"{name}: cannot open the port ({error})") from error
    return SerialLink(name, port)
