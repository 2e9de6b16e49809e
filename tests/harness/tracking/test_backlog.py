from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from harness.errors import MissingExtraError
from harness.progress import Reporter
from harness.tracking import backlog
from harness.tracking.backlog import Backlog
from harness.tracking.store import TrackingStore


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s


class Away:
    """A store that is away until it is not; counts how often it was asked."""

    def __init__(self) -> None:
        self.back = False
        self.asked = 0
        self.logged: list[int] = []

    def log(self, number: int) -> None:
        self.asked += 1
        if not self.back:
            raise ConnectionRefusedError("[Errno 111] Connection refused")
        self.logged.append(number)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(backlog, "time", made)
    return made


@pytest.fixture
def printed() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def parts(printed: io.StringIO, tmp_path: Path) -> Backlog:
    store = TrackingStore.choose("http://user:secret@127.0.0.1:9", tmp_path)
    reporter = Reporter(Console(file=printed, width=1000))
    return Backlog(store, reporter, "tinygate register runs/small")


def test_what_comes_while_the_store_is_away_is_logged_in_order_when_it_is_back(
    parts: Backlog, clock: Clock, printed: io.StringIO
) -> None:
    away = Away()
    for number in range(4):
        parts.add(lambda number=number: away.log(number))
    assert parts.problem is not None and parts.is_away
    away.back = True
    clock.now_s += 61
    parts.add(lambda: away.log(4))
    assert away.logged == [0, 1, 2, 3, 4]
    assert (parts.problem, parts.is_away) == (None, False)
    assert printed.getvalue().splitlines() == [
        "  not tracked: MLflow at http://user:***@127.0.0.1:9 does not answer as it should: "
        "connection refused; the work goes on, `tinygate register runs/small` logs the rest later",
        "  tracked again: 5 parts that had waited are logged",
    ]


def test_a_store_that_is_away_is_asked_after_a_minute_then_two_then_four(
    parts: Backlog, clock: Clock, printed: io.StringIO
) -> None:
    away = Away()
    asked_at_s = []
    for second in range(0, 1800):
        before = away.asked
        parts.add(lambda: away.log(0))
        asked_at_s += [second] * (away.asked - before)
        clock.now_s += 1
    assert asked_at_s == [0, 60, 180, 420, 900, 1500]
    assert printed.getvalue().count("\n") == 1


def test_the_end_of_a_run_does_not_wait_for_the_pause_but_asks_at_most_every_15_seconds(
    parts: Backlog, clock: Clock
) -> None:
    away = Away()
    parts.add(lambda: away.log(0))
    assert not parts.flush()
    assert away.asked == 1
    clock.now_s += 15
    away.back = True
    assert parts.flush()
    assert away.logged == [0]


def test_mlflow_that_is_not_installed_is_told_once_and_is_no_store_that_is_away(
    parts: Backlog, printed: io.StringIO
) -> None:
    def missing() -> None:
        raise MissingExtraError("mlflow", "mlflow")

    parts.add(missing)
    parts.add(missing)
    assert not parts.is_away
    assert printed.getvalue().count("pip install 'tinygate[mlflow]'") == 1
