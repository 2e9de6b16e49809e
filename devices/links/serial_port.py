"""A link over a serial port, or over what else pyserial opens (rfc2217:// and its other URLs)."""

import errno
import time
from typing import Any
from urllib.parse import urlsplit

import serial

from devices.errors import LinkError
from devices.links.link import Link
from devices.links.lock import PortLock, in_use, locked, serial_key, tcp_key
from devices.links.url import DeviceUrl

DEFAULT_BAUD = 115200
BITS_PER_BYTE = 10
WRITE_TIMEOUT_S = 30.0
WRITE_BYTES = 1024
PERMISSION = "run: sudo usermod -aG dialout $USER, then log out and in"
POLL_S = 0.05  # fixed: pyserial sets a port up anew whenever its timeout changes


class SerialLink:
    """Moves bytes over an open pyserial port; owns it, and its lock."""

    emulated = False
    instructions_per_s: float | None = None

    def __init__(self, name: str, port: serial.Serial, lock: PortLock | None = None) -> None:
        self.name = name
        self._lock = lock
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
        """Close the port, then let others have it."""
        self._port.close()
        if self._lock is not None:
            self._lock.release()


def open_serial(url: DeviceUrl) -> Link:
    """Return a link to a port such as /dev/ttyACM0 or COM5, or to a URL of pyserial's.

    `?baud=N` sets the line rate, 115200 by default. A URL's other options are left to pyserial. A
    port is ours alone: a second process is refused.
    """
    baud = url.positive("baud", DEFAULT_BAUD) or DEFAULT_BAUD
    if url.scheme == "serial":
        url.only("baud")
        settings = {"write_timeout": WRITE_TIMEOUT_S, "exclusive": True}
        return _open(url.text, url.target, serial_key(url.target), baudrate=baud, **settings)
    rest = [f"{name}={value}" for name, value in url.options.items() if name != "baud"]
    base = url.text.partition("?")[0]
    return _open(
        url.text, base + ("?" + "&".join(rest) if rest else ""), _server_key(url), baudrate=baud
    )


def _server_key(url: DeviceUrl) -> str | None:
    """Return the lock's key of a remote port; None for pyserial's other URLs."""
    if url.scheme != "rfc2217":
        return None
    try:
        parts = urlsplit(f"//{url.target}")
        return tcp_key(parts.hostname, parts.port) if parts.hostname and parts.port else None
    except ValueError:
        return None


def _open(name: str, where: str, key: str | None, **settings: Any) -> Link:
    lock = locked(name, key)
    try:
        port = serial.serial_for_url(where, timeout=POLL_S, **settings)
    except BaseException as error:
        if lock is not None:
            lock.release()
        if isinstance(error, (serial.SerialException, OSError, ValueError, NotImplementedError)):
            raise LinkError(_problem(name, error)) from error
        raise
    return SerialLink(name, port, lock)


def _problem(name: str, error: Exception) -> str:
    """Return the line about a port that does not open; one of another user's may be locked."""
    if isinstance(error, OSError) and error.errno in (errno.EAGAIN, errno.EBUSY):
        return in_use(name, 0)
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM):
        return f"{name}: no permission to open the port; {PERMISSION}"
    if isinstance(error, OSError) and error.errno == errno.ENOENT:
        return f"{name}: cannot open the port: there is none of this name; see tinygate device list"
    return f"{name}: cannot open the port ({error})"
