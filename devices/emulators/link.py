"""A link to an emulator: its byte stream, and its process."""

import contextlib
from collections.abc import Iterator
from typing import Protocol

from devices.errors import EmulatorError, LinkError
from devices.links.link import Link


class EmulatorProcess(Protocol):
    """An emulator that runs."""

    @property
    def pid(self) -> int:
        """The process id."""
        ...

    def ended(self, timeout_s: float = 0.0) -> bool:
        """Whether it has ended, waiting up to `timeout_s` for it."""
        ...

    def describe_end(self) -> str:
        """Return how it ended, and its last words."""
        ...

    def end(self, grace_s: float) -> None:
        """Wait `grace_s` for it to end by itself, then kill it."""
        ...


class EmulatorLink:
    """A byte stream to an emulator, and the emulator's process: closing the one ends the other.

    `grace_s` is how long the emulator may take to end by itself once its stream is closed.
    """

    emulated = True

    def __init__(
        self,
        program: str,
        stream: Link,
        process: EmulatorProcess,
        instructions_per_s: float | None,
        grace_s: float,
    ) -> None:
        self.name = stream.name
        self.bytes_per_s = stream.bytes_per_s
        self.instructions_per_s = instructions_per_s
        self._program = program
        self._stream = stream
        self._process = process
        self._grace_s = grace_s

    @property
    def pid(self) -> int:
        """The emulator's process id."""
        return self._process.pid

    def read(self, timeout_s: float) -> bytes:
        """As the stream's; an emulator that has ended is an EmulatorError."""
        with self._end_explained():
            return self._stream.read(timeout_s)

    def write(self, data: bytes) -> None:
        """As the stream's; an emulator that has ended is an EmulatorError."""
        with self._end_explained():
            self._stream.write(data)

    def close(self) -> None:
        """Close the stream and end the emulator."""
        self._stream.close()
        self._process.end(self._grace_s)

    @contextlib.contextmanager
    def _end_explained(self) -> Iterator[None]:
        try:
            yield
        except LinkError as error:
            if not self._process.ended(1.0):
                raise
            end = self._process.describe_end()
            raise EmulatorError(f"{self.name}: {self._program} {end}") from error
