"""The parent's end of a TFLM worker: starts it, feeds it, and says why it died."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import (
    ArtifactError,
    InfrastructureError,
    MissingExtraError,
    TinygateError,
)
from harness.processes import child_environment
from harness.runtimes.tflm_worker import EXIT_NOT_INSTALLED, EXIT_REFUSED

_MODEL_SIGNALS = (signal.SIGABRT, signal.SIGSEGV, signal.SIGFPE)
"""How native code dies of what it computes; any other signal comes from outside."""

_IN_FLIGHT_BYTES = 1 << 15
"""Less than a pipe holds: the worker never waits to write while the parent still writes."""

_NO_ROOM = "available"
"""In every message of TFLM about an arena that is too small, and in no other."""

_REASON_BYTES = 2000
_REASON_CHARACTERS = 400
_COMMAND = (sys.executable, "-P", "-m", "harness.runtimes.tflm_worker")


class ArenaTooSmallError(ArtifactError):
    """TFLM refused to allocate; a larger arena may do."""


class TflmProcess:
    """One worker process; `start` returns at once, `ready` waits for the model to be loaded."""

    def __init__(self, content: bytes, arena_bytes: int, *, trace: bool = False) -> None:
        self._printed: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed by kill)
        self._process = subprocess.Popen(  # noqa: S603  (our own module)
            _COMMAND,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._printed,
            env=child_environment(),
        )
        header = {
            "model_bytes": len(content),
            "arena_bytes": arena_bytes,
            "trace": trace,
            "die_with_parent": threading.current_thread() is threading.main_thread(),
        }
        self._greeting = json.dumps(header).encode() + b"\n" + content

    def ready(self) -> dict[str, int]:
        """Wait until the model is loaded; return the arena's bytes: `total`, `head`, `tail`.

        Raises:
            ArenaTooSmallError: the arena was too small.
            ArtifactError: TFLM refuses the model or aborts on it.
            InfrastructureError: the worker died of something else.
            MissingExtraError: TFLM is not installed.

        """
        self._write(self._greeting)
        self._greeting = b""
        line = self._stdout.readline()
        if not line:
            raise self._cause()
        arena: dict[str, int] = json.loads(line)["arena"]
        return arena

    def run(self, inputs: NDArray[np.generic], output_bytes: int) -> bytes:
        """Return the raw outputs of raw inputs (N, ...), one after the other; errors as `ready`."""
        window = max(1, _IN_FLIGHT_BYTES // output_bytes)
        parts = []
        for start in range(0, len(inputs), window):
            chunk = inputs[start : start + window]
            self._write(chunk.tobytes())
            parts.append(self._read(len(chunk) * output_bytes))
        return b"".join(parts)

    def trace(self, content: bytes, outputs: int) -> Iterator[bytes]:
        """Yield the raw tensors of all `outputs` operator outputs for one raw input."""
        self._write(content)
        for _ in range(outputs):
            (size_bytes,) = struct.unpack("<Q", self._read(8))
            yield self._read(size_bytes)

    def kill(self) -> None:
        """End the worker and release its pipes; harmless when it has ended."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._printed):
            if stream is not None:
                _close(stream)

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None  # noqa: S101  (narrows the type)
        return self._process.stdout

    def _write(self, content: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101  (narrows the type)
        try:
            self._process.stdin.write(content)
            self._process.stdin.flush()
        except (OSError, ValueError) as error:
            raise self._cause() from error

    def _read(self, size_bytes: int) -> bytes:
        try:
            content = self._stdout.read(size_bytes)
        except (OSError, ValueError) as error:
            raise self._cause() from error
        if len(content) != size_bytes:
            raise self._cause()
        return content

    def _cause(self) -> TinygateError:
        """Return the error that explains why the worker ended."""
        code = self._process.wait()
        reason = self._reason()
        if code == EXIT_NOT_INSTALLED:
            return MissingExtraError(f"tflite-micro ({reason})", "runtimes")
        if code == EXIT_REFUSED and _NO_ROOM in reason:
            return ArenaTooSmallError(reason)
        if code == EXIT_REFUSED:
            return ArtifactError(f"TFLM refuses the model: {reason}")
        if -code in _MODEL_SIGNALS:
            return ArtifactError(
                f"TFLM aborts on the model ({signal.Signals(-code).name}): {reason}"
            )
        ending = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return InfrastructureError(f"a TFLM worker process ended ({ending}): {reason}")

    def _reason(self) -> str:
        if self._printed.closed:
            return "the session was closed"
        size_bytes = self._printed.seek(0, os.SEEK_END)
        self._printed.seek(max(0, size_bytes - _REASON_BYTES))
        text = self._printed.read().decode("utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return "; ".join(lines)[-_REASON_CHARACTERS:] or "it printed nothing"


def _close(stream: IO[Any]) -> None:
    try:
        stream.close()
    except OSError:
        return  # unwritten input of a worker that is gone
