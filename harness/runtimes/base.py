"""What every session shares: what it is, and that it is a context manager."""

from __future__ import annotations

from typing import Self

from harness.predictions import DeviceRecord, RuntimeRecord, ScoreKind


class BaseSession:
    """A session on the host; closing it calls `close`."""

    def __init__(self, record: RuntimeRecord, artifact_sha256: str, kind: ScoreKind) -> None:
        self.record = record
        self.artifact_sha256 = artifact_sha256
        self.kind: ScoreKind = kind

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
