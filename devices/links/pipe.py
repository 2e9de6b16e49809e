"""A link over a pair of pipes of this machine."""

import contextlib
import os
import select

from devices.errors import LinkError

READ_BYTES = 1 << 16
WRITE_TIMEOUT_S = 10.0


class PipeLink:
    """Reads one descriptor and writes another, never waiting beyond its bounds; owns both."""

    bytes_per_s: float | None = None
    emulated = False
    instructions_per_s: float | None = None

    def __init__(self, name: str, read_fd: int, write_fd: int) -> None:
        self.name = name
        self._read_fd = read_fd
        self._write_fd = write_fd
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, b"" after the timeout; raises LinkError at the end."""
        try:
            if not select.select([self._read_fd], [], [], max(0.0, timeout_s))[0]:
                return b""
            data = os.read(self._read_fd, READ_BYTES)
        except (OSError, ValueError) as error:
            raise LinkError(f"{self.name}: the pipe broke ({error})") from error
        if not data:
            raise LinkError(f"{self.name}: the other side closed the pipe")
        return data

    def write(self, data: bytes) -> None:
        """Take all of `data`; raises LinkError after 10 s in which not a byte was taken."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._write_some(rest) :]

    def _write_some(self, data: memoryview) -> int:
        try:
            if not select.select([], [self._write_fd], [], WRITE_TIMEOUT_S)[1]:
                raise LinkError(f"{self.name}: took no data for {WRITE_TIMEOUT_S:.0f} s")
            return os.write(self._write_fd, data)
        except (OSError, ValueError) as error:
            raise LinkError(f"{self.name}: the pipe broke ({error})") from error

    def close(self) -> None:
        """Close both ends of ours."""
        for fd in {self._read_fd, self._write_fd} - {-1}:
            with contextlib.suppress(OSError):
                os.close(fd)
        self._read_fd = self._write_fd = -1
