"""What every session shares: it is a context manager, and closing it twice is harmless."""

from __future__ import annotations

from typing import Self


class Closing:
    """Calls `close` at the end of a `with` block."""

    def close(self) -> None:
        """Release what the session holds; nothing by default."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
