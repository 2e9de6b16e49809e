"""TensorFlow Lite Micro behind a process of its own, restarted after it aborts."""

from __future__ import annotations

import contextlib
import struct
import subprocess
import sys
from pathlib import Path

WORKER = Path(__file__).with_name("oracle_worker.py")


class Oracle:
    """Outputs of a model, "refused", or "aborted"."""

    def __init__(self) -> None:
        self._process = self._start()

    @staticmethod
    def _start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def run(self, model: bytes, inputs: bytes) -> bytes | str:
        """Outputs of all samples back to back, or the word for why there are none."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin and stdout
        request = struct.pack("<II", len(model), len(inputs)) + model + inputs
        stdin.write(request)
        stdin.flush()
        header = stdout.read(8)
        if len(header) < 8:
            self.close()
            self._process = self._start()
            return "aborted"
        code, size = struct.unpack("<II", header)
        return "refused" if code else stdout.read(size)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
