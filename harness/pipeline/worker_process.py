"""A worker process, seen from the process that started it: one call at a time."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

from harness.errors import InfrastructureError
from harness.pipeline.worker import unpack_error
from harness.processes import child_environment, interrupts_deferred

_END_WITHIN_S = 10
_COMMAND = (sys.executable, "-P", "-m", "harness.pipeline.worker")

Show = Callable[[list[Any]], None]
"""Told what a call tells of its tasks: `begin title total`, `advance title done note`, `end`."""


class WorkerDiedError(InfrastructureError):
    """A worker process ended in the middle of a call, killed or out of memory."""


class WorkerProcess:
    """A child that runs functions of ours on plain data; its death is an error of that call."""

    def __init__(self) -> None:
        reading, writing = os.pipe()
        command = [*_COMMAND, str(writing), str(os.getpid())]
        with interrupts_deferred():
            self._process = subprocess.Popen(  # noqa: S603  (our own interpreter)
                command,
                stdin=subprocess.PIPE,
                pass_fds=(writing,),
                env=child_environment(),
                encoding="utf-8",
            )
        os.close(writing)
        self._messages = os.fdopen(reading, encoding="utf-8")

    def call(self, function: str, arguments: Sequence[Any], show: Show) -> Any:
        """Return what `module:name` returns for `arguments` in the child.

        Raises:
            WorkerDiedError: the child ended first.
            TinygateError: the function's own.

        """
        self._write({"function": function, "arguments": list(arguments)})
        while True:
            kind, content = self._read()
            if kind == "returned":
                return content
            if kind == "raised":
                raise unpack_error(content)
            show(content)

    def kill(self) -> None:
        """End the child at once."""
        self._process.kill()

    def close(self) -> None:
        """End the child and release its pipes; one that is idle ends by itself."""
        assert self._process.stdin is not None  # noqa: S101  (narrows the type)
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._messages.close()

    def _write(self, call: dict[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101  (narrows the type)
        try:
            self._process.stdin.write(json.dumps(call) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise self._death() from error

    def _read(self) -> list[Any]:
        line = self._messages.readline()
        if not line.endswith("\n"):  # a line cut short is a death as well
            raise self._death()
        message: list[Any] = json.loads(line)
        return message

    def _death(self) -> WorkerDiedError:
        try:
            code = self._process.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        ending = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return WorkerDiedError(f"a worker process ended in the middle of its work ({ending})")
