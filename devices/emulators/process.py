"""A process of ours that never outlives us."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

SHIM = Path(__file__).resolve().with_name("with_parent.py")
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

    `inherited` stays the caller's: it closes its copies. With `group` the command has a process
    group of its own, all of which ends with it: for a command that may be a script around another.
    """

    def __init__(
        self,
        command: list[str],
        inherited: dict[int, int],
        environment: Mapping[str, str] | None = None,
        group: bool = False,
    ) -> None:
        moves = ",".join(f"{source}:{target}" for target, source in inherited.items())
        shim = [sys.executable, "-I", "-S", str(SHIM), str(os.getpid()), moves]
        descriptors = tuple(inherited.values())
        start = _spawner().submit(_start, [*shim, *command], descriptors, environment, group)
        self._process = start.result()
        self._group = group

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def ended(self, timeout_s: float = 0.0) -> bool:
        """Whether the process has ended, waiting up to `timeout_s` for it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        if self._process.poll() is None:
            return False
        self._end_group()
        return True

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
            self._end_group()
            self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()

    def _end_group(self) -> None:
        """Kill what is left of the group, once: later its number may be another's."""
        if self._group:
            self._group = False
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _start(
    command: list[str],
    inherited: tuple[int, ...],
    environment: Mapping[str, str] | None,
    group: bool,
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - the command is ours
        command,
        pass_fds=inherited,
        env=environment,
        process_group=0 if group else None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        bufsize=0,
    )
