"""Builds the C of devices/firmware/link for the host, under the sanitizers, and runs it."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from devices.links.pipe import PipeLink

ROOT = Path(__file__).parents[2]
OUT = ROOT / "build" / "test-native"
TESTS = Path(__file__).parent / "link"


def need(*tools: str) -> None:
    """Skip where a tool is not installed; fail instead in CI."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def build(program: str) -> Path:
    """Return a program of tests/devices/link, made anew where its sources changed."""
    need("gcc", "make")
    OUT.mkdir(parents=True, exist_ok=True)
    with (OUT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = ["make", "-s", "-j2", "-C", str(TESTS), f"OUT={OUT}", str(OUT / program)]
        subprocess.run(command, check=True, timeout=200)
    return OUT / program


class ProcessLink(PipeLink):
    """The session of a host build, over the pipes of its process."""

    def __init__(self, program: Path) -> None:
        self.process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        assert self.process.stdin
        assert self.process.stdout
        self._files = self.process.stdin, self.process.stdout
        super().__init__("pipe", self.process.stdout.fileno(), self.process.stdin.fileno())

    def close(self) -> None:
        standard_in, standard_out = self._files
        standard_in.close()
        os.set_blocking(standard_out.fileno(), True)
        standard_out.read()
        standard_out.close()
        self._read_fd = self._write_fd = -1
        assert self.process.wait(5) == 0, "a sanitizer stopped the session"
