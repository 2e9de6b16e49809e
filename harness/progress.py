"""Progress of long work: a live bar on a terminal, plain lines where there is none."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Advance = Callable[[int, str], None]
"""Called with the units done so far and a short note (a loss, a rate)."""

_PLAIN_LINE_EVERY_S = 10.0


class Reporter:
    """Writes what is going on to one console."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def line(self, text: str) -> None:
        """Print one line, never wrapped or styled."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    @contextlib.contextmanager
    def task(self, title: str, total: int) -> Iterator[Advance]:
        """Show `title` while the block runs; the block calls what is yielded as it advances."""
        started_s = time.monotonic()
        shown = self._live(title, total) if self.console.is_terminal else self._plain(title, total)
        with shown as advance:
            yield advance
        self.line(f"  {title}  {time.monotonic() - started_s:.1f} s")

    @contextlib.contextmanager
    def _live(self, title: str, total: int) -> Iterator[Advance]:
        columns = (
            TextColumn("  {task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
        )
        with Progress(*columns, console=self.console, transient=True) as bars:
            task = bars.add_task(title, total=total, note="")
            yield lambda done, note: bars.update(task, completed=done, note=note)

    @contextlib.contextmanager
    def _plain(self, title: str, total: int) -> Iterator[Advance]:
        last_s = time.monotonic()

        def advance(done: int, note: str) -> None:
            nonlocal last_s
            if time.monotonic() - last_s >= _PLAIN_LINE_EVERY_S:
                last_s = time.monotonic()
                self.line(f"  {title}  {done}/{total} {note}")

        yield advance
