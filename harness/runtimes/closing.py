"""What every session shares: it is a context manager, and runs on the host unless it says so."""

from __future__ import annotations

from typing import Self

from harness.predictions import DeviceRecord


class Closing:
    """Calls `close` at the end of a `with` block."""

    @property
    def device(self) -> DeviceRecord | None:
        """None: the session computes on the host."""
        return None

    def close(self) -> None:
        """Release what the session holds; nothing by default."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
