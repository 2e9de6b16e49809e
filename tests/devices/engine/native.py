"""The engine on this machine: builds the native programs and talks to the runner."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

FIRMWARE = Path(__file__).resolve().parents[3] / "devices" / "firmware"
HOST = FIRMWARE / "build" / "host"

OK, MALFORMED, UNSUPPORTED, TOO_LARGE, ARENA_TOO_SMALL, REFUSED = 0, 32, 33, 34, 35, 36


@dataclass(frozen=True)
class Answer:
    """What the engine said: a status of runtime.h, the figures of the load, outputs and trace."""

    status: int
    input_bytes: int
    output_bytes: int
    arena_bytes: int
    planned_bytes: int
    operators: int
    detail: str
    outputs: bytes
    trace: tuple[tuple[int, int, int, int], ...]


def build(target: str) -> Path:
    """Path of a native program, made where it is missing or old."""
    path = HOST / target
    made = subprocess.run(
        ["make", "-s", "-C", str(FIRMWARE / "host"), f"../build/host/{target}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(f"cannot build {target}:\n{made.stderr}")
    return path


class Runner:
    """A runner process."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen(
            [str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def run(
        self, model: bytes, inputs: bytes, arena_limit: int = 1 << 20, traced: bool = False
    ) -> Answer:
        """Load the model, infer every sample; RuntimeError with its last words if it dies."""
        assert self._process.stdin and self._process.stdout
        header = struct.pack("<IIII", len(model), len(inputs), arena_limit, int(traced))
        self._process.stdin.write(header + model + inputs)
        self._process.stdin.flush()
        figures: tuple[int, int, int, int, int, int] = struct.unpack("<6I", self._read(24))
        detail = self._read(96).split(b"\0")[0].decode()
        outputs = self._read(*struct.unpack("<I", self._read(4)))
        words = struct.unpack("<I", self._read(4))[0]
        trace = tuple(struct.iter_unpack("<4I", self._read(4 * words)))
        return Answer(*figures, detail, outputs, trace)

    def _read(self, size: int) -> bytes:
        assert self._process.stdout and self._process.stderr
        data = self._process.stdout.read(size)
        if len(data) < size:
            self._process.kill()
            raise RuntimeError(f"the engine died:\n{self._process.stderr.read().decode()}")
        return data

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()
        self._process.stderr.close()
