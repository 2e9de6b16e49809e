"""One command at a time over a link: send, read the reply's lines, find back after a failure."""

import time

from devices.errors import NoAnswer
from devices.links.link import Link
from devices.mlperf_tiny import commands, replies
from devices.mlperf_tiny.replies import READY, BadReply, LineSplitter

MAX_RESYNCHRONISATIONS = 6
QUIET_S = 0.05
QUICK_S = 2.0
SHORT_REPLY_BYTES = 4096
MOST_LATE_BYTES = 1 << 16
MOST_LATE_REPLIES = 8
LINE_TIME_SLACK = 2.0


class NoReply(BadReply):
    """No complete reply came in time."""


class CommandLink:
    """The line discipline of the text protocol on a link, which it does not own.

    `timeout_s` bounds the wait for a reply, beyond the time its bytes take on the line; a command
    that computes nothing is waited for at most 2 s.
    """

    def __init__(self, link: Link, timeout_s: float) -> None:
        self.link = link
        self.timeout_s = timeout_s
        self.resynchronisations = 0
        self._splitter = LineSplitter()
        self._lines: list[str] = []
        self._quick_s = min(timeout_s, QUICK_S)

    def ask(
        self, command: str, most_bytes: int = SHORT_REPLY_BYTES, *, computes: bool = False
    ) -> str:
        """Return the lines of the reply without `m-ready`.

        Raises:
            BadReply: no reply in time, one of more than `most_bytes`, or bytes behind its end.
            LinkError: the stream ended.

        """
        wire = commands.wire(command)
        self.link.write(wire)
        wait_s = self.timeout_s if computes else self._quick_s
        lines = self._until_ready(wait_s + self._line_s(len(wire) + most_bytes), most_bytes)
        if self._lines:
            raise BadReply(f"more than one reply: {replies.shown(self._lines[0])}")
        return replies.joined(lines)

    def boot_lines(self, wait_s: float) -> list[str]:
        """Return what the board says by itself within `wait_s`, up to its `m-ready`."""
        try:
            return self._until_ready(wait_s, SHORT_REPLY_BYTES)
        except BadReply:
            return self._take_lines(len(self._lines))
        finally:
            self._drain()

    def resynchronise(self) -> str:
        """Return the reply to `name`, once the board answers it again and nothing else.

        Raises NoAnswer after 6 attempts.
        """
        self.resynchronisations += 1
        for _ in range(MAX_RESYNCHRONISATIONS):
            self._drain()
            self.link.write(commands.wire(commands.NAME))
            answer = self._named()
            if answer is not None:
                return answer
        raise NoAnswer(
            f"{self.link.name}: no MLPerf Tiny firmware answers `name%` there; check that the "
            "board carries it, its baud rate (?baud=115200, 76800, 921600, 9600) and the cable"
        )

    def _named(self) -> str | None:
        """Late replies of older commands may come first; the one to `name` is the last."""
        try:
            for _ in range(MOST_LATE_REPLIES):
                wait_s = self._quick_s + self._line_s(SHORT_REPLY_BYTES)
                text = replies.joined(self._until_ready(wait_s, MOST_LATE_BYTES))
                if text.startswith("m-name-"):
                    replies.name(text)
                    return None if self._drain() else text
        except BadReply:
            pass
        return None

    def _until_ready(self, wait_s: float, most_bytes: int) -> list[str]:
        deadline = time.monotonic() + wait_s
        received = 0
        while READY not in self._lines:
            data = self.link.read(max(0.0, deadline - time.monotonic()))
            received += len(data)
            if received > most_bytes:
                raise BadReply(f"a reply of more than {most_bytes} bytes")
            self._lines += self._splitter.feed(data)
            if READY not in self._lines and time.monotonic() >= deadline:
                raise NoReply(f"no complete reply within {wait_s:g} s")
        return self._take_lines(self._lines.index(READY) + 1)

    def _line_s(self, byte_count: int) -> float:
        rate = self.link.bytes_per_s
        return LINE_TIME_SLACK * byte_count / rate if rate else 0.0

    def _take_lines(self, count: int) -> list[str]:
        taken, self._lines = self._lines[:count], self._lines[count:]
        return taken

    def _drain(self) -> bool:
        """Forget what has come, and what comes until the line is quiet; True if anything did."""
        heard = bool(self._lines)
        deadline = time.monotonic() + self.timeout_s
        while time.monotonic() < deadline and self.link.read(QUIET_S):
            heard = True
        self._lines.clear()
        self._splitter.clear()
        return heard
