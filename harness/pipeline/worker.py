"""The inside of a worker process: calls come as lines of JSON, and so do the answers go back.

A call is `{"function": "module:name", "arguments": [...]}` on standard input. Back go messages on
the pipe whose number is the first argument: `["task", ...]` while the call works, then
`["returned", value]` or `["raised", error]`. Nothing but plain data crosses.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from rich.console import Console

from harness import errors
from harness.errors import MissingExtraError, TinygateError
from harness.processes import die_with_parent
from harness.progress import Advance, Reporter

Send = Callable[[list[Any]], None]


class WorkerFault(Exception):
    """A bug that showed in a worker process; its traceback there is a note."""


class RemoteReporter(Reporter):
    """Tells what this process does to the process that shows it."""

    def __init__(self, send: Send) -> None:
        super().__init__(Console(quiet=True))
        self._send = send

    def line(self, text: str) -> None:
        """Not for workers: what they find is in their results."""
        raise NotImplementedError("a worker reports tasks only")

    @contextlib.contextmanager
    def task(self, title: str, total: int) -> Iterator[Advance]:
        """Tell that a task begins, advances and ends; of one that fails the end is not told."""
        self._send(["begin", title, total])
        yield lambda done, note: self._send(["advance", title, done, note])
        self._send(["end", title])


_reporter = Reporter(Console(quiet=True))


def reporter() -> Reporter:
    """Return what a call reports its tasks to."""
    return _reporter


def function_name(function: Callable[..., Any]) -> str:
    """Return `module:name` of a function at the top of a module."""
    return f"{function.__module__}:{function.__qualname__}"


def pack_error(error: Exception) -> dict[str, Any]:
    """Return an error as plain data, by the closest class of `harness.errors`."""
    if isinstance(error, MissingExtraError):
        return {"kind": "MissingExtraError", "arguments": [error.package, error.extra]}
    if isinstance(error, TinygateError):
        known = next(one for one in type(error).__mro__ if one.__module__ == errors.__name__)
        return {"kind": known.__name__, "arguments": [str(error)]}
    if isinstance(error, OSError) and error.errno is not None:
        where = None if error.filename is None else str(error.filename)
        return {"kind": "OSError", "arguments": [error.errno, error.strerror, where]}
    if isinstance(error, ModuleNotFoundError):
        return {"kind": "ModuleNotFoundError", "arguments": [str(error)], "name": error.name}
    note = "".join(traceback.format_exception(error))
    return {"kind": "bug", "arguments": [f"{type(error).__name__}: {error}"], "note": note}


def unpack_error(packed: dict[str, Any]) -> Exception:
    """Return the error that `pack_error` took apart."""
    kind, arguments = packed["kind"], packed["arguments"]
    if kind == "OSError":
        return OSError(*arguments)
    if kind == "ModuleNotFoundError":
        return ModuleNotFoundError(*arguments, name=packed["name"])
    if kind == "bug":
        fault = WorkerFault(*arguments)
        fault.add_note(packed["note"])
        return fault
    error: Exception = getattr(errors, kind)(*arguments)
    return error


def _sender(pipe: int) -> Send:
    stream, lock = os.fdopen(pipe, "w", encoding="utf-8"), threading.Lock()

    def send(message: list[Any]) -> None:
        with lock:
            stream.write(json.dumps(message) + "\n")
            stream.flush()

    return send


def _answer(call: dict[str, Any]) -> list[Any]:
    module, _, name = call["function"].partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
        return ["returned", function(*call["arguments"])]
    except Exception as error:
        return ["raised", pack_error(error)]


def serve(pipe: int, parent: int) -> None:
    """Answer the calls on standard input until it ends."""
    global _reporter  # noqa: PLW0603  (one process serves one caller)
    die_with_parent(parent)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    send = _sender(pipe)
    _reporter = RemoteReporter(lambda message: send(["task", message]))
    for line in sys.stdin:
        send(_answer(json.loads(line)))


if __name__ == "__main__":
    from harness.pipeline.worker import serve as serve_as_imported  # one module, not a twin

    serve_as_imported(int(sys.argv[1]), int(sys.argv[2]))
