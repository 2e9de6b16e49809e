"""A link at a line rate: what a UART of that speed would do to a faster one."""

import time
from collections import deque

from devices.links.link import Link

BITS_PER_BYTE = 10
SLICE_S = 0.002


class Lane:
    """One direction of a line: each byte takes 10 bit times, and one follows the other."""

    def __init__(self, bytes_per_s: float) -> None:
        self._byte_s = 1.0 / bytes_per_s
        self._parts: deque[tuple[float, memoryview]] = deque()
        self._free_at = 0.0
        self.bytes_moved = 0

    def put(self, data: bytes, now: float) -> None:
        """Queue bytes that arrive at the line at `now`, seconds of a monotonic clock."""
        start = max(now, self._free_at)
        self._free_at = start + len(data) * self._byte_s
        self._parts.append((start, memoryview(data)))
        self.bytes_moved += len(data)

    def take(self, now: float) -> bytes:
        """Return the bytes that have left the line by `now`, in order."""
        out = bytearray()
        while self._parts:
            start, data = self._parts[0]
            count = min(len(data), int((now - start) / self._byte_s))
            if count <= 0:
                break
            out += data[:count]
            self._parts.popleft()
            if count < len(data):
                self._parts.appendleft((start + count * self._byte_s, data[count:]))
                break
        return bytes(out)

    def next_at(self) -> float | None:
        """Return when the next byte leaves the line, None where it is empty."""
        return self._parts[0][0] + self._byte_s if self._parts else None


class ThrottledLink:
    """Another link, slowed in both directions to `baud` (8 data bits, one start and stop bit)."""

    def __init__(self, link: Link, baud: int) -> None:
        self.name = link.name
        self.bytes_per_s: float | None = baud / BITS_PER_BYTE
        self.emulated = link.emulated
        self.instructions_per_s = link.instructions_per_s
        self._link = link
        self.to_device = Lane(baud / BITS_PER_BYTE)
        self.to_host = Lane(baud / BITS_PER_BYTE)

    def read(self, timeout_s: float) -> bytes:
        """Return the bytes that have come over the line, b"" after the timeout."""
        deadline = time.monotonic() + timeout_s
        while True:
            self._move(min(SLICE_S, max(0.0, deadline - time.monotonic())))
            data = self.to_host.take(time.monotonic())
            if data or time.monotonic() >= deadline:
                return data

    def _move(self, wait_s: float) -> None:
        due = self.to_device.take(time.monotonic())
        if due:
            self._link.write(due)
        arrived = self._link.read(wait_s)
        if arrived:
            self.to_host.put(arrived, time.monotonic())

    def write(self, data: bytes) -> None:
        """Queue `data` for the line and return at once, as a driver's buffer does."""
        self.to_device.put(data, time.monotonic())

    def close(self) -> None:
        """Close the link behind; what is still on the line is lost."""
        self._link.close()
