"""The tasks of several workers on one reporter."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from harness.progress import Advance, Reporter


class _Abandoned(Exception):
    """The worker of a task died: the task ends without a line that says it is done."""


class ShownTasks(contextlib.AbstractContextManager["ShownTasks"]):
    """Shows what workers tell, from any thread; a task begun twice goes on from the second."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._lock = threading.Lock()
        self._tasks: dict[str, tuple[contextlib.ExitStack, Advance]] = {}

    def show(self, message: list[Any]) -> None:
        """Take a message `begin title total`, `advance title done note` or `end title`."""
        kind, title, *rest = message
        with self._lock:
            if kind == "begin":
                self._abandon(title)
                stack = contextlib.ExitStack()
                self._tasks[title] = stack, stack.enter_context(self._reporter.task(title, *rest))
            elif kind == "advance" and title in self._tasks:
                self._tasks[title][1](*rest)
            elif kind == "end" and title in self._tasks:
                self._tasks.pop(title)[0].close()

    def _abandon(self, title: str) -> None:
        if title in self._tasks:
            stack, _ = self._tasks.pop(title)
            stack.__exit__(_Abandoned, _Abandoned(), None)

    def __exit__(self, *_: object) -> None:
        """Take every task off that did not end."""
        with self._lock:
            for title in list(self._tasks):
                self._abandon(title)
