"""Progress of long work: live bars on a terminal, plain lines where there is none."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Advance = Callable[[int, str], None]
"""Called with the units done so far and a short note (a loss, a rate)."""

_PLAIN_LINE_EVERY_S = 10.0


class Reporter:
    """Writes what is going on to one console; several tasks may be open at once."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._bars: Progress | None = None
        self._open = 0

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
        with self._shared_bars() as bars:
            task = bars.add_task(title, total=total, note="")
            try:
                yield lambda done, note: bars.update(task, completed=done, note=note)
            finally:
                bars.remove_task(task)

    @contextlib.contextmanager
    def _shared_bars(self) -> Iterator[Progress]:
        """Yield the one live display a terminal can have; it ends with the last task."""
        if self._bars is None:
            self._bars = Progress(*_columns(), console=self.console, transient=True)
            self._bars.start()
        self._open += 1
        bars = self._bars
        try:
            yield bars
        finally:
            self._open -= 1
            if self._open == 0:
                bars.stop()
                self._bars = None

    @contextlib.contextmanager
    def _plain(self, title: str, total: int) -> Iterator[Advance]:
        last_s = time.monotonic()

        def advance(done: int, note: str) -> None:
            nonlocal last_s
            if time.monotonic() - last_s >= _PLAIN_LINE_EVERY_S and done < total:
                last_s = time.monotonic()
                self.line(f"  {title}  {done}/{total} {note}")

        yield advance


def _columns() -> tuple[ProgressColumn, ...]:
    return (
        TextColumn("  {task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
