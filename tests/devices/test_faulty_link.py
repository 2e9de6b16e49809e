"""The link that fails does so as planned, and no plan changes a result."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from devices.client import Device
from devices.errors import LinkError
from devices.fake import ChecksumEngine, FakeLink, fake_model
from devices.links.faulty import BYTE_FAULTS, FaultPlan, FaultyLink, Line
from devices.links.process import ProcessLink

MODEL = fake_model(40, 6, 1)
EVERY_BYTE_FAULT = dict.fromkeys(BYTE_FAULTS, 0.02)
PLANS = {
    "bytes": FaultPlan(1, EVERY_BYTE_FAULT, EVERY_BYTE_FAULT),
    "delay": FaultPlan(2, delay=0.05, delay_s=0.2),
    "reorder": FaultPlan(3, reorder=0.3),
    "reset": FaultPlan(4, reset=0.02),
    "all": FaultPlan(5, EVERY_BYTE_FAULT, EVERY_BYTE_FAULT, 0.02, 0.2, 0.1, 0.01),
}


@dataclass
class Pieces:
    """A link whose device says what a test gives it, a piece at each read."""

    said: list[bytes] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)
    name: str = "pieces"
    bytes_per_s: float | None = None
    emulated: bool = False
    instructions_per_s: float | None = None

    def read(self, timeout_s: float) -> bytes:
        if self.said:
            return self.said.pop(0)
        time.sleep(timeout_s)
        return b""

    def write(self, data: bytes) -> None:
        self.heard.append(data)

    def close(self) -> None: ...


def drained(link: FaultyLink, timeout_s: float = 0.05) -> list[bytes]:
    return list(iter(lambda: link.read(timeout_s), b""))


def test_the_same_seed_makes_the_same_faults() -> None:
    runs = []
    for _ in range(2):
        line = Line(EVERY_BYTE_FAULT, seed=9)
        runs.append([line(bytes([i]) * 20) for i in range(200)] + [sorted(line.injected.items())])
    assert runs[0] == runs[1]
    assert set(dict(runs[0][-1])) == set(BYTE_FAULTS)


def test_a_clean_plan_changes_nothing() -> None:
    link = FaultyLink(Pieces([b"a", b"b"]), FaultPlan())
    link.write(b"x\0")
    assert drained(link) == [b"a", b"b"]
    assert (link.injected.total(), link.frames) == (0, 1)


def test_a_delayed_read_keeps_its_place() -> None:
    said = [bytes([i]) for i in range(50)]
    link = FaultyLink(Pieces(list(said)), FaultPlan(1, delay=0.3, delay_s=0.01))
    assert b"".join(drained(link)) == b"".join(said)
    assert link.injected["delay"] >= 1


def test_a_reordered_read_is_passed_by_one_and_never_lost() -> None:
    said = [bytes([i]) for i in range(50)]
    link = FaultyLink(Pieces(list(said)), FaultPlan(1, reorder=0.3))
    heard = b"".join(drained(link))
    assert sorted(heard) == sorted(b"".join(said))
    assert heard != b"".join(said)
    assert link.injected["reorder"] > 5


def test_nothing_passes_a_link_that_hangs() -> None:
    pieces = Pieces([b"abc", b"def"])
    link = FaultyLink(pieces, FaultPlan(hang_after=4))
    link.write(b"12")
    assert drained(link) == [b"ab"]
    link.write(b"34")
    assert pieces.heard == [b"12"]
    assert link.injected["hang"] == 1


@pytest.mark.parametrize("at", range(1, 8))
def test_a_link_breaks_at_the_planned_byte(at: int) -> None:
    pieces = Pieces([b"abc"])
    link, got = FaultyLink(pieces, FaultPlan(close_after=at)), b""
    with pytest.raises(LinkError, match="the link broke after"):
        link.write(b"1234")
        got += link.read(0.01)
        link.write(b"5")
    assert len(b"".join(pieces.heard)) + len(got) <= at


def test_a_reset_needs_a_device_that_can_be_restarted() -> None:
    with pytest.raises(ValueError, match="a way to restart"):
        FaultyLink(FakeLink(), FaultPlan(reset=0.1))


def over_fake(plan: FaultPlan, _: Path) -> FaultyLink:
    inner = FakeLink()
    return FaultyLink(inner, plan, inner.device.power_cycle)


def over_native(plan: FaultPlan, program: Path) -> FaultyLink:
    inner = ProcessLink("pipe", program)
    return FaultyLink(inner, plan, inner.power_cycle)


@pytest.mark.parametrize("make", [over_fake, over_native])
@pytest.mark.parametrize("name", list(PLANS))
def test_no_plan_changes_a_result(
    name: str, make: Callable[[FaultPlan, Path], FaultyLink], pipe_device: Path
) -> None:
    source, engine = random.Random(3), ChecksumEngine()  # noqa: S311 - seeded test data
    samples = [source.randbytes(40) for _ in range(300)]
    engine.load(MODEL)
    link = make(PLANS[name], pipe_device)
    with Device(link, timeout_s=0.1 if make is over_fake else 0.4) as device:
        device._exchange.max_silences = 20  # a busy machine starves the device, too
        device.load(MODEL)
        answers = list(device.infer(samples))
    assert sorted(answer.index for answer in answers) == list(range(300))
    assert all(answer.output == engine.infer(samples[answer.index]) for answer in answers)
    assert link.injected.total() > 1
    assert (device.restarts > 0) == ("reset" in link.injected)
