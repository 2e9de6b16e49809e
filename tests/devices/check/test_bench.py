"""The bench check passes on a sound device and names what is wrong with any other."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from devices.check import model
from devices.check.bench import Step, check_bench, check_device
from devices.client import Device
from devices.fake import DEFAULT_GREETING, ChecksumEngine, FakeDevice, FakeLink
from devices.protocol.codes import Counter
from devices.protocol.messages import ModelInfo, Stats, TraceOperator
from tests.devices import firmware

NAMES = [
    *("round trip", "upload", "inference", "repetition"),
    *("trace", "counter", "memory", "line"),
]
INFO = ModelInfo(model.INPUT_BYTES, model.CLASSES, 2240, 1728, 3)


@dataclass
class KnownEngine(ChecksumEngine):
    """Answers what the known model must answer, but for the faults that a test asks for."""

    wrong: set[int] = field(default_factory=set)
    flaky: bool = False
    wrong_operator: int | None = None
    info: ModelInfo = INFO
    calls: int = 0

    def load(self, content: bytes) -> ModelInfo:
        assert content == model.content()
        self.known = {model.sample(index): index for index in range(64)}
        return self.info

    def infer(self, sample: bytes) -> bytes:
        self.calls += 1
        index = self.known[sample]
        right = bytearray(model.expected(index).output)
        right[3] ^= index in self.wrong or (self.flaky and self.calls > 40 and self.calls % 5 == 0)
        return bytes(right)

    def trace(self, sample: bytes) -> list[TraceOperator]:
        wanted = model.expected(self.known[sample]).operators
        return [
            TraceOperator(k, one[0], one[1], one[2] ^ (k == self.wrong_operator))
            for k, one in enumerate(wanted)
        ]


@dataclass
class Sound(FakeLink):
    """A link to a device that passes, unless it is told otherwise."""

    device: FakeDevice = field(default_factory=lambda: FakeDevice(KnownEngine()))
    name: str = "/dev/ttyACM0"


def steps(link: FakeLink, board: str | None = None) -> dict[str, Step]:
    with Device(link, timeout_s=0.2) as device:
        return {step.name: step for step in check_device(device, board)}


def failures(found: dict[str, Step]) -> list[str]:
    assert all(step.advice for step in found.values() if not step.passed)
    assert all("\n" not in step.found for step in found.values())
    return [name for name, step in found.items() if not step.passed]


def test_a_sound_device_passes_every_step() -> None:
    found = steps(Sound(), "fake")
    assert list(found) == NAMES
    assert failures(found) == []
    assert found["line"].found == "0 repeats, 0 damaged frames, 0 lost bytes, 0 restarts"
    assert "arena 2,240 of" in found["memory"].found


def test_another_board_than_the_expected_ends_the_check() -> None:
    found = steps(Sound(), "nucleo_f446re")
    assert list(found) == ["board"]
    assert found["board"].found == "expected nucleo_f446re, this is 'fake'"


def test_a_wrong_answer_names_its_sample_and_the_check_goes_on() -> None:
    found = steps(Sound(FakeDevice(KnownEngine(wrong={5, 9}))))
    assert failures(found) == ["inference"]
    assert "2 answers are wrong, the first of sample 5" in found["inference"].found
    assert list(found) == NAMES


def test_an_answer_that_changes_is_found_by_repetition() -> None:
    found = steps(Sound(FakeDevice(KnownEngine(flaky=True))))
    assert "repetition" in failures(found)
    assert found["repetition"].found.startswith("2 different answers to one sample")


def test_a_wrong_operator_is_named() -> None:
    found = steps(Sound(FakeDevice(KnownEngine(wrong_operator=1))))
    assert failures(found) == ["trace"]
    assert found["trace"].found.startswith("operator 1 (code 17) gives 288 bytes of CRC-32")


def test_an_engine_that_reads_another_shape_ends_in_a_failed_upload() -> None:
    found = steps(Sound(FakeDevice(KnownEngine(info=ModelInfo(500, 10, 0, 0, 3)))))
    assert "upload" in failures(found)
    assert "an input of 500 bytes" in found["upload"].found


def test_a_device_without_room_for_the_model_ends_the_check_there() -> None:
    greeting = replace(DEFAULT_GREETING, model_room_bytes=1000)
    found = steps(Sound(FakeDevice(KnownEngine(), greeting)))
    assert list(found) == ["round trip", "upload"]
    assert "4040 bytes too many" in found["upload"].found


def test_a_model_that_is_there_already_is_not_sent_again() -> None:
    link = Sound()
    with Device(link) as device:
        device.load(model.content())
        found = {step.name: step for step in check_device(device, None)}
    assert failures(found) == []
    assert found["upload"].found == "the model of 5,040 bytes was there already"


@pytest.mark.parametrize(
    ("counter", "core_hz", "passes", "text"),
    [
        (Counter.CORE_CYCLES, 100_000_000, True, "1,010 cycles an inference, 0.010 ms"),
        (Counter.CORE_CYCLES, 1_000, False, "1010.000 ms, but"),
        (Counter.NONE, 100_000_000, True, "nothing is counted here"),
    ],
)
def test_a_counter_is_held_against_the_hosts_clock(
    counter: Counter, core_hz: int, passes: bool, text: str
) -> None:
    greeting = replace(DEFAULT_GREETING, counter=counter, core_hz=core_hz, counter_hz=core_hz)
    found = steps(Sound(FakeDevice(KnownEngine(), greeting)))
    assert found["counter"].passed is passes
    assert text in found["counter"].found


@pytest.mark.parametrize(
    ("changes", "name", "text"),
    [
        ({"stack_room_bytes": 4096, "stack_used_bytes": 4096}, "memory", "stack 4,096 of 4,096"),
        ({"bytes_lost": 7}, "line", "7 lost bytes"),
        ({"frames_bad": 3}, "line", "3 damaged frames"),
    ],
)
def test_what_the_device_counts_is_judged(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, int], name: str, text: str
) -> None:
    original, first = Device.stats, []

    def stats(device: Device) -> Stats:
        first.append(1)
        found = original(device)
        return found if len(first) == 1 else replace(found, **changes)

    monkeypatch.setattr(Device, "stats", stats)
    found = steps(Sound())
    assert failures(found) == [name]
    assert text in found[name].found


def test_damage_on_the_line_fails_the_line_though_every_answer_came_right() -> None:
    seen = [0]

    def damaged(data: bytes) -> bytes:
        seen[0] += len(data) > 500
        return data[:300] + b"\x55" + data[301:] if len(data) > 500 and seen[0] == 5 else data

    found = steps(Sound(to_device=damaged))
    assert failures(found) == ["line"]
    assert found["line"].found.startswith("1 repeats, 1 damaged frames")


def test_a_device_that_falls_silent_ends_the_check_in_bounded_time() -> None:
    seen = [0]

    def silent(data: bytes) -> bytes:
        seen[0] += 1
        return data if seen[0] < 60 else b""

    start = time.monotonic()
    found = steps(Sound(to_device=silent))
    assert time.monotonic() - start < 5
    assert failures(found) == [list(found)[-1]]


def test_a_port_that_does_not_open_is_one_failed_step() -> None:
    (step,) = check_bench("/dev/no-such-port")
    assert (step.name, step.passed) == ("greeting", False)
    assert "cannot open the port" in step.found
    assert "tinygate device list" in step.advice


@pytest.fixture(scope="module")
def an386_url() -> Iterator[str]:
    image = firmware.shipped_image("mps2-an386")
    yield f"qemu://mps2-an386?firmware={image}"


def test_an_emulated_board_is_sound(an386_url: str) -> None:
    found = {step.name: step for step in check_bench(an386_url)}
    assert list(found) == ["greeting", *NAMES]
    assert failures(found) == []
    assert "instructions an inference, never a time" in found["counter"].found


@pytest.mark.parametrize(("board", "code"), [(None, 0), ("nucleo_f446re", 4)])
def test_the_command_ends_with_0_or_4(an386_url: str, board: str | None, code: int) -> None:
    options = [] if board is None else ["--board", board]
    result = subprocess.run(
        [sys.executable, "-m", "harness.cli", "device", "check", an386_url, *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == code, result.stdout + result.stderr
    last = result.stdout.splitlines()[-1]
    assert last == ("sound: this bench may be trusted" if code == 0 else "not sound: board")
