"""Positions of samples that several devices share."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable


class SampleQueue:
    """Each position is waiting, open at one device, or done; any thread may call any method."""

    def __init__(self, positions: Iterable[int]) -> None:
        self._waiting = deque(positions)
        self._open = 0
        self._stopped = False
        self._changed = threading.Condition()

    def take(self) -> int | None:
        """Return a position, open from now on; None where none waits. Never blocks."""
        with self._changed:
            if self._stopped or not self._waiting:
                return None
            self._open += 1
            return self._waiting.popleft()

    def done(self) -> None:
        """Note that an open position is answered."""
        with self._changed:
            self._open -= 1
            self._changed.notify_all()

    def give_back(self, positions: Iterable[int]) -> None:
        """Have open positions wait again, before all others."""
        with self._changed:
            back = sorted(positions, reverse=True)
            self._waiting.extendleft(back)
            self._open -= len(back)
            self._changed.notify_all()

    def wait(self) -> bool:
        """Return True once a position waits, False once none can any more: all done, or stopped."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or not self._open or self._stopped)
            return bool(self._waiting) and not self._stopped

    def pause(self, seconds: float) -> bool:
        """Wait; return whether there is, or may be, still something to do."""
        with self._changed:
            return not self._changed.wait_for(self._over, seconds)

    def _over(self) -> bool:
        return self._stopped or not (self._waiting or self._open)

    def stop(self) -> None:
        """Hand out nothing any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
