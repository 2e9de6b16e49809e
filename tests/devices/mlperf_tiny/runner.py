"""What an MLPerf Tiny runner does with a board, written from the protocol alone: no driver code.

It reads as such runners do: character by character, lines at \\n, until one that has `m-ready`.
"""

import re
import statistics
import time
from dataclasses import dataclass

from devices.links.link import Link


@dataclass(frozen=True)
class Window:
    """One timed run of several inferences."""

    inferences: int
    elapsed_us: int
    results: list[float]


class Runner:
    def __init__(self, link: Link) -> None:
        self._link = link
        self._characters = ""

    def command(self, text: str, timeout_s: float = 60.0) -> list[str]:
        self._link.write(f"{text}%".encode())
        lines: list[str] = []
        end = time.monotonic() + timeout_s
        while not lines or "m-ready" not in lines[-1]:
            assert time.monotonic() < end, f"no answer to {text!r} but {lines}"
            self._characters += self._link.read(0.05).decode("ascii")
            *complete, self._characters = self._characters.split("\n")
            lines += [line.replace("\r", "").replace("\0", "") for line in complete]
        return [line for line in lines if line]

    def name(self) -> str:
        return self._found(r"^m-name-dut-\[([^]]+)]$", self.command("name"))

    def model(self) -> str:
        return self._found(r"^m-model-\[([^]]+)]$", self.command("profile"))

    def load(self, data: bytes) -> None:
        self.command(f"db load {len(data)}")
        for at in range(0, len(data), 31):
            answer = self.command("db " + "".join(f"{byte:02x}" for byte in data[at : at + 31]))
        assert answer == ["m-load-done", "m-ready"]

    def infer(self, inferences: int, warmups: int) -> Window:
        lines = self.command(f"infer {inferences} {warmups}")
        laps = [int(line.removeprefix("m-lap-us-")) for line in lines if "m-lap-us-" in line]
        start, end = laps
        results = self._found(r"^m-results-\[([^]]+)\]$", lines)
        return Window(
            inferences, (end - start) % (1 << 32), [float(one) for one in results.split(",") if one]
        )

    def median_per_second(self, data: bytes, inferences: int, windows: int) -> float:
        self.load(data)
        found = [self.infer(inferences, 1) for _ in range(windows)]
        return statistics.median(one.inferences / one.elapsed_us * 1e6 for one in found)

    @staticmethod
    def _found(pattern: str, lines: list[str]) -> str:
        matches = [match[1] for line in lines if (match := re.match(pattern, line))]
        assert len(matches) == 1, lines
        return matches[0]
