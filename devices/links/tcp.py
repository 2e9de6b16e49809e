"""A link over a connected socket.

pyserial's own socket:// hands out a byte at a time, for it cannot tell how many have arrived.
"""

import select
import socket
from urllib.parse import urlsplit

from devices.errors import LinkError
from devices.links.link import Link
from devices.links.lock import PortLock, locked, tcp_key
from devices.links.url import DeviceUrl

READ_BYTES = 1 << 16
WRITE_TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 5.0


class SocketLink:
    """Moves bytes over a connected stream socket; owns it, and the port's lock."""

    emulated = False
    instructions_per_s: float | None = None

    def __init__(
        self,
        name: str,
        connected: socket.socket,
        bytes_per_s: float | None = None,
        lock: PortLock | None = None,
    ) -> None:
        self.name = name
        self._lock = lock
        self.bytes_per_s = bytes_per_s
        self._socket = connected
        self._socket.settimeout(WRITE_TIMEOUT_S)

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, b"" after the timeout; raises LinkError at the end."""
        try:
            if not select.select([self._socket], [], [], max(0.0, timeout_s))[0]:
                return b""
            data = self._socket.recv(READ_BYTES)
        except (OSError, ValueError) as error:
            raise LinkError(f"{self.name}: the connection broke ({error})") from error
        if not data:
            raise LinkError(f"{self.name}: the other side closed the connection")
        return data

    def write(self, data: bytes) -> None:
        """Take all of `data`; raises LinkError where that takes longer than 10 s."""
        try:
            self._socket.sendall(data)
        except TimeoutError as error:
            text = f"{self.name}: took no data for {WRITE_TIMEOUT_S:.0f} s"
            raise LinkError(text) from error
        except OSError as error:
            raise LinkError(f"{self.name}: the connection broke ({error})") from error

    def close(self) -> None:
        """Close the connection, then let others have the port."""
        self._socket.close()
        if self._lock is not None:
            self._lock.release()


def open_socket(url: DeviceUrl) -> Link:
    """Return a link to `socket://host:port`, the raw TCP port of a serial server or a simulator.

    The port is ours alone on this machine: a second process is refused.
    """
    url.only()
    parts = urlsplit(f"//{url.target}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port:
        raise LinkError(f"{url.text}: expected socket://host:port")
    lock = locked(url.text, tcp_key(host, port))
    try:
        return SocketLink(url.text, _connected(url.text, host, port), lock=lock)
    except BaseException:
        if lock is not None:
            lock.release()
        raise


def _connected(name: str, host: str, port: int) -> socket.socket:
    try:
        connected = socket.create_connection((host, port), CONNECT_TIMEOUT_S)
    except OSError as error:
        raise LinkError(f"{name}: cannot connect ({error.strerror or error})") from error
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected
