"""A process of ours that never outlives us."""

import contextlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

SHIM = Path(__file__).with_name("with_parent.py")
END_S = 1.0
STDERR_BYTES = 1 << 16


@cache
def _spawner() -> ThreadPoolExecutor:
    """Return the thread that starts processes: the kernel takes its end for the parent's."""
    return ThreadPoolExecutor(1, thread_name_prefix="emulators")


if hasattr(os, "register_at_fork"):  # a forked child has no such thread
    os.register_at_fork(after_in_child=_spawner.cache_clear)


class ChildProcess:
    """A command whose descriptors `inherited[k]` are given as `k`; killed when this process ends.

    `inherited` stays the caller's: it closes its copies.
    """

    def __init__(self, command: list[str], inherited: dict[int, int]) -> None:
        moves = ",".join(f"{source}:{target}" for target, source in inherited.items())
        shim = [sys.executable, "-I", "-S", str(SHIM), str(os.getpid()), moves]
        self._process = (
            _spawner().submit(_start, [*shim, *command], tuple(inherited.values())).result()
        )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def ended(self, timeout_s: float = 0.0) -> bool:
        """Whether the process has ended, waiting up to `timeout_s` for it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        return self._process.poll() is not None

    def describe_end(self) -> str:
        """Return the exit status and the last line of stderr of a process that has ended."""
        stderr = self._process.stderr
        text = stderr.read(STDERR_BYTES).decode("utf-8", "replace") if stderr else ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        status = f"ended with status {self._process.returncode}"
        return f"{status}: {lines[-1]}" if lines else status

    def end(self, grace_s: float = END_S) -> None:
        """Wait `grace_s` for the process to end, then kill it."""
        if not self.ended(grace_s):
            self._process.kill()
            self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()


def _start(command: list[str], inherited: tuple[int, ...]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - the command is ours
        command,
        pass_fds=inherited,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        bufsize=0,
    )
