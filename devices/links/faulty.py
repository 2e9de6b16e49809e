"""A link that fails as cables, hubs and boards do: seeded, each fault counted."""

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from devices.errors import LinkError
from devices.links.link import Link

Fault = Callable[[random.Random, bytes], bytes]
REORDER_S = 0.01
FRAME_END = re.compile(rb"[^\0]\0")


def flip(source: random.Random, data: bytes) -> bytes:
    """Return `data` with one to three bits changed."""
    changed = bytearray(data)
    for _ in range(source.randint(1, 3)):
        changed[source.randrange(len(changed))] ^= 1 << source.randrange(8)
    return bytes(changed)


def drop(source: random.Random, data: bytes) -> bytes:
    """Return `data` without one to eight bytes."""
    at = source.randrange(len(data))
    return data[:at] + data[at + source.randint(1, 8) :]


def vanish(_source: random.Random, _data: bytes) -> bytes:
    """Return nothing."""
    return b""


def double(_source: random.Random, data: bytes) -> bytes:
    """Return `data` twice."""
    return data * 2


def truncate(source: random.Random, data: bytes) -> bytes:
    """Return a first part of `data`."""
    return data[: source.randrange(len(data))]


def noise(source: random.Random, data: bytes) -> bytes:
    """Return `data` behind up to 20 random bytes."""
    return source.randbytes(source.randint(1, 20)) + data


BYTE_FAULTS: Mapping[str, Fault] = {
    "flip": flip,
    "drop": drop,
    "vanish": vanish,
    "double": double,
    "truncate": truncate,
    "noise": noise,
}
"""What may happen to a piece, which is what one read or write moves."""


class Line:
    """One direction: each piece suffers fault `name` with the chance `rates[name]`.

    The first `clean_pieces` pass unharmed. `injected` counts.
    """

    def __init__(self, rates: Mapping[str, float], seed: int, clean_pieces: int = 0) -> None:
        self._rates = [(name, BYTE_FAULTS[name], rate) for name, rate in rates.items()]
        self._source = random.Random(seed)  # noqa: S311 - repeatable faults are the point
        self._clean = clean_pieces
        self.injected: Counter[str] = Counter()

    def __call__(self, data: bytes) -> bytes:
        """Return what is left of a piece."""
        if self._clean > 0:
            self._clean -= 1
            return data
        for name, fault, rate in self._rates:
            if data and self._source.random() < rate:
                self.injected[name] += 1
                data = fault(self._source, data)
        return data


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """What goes wrong: chances for each piece, and bytes (of both directions) after which it ends.

    `delay` holds a read back for up to `delay_s`, `reorder` until the next one has passed it;
    `reset` restarts the device before a write. From byte `hang_after` on nothing passes any more,
    at byte `close_after` the link breaks.
    """

    seed: int = 0
    to_device: Mapping[str, float] = field(default_factory=dict)
    to_host: Mapping[str, float] = field(default_factory=dict)
    delay: float = 0.0
    delay_s: float = 0.0
    reorder: float = 0.0
    reset: float = 0.0
    hang_after: int | None = None
    close_after: int | None = None
    clean_pieces: int = 0


class FaultyLink:
    """Another link behind faults; `restart` has the device behind it start anew.

    `injected` counts the faults, `frames` the ends of frames that passed on the device's side.
    """

    def __init__(
        self, link: Link, plan: FaultPlan, restart: Callable[[], None] | None = None
    ) -> None:
        if plan.reset and restart is None:
            raise ValueError("a plan with resets needs a way to restart the device")
        self.name = link.name
        self.bytes_per_s = link.bytes_per_s
        self.emulated = link.emulated
        self.instructions_per_s = link.instructions_per_s
        self.frames = 0
        self._link = link
        self._plan = plan
        self._restart = restart
        self._source = random.Random(plan.seed)  # noqa: S311 - repeatable faults are the point
        self._to_device = Line(plan.to_device, plan.seed + 1, plan.clean_pieces)
        self._to_host = Line(plan.to_host, plan.seed + 2, plan.clean_pieces)
        self._flow: Counter[str] = Counter()
        self._held: list[tuple[float, bytes]] = []
        self._overtaken: tuple[float, bytes] | None = None
        self._passed = 0

    @property
    def injected(self) -> Counter[str]:
        """How often each fault was injected so far."""
        return self._flow + self._to_device.injected + self._to_host.injected

    def read(self, timeout_s: float) -> bytes:
        """As the link's, with what is held back in between."""
        deadline = time.monotonic() + timeout_s
        while True:
            due = self._due()
            if due:
                return due
            left = deadline - time.monotonic()
            wait_s = max(0.0, min(left, self._next_due() - time.monotonic()))
            data = self._arrived(wait_s)
            if data or left <= 0:
                return data

    def write(self, data: bytes) -> None:
        """As the link's."""
        self._check_open()
        if self._chance("reset", self._plan.reset) and self._restart:
            self._restart()
        data = self._within_limits(self._to_device(data))
        if data:
            self.frames += len(FRAME_END.findall(data))
            self._link.write(data)

    def close(self) -> None:
        """Close the link behind."""
        self._link.close()

    def _arrived(self, wait_s: float) -> bytes:
        """Return what comes from the link behind and is not held back."""
        self._check_open()
        if self._hangs():
            time.sleep(wait_s)
            return b""
        data = self._link.read(wait_s)
        self.frames += len(FRAME_END.findall(data))
        data = self._within_limits(self._to_host(data) if data else data)
        return self._held_back(data) if data else data

    def _held_back(self, data: bytes) -> bytes:
        now = time.monotonic()
        if self._held or self._chance("delay", self._plan.delay):  # a later read stays behind
            until = now + self._source.uniform(0.0, self._plan.delay_s)
            self._held.append((max([until, *(at for at, _ in self._held)]), data))
            return b""
        if self._overtaken:
            data, self._overtaken = data + self._overtaken[1], None
        elif self._chance("reorder", self._plan.reorder):
            self._overtaken = now + REORDER_S, data
            return b""
        return data

    def _due(self) -> bytes:
        now = time.monotonic()
        due = b"".join(data for at, data in self._held if at <= now)
        self._held = [(at, data) for at, data in self._held if at > now]
        if self._overtaken and self._overtaken[0] <= now:  # nothing came to pass it
            due, self._overtaken = due + self._overtaken[1], None
        return due

    def _next_due(self) -> float:
        waits = [at for at, _ in self._held] + ([self._overtaken[0]] if self._overtaken else [])
        return min(waits, default=float("inf"))

    def _chance(self, name: str, rate: float) -> bool:
        hit = rate > 0 and self._source.random() < rate
        self._flow[name] += hit
        return hit

    def _within_limits(self, data: bytes) -> bytes:
        """Return the part of `data` that passes before the link hangs or breaks."""
        ends = [at for at in (self._plan.hang_after, self._plan.close_after) if at is not None]
        end = min(ends, default=None)
        if end is None:
            return data
        taken = data[: max(0, end - self._passed)]
        self._passed += len(data)
        if len(taken) < len(data) or self._passed == end:
            self._flow["close" if end == self._plan.close_after else "hang"] = 1
        return taken

    def _hangs(self) -> bool:
        return self._flow["hang"] > 0

    def _check_open(self) -> None:
        if self._flow["close"]:
            raise LinkError(f"{self.name}: the link broke after {self._passed} bytes")
