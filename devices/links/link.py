"""What moves bytes between host and device."""

from typing import Protocol


class Link(Protocol):
    """A byte stream to one device; it may lose or change bytes, and nothing here knows frames.

    `name` stands in messages. `bytes_per_s` is the line rate where one is known: timeouts allow for
    it. `instructions_per_s` is set for an emulator that counts instructions, `emulated` for any.
    """

    name: str
    bytes_per_s: float | None
    emulated: bool
    instructions_per_s: float | None

    def read(self, timeout_s: float) -> bytes:
        """Return what has arrived, waiting up to `timeout_s` for a first byte; b"" if none came.

        Raises LinkError once the stream has ended.
        """
        ...

    def write(self, data: bytes) -> None:
        """Take all of `data`; raises LinkError where it cannot within bounded time."""
        ...

    def close(self) -> None:
        """End the stream and whatever stands behind it; a second call does nothing."""
        ...
