"""What is to be logged, in order: kept while the store is away, and sent when it is back."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.errors import InfrastructureError, TinygateError
from harness.progress import Reporter
from harness.tracking.store import TrackingStore

_FIRST_PAUSE_S = 60.0
_LONGEST_PAUSE_S = 600.0
_SHORTEST_PAUSE_S = 15.0

Part = Callable[[], None]


@dataclass(eq=False)
class Backlog:
    """Sends parts as they come; one that fails pauses all, for longer each time.

    Attributes:
        store: named in the line that says it is away.
        reporter: told when the store goes away and when it is back.
        command: what logs the rest after the run.
        problem: why parts are waiting; None where none is.
        is_away: whether that is the store's fault, and not that MLflow is not installed.

    """

    store: TrackingStore
    reporter: Reporter
    command: str
    problem: str | None = None
    is_away: bool = False
    _parts: deque[Part] = field(default_factory=deque)
    _failed_s: float = 0.0
    _pause_s: float = 0.0

    def add(self, part: Part) -> None:
        """Send `part` after all before it, now or once the pause is over."""
        self._parts.append(part)
        self._send(self._pause_s)

    def flush(self) -> bool:
        """Try now, unless that was just in vain; return whether nothing is waiting."""
        self._send(min(self._pause_s, _SHORTEST_PAUSE_S))
        return self.problem is None

    def _send(self, pause_s: float) -> None:
        if self.problem is not None and time.monotonic() < self._failed_s + pause_s:
            return
        waited, sent = self.problem is not None, 0
        while self._parts:
            if not self._try(self._parts[0]):
                return
            self._parts.popleft()
            sent += 1
        if waited:
            self.problem, self.is_away, self._pause_s = None, False, 0.0
            self.reporter.line(f"  tracked again: {sent} parts that had waited are logged")

    def _try(self, part: Part) -> bool:
        """Return whether `part` is logged; a failing store becomes one line, not an end."""
        try:
            with self.store.answering():
                part()
        except TinygateError as error:
            self._pause(error)
            return False
        return True

    def _pause(self, error: TinygateError) -> None:
        if self.problem is None:
            self.reporter.line(
                f"  not tracked: {error}; the work goes on, `{self.command}` logs the rest later"
            )
        self.problem, self.is_away = str(error), isinstance(error, InfrastructureError)
        self._failed_s = time.monotonic()
        self._pause_s = min(max(2 * self._pause_s, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
