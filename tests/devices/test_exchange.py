"""On a bad line nothing is lost, doubled or mixed up; on a dead one the end is near and clear."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from devices.client import GREETING_TIMEOUTS_S, Device
from devices.errors import DeviceError, LinkError, NoAnswer, ProtocolError, Refused
from devices.exchange import Exchange
from devices.fake import (
    DEFAULT_GREETING,
    ChecksumEngine,
    FakeDevice,
    FakeLink,
    Fault,
    fake_model,
)
from devices.links.faulty import BYTE_FAULTS, Line
from devices.protocol import frames
from devices.protocol.codes import ErrorCode, Message
from devices.protocol.frames import Frame
from devices.protocol.messages import ModelInfo

MODEL = fake_model(300, 10, 5, bytes(range(256)) * 40)


def batch(count: int) -> tuple[list[bytes], list[bytes]]:
    source = random.Random(3)  # noqa: S311 - seeded test data
    samples = [source.randbytes(300) for _ in range(count)]
    engine = ChecksumEngine()
    engine.load(MODEL)
    return samples, [engine.infer(sample) for sample in samples]


def failure(call: Callable[[], object], kind: type[DeviceError], within_s: float) -> str:
    start = time.monotonic()
    with pytest.raises(kind) as caught:
        call()
    assert time.monotonic() - start < within_s
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("direction", ["to_device", "to_host"])
@pytest.mark.parametrize("name", list(BYTE_FAULTS))
def test_a_bad_line_changes_no_result(name: str, direction: str) -> None:
    samples, expected = batch(300)
    line = Line({name: 0.1}, seed=5, clean_pieces=3)
    link = FakeLink(**{direction: line})
    with Device(link, timeout_s=0.02) as device:
        device.load(MODEL)
        answers = list(device.infer(samples))
        trace = device.trace(samples[0])
    assert sorted(answer.index for answer in answers) == list(range(300))
    assert all(answer.output == expected[answer.index] for answer in answers)
    engine = ChecksumEngine()
    engine.load(MODEL)
    assert list(trace.operators) == engine.trace(samples[0])
    assert line.injected.total() > 20
    assert device.repeats > 0 or name in ("double", "noise")


def test_a_line_that_spoils_both_ways_changes_no_result() -> None:
    samples, expected = batch(200)
    lines = [Line({name: 0.05}, seed) for seed, name in enumerate(("flip", "drop"))]
    with Device(FakeLink(to_device=lines[0], to_host=lines[1]), timeout_s=0.02) as device:
        device.load(MODEL)
        answers = {answer.index: answer.output for answer in device.infer(samples)}
    assert [answers[index] for index in range(200)] == expected


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.client.GREETING_TIMEOUTS_S", (0.05, 0.1, 0.2))


def test_a_device_that_says_nothing_is_given_up_in_bounded_time(hasty: None) -> None:
    text = failure(lambda: Device(FakeLink(to_device=lambda _: b"")), NoAnswer, within_s=1)
    assert "heard nothing at all" in text
    assert "3 greetings in 0.35 s" in text


def test_the_greetings_take_less_than_eight_seconds() -> None:
    assert sum(GREETING_TIMEOUTS_S) < 8


def test_a_device_that_answers_another_protocol_is_given_up_with_its_bytes(hasty: None) -> None:
    link = FakeLink(to_host=lambda _: b"m-ready\r\n")
    text = failure(lambda: Device(link), NoAnswer, within_s=1)
    assert "last 6d 2d 72 65 61 64 79 0d 0a" in text


class Flood(FakeLink):
    """Sends garbage without end."""

    def read(self, timeout_s: float) -> bytes:
        return b"\x05garbage\x00" * 100


def test_a_flood_of_garbage_is_given_up_in_bounded_time(hasty: None) -> None:
    text = failure(lambda: Device(Flood()), NoAnswer, within_s=1)
    assert "only bytes that answer nothing" in text


def test_a_device_of_another_protocol_version_is_named() -> None:
    device = FakeDevice(greeting=replace(DEFAULT_GREETING, major=2, minor=3))
    text = failure(lambda: Device(FakeLink(device)), ProtocolError, within_s=1)
    assert "the device speaks protocol 2.3, this host 1.0" in text


def test_a_later_minor_version_is_welcome() -> None:
    device = FakeDevice(greeting=replace(DEFAULT_GREETING, minor=7))
    assert Device(FakeLink(device)).greeting.minor == 7


def test_a_device_that_falls_silent_keeps_what_it_answered() -> None:
    samples, expected = batch(50)
    link = FakeLink()
    device = Device(link, timeout_s=0.1)
    device.load(MODEL)
    kept: list[bytes] = []

    def evaluate() -> None:
        for answer in device.infer(samples):
            kept.append(answer.output)
            if answer.index == 20:
                link.to_device = lambda _: b""

    text = failure(evaluate, NoAnswer, within_s=2)
    assert "3 times in a row" in text
    assert len(kept) >= 21
    assert kept == expected[: len(kept)]


def test_a_link_that_breaks_keeps_what_was_answered() -> None:
    samples, _ = batch(50)
    link = FakeLink()
    device = Device(link, timeout_s=0.1)
    device.load(MODEL)
    kept: list[int] = []

    def evaluate() -> None:
        for answer in device.infer(samples):
            kept.append(answer.index)
            if answer.index == 20:
                link.close()

    failure(evaluate, LinkError, within_s=1)
    assert kept == list(range(len(kept)))
    assert len(kept) >= 21


class Resetting(FakeDevice):
    """Starts anew by itself after every `every` inferences."""

    every = 30
    resets = 0

    def feed(self, data: bytes) -> bytes:
        if self.inferences >= self.every:
            self.resets += 1
            self.power_cycle()
        return super().feed(data)


def test_a_device_that_resets_itself_gets_its_model_and_samples_again() -> None:
    samples, expected = batch(70)
    fake = Resetting()
    with Device(FakeLink(fake), timeout_s=0.1) as device:
        device.load(MODEL)
        answers = {answer.index: answer.output for answer in device.infer(samples)}
    assert [answers[index] for index in range(70)] == expected
    assert fake.resets == device.restarts == 2


def test_a_device_that_resets_itself_again_and_again_gets_to_the_end() -> None:
    samples, expected = batch(300)
    fake = Resetting()
    with Device(FakeLink(fake), timeout_s=0.1) as device:
        device.load(MODEL)
        answers = {answer.index: answer.output for answer in device.infer(samples)}
    assert [answers[index] for index in range(300)] == expected
    assert fake.resets == device.restarts == 9


class ResettingWithoutAnswer(Resetting):
    """From the 30th inference on, starts anew instead of answering."""

    def _infer(self, request: Frame) -> bytes:
        if self.resets or self.inferences >= self.every:
            self.resets += 1
            self.power_cycle()
            return b""
        return super()._infer(request)


def test_a_device_that_resets_itself_and_answers_nothing_in_between_is_given_up() -> None:
    samples, _ = batch(100)
    device = Device(FakeLink(ResettingWithoutAnswer()), timeout_s=0.1)
    device.load(MODEL)
    kept: list[int] = []
    text = failure(
        lambda: kept.extend(answer.index for answer in device.infer(samples)), NoAnswer, within_s=3
    )
    assert "started anew 4 times" in text
    assert kept == list(range(30))


def test_figures_of_a_device_that_was_reset_are_asked_again_with_the_model_loaded() -> None:
    fake = FakeDevice()
    with Device(FakeLink(fake), timeout_s=0.1) as device:
        device.load(MODEL)
        fake.power_cycle()
        assert device.stats().model_bytes == len(MODEL)
    with Device(FakeLink(fake), timeout_s=0.1) as device:
        fake.power_cycle()
        assert device.stats().model_bytes == 0


def test_two_hosts_do_not_number_their_requests_alike() -> None:
    firsts = set()
    for _ in range(20):
        exchange = Exchange(FakeLink(), 1, 1.0)
        request = exchange._next(iter([(0, Message.STATS, b"")]))
        assert request is not None and 0 < request.sequence < 1 << 32
        firsts.add(request.sequence)
    assert len(firsts) > 15


def test_sequence_number_0_is_skipped() -> None:
    exchange = Exchange(FakeLink(), 1, 1.0)
    exchange._sequence = (1 << 32) - 1
    request = exchange._next(iter([(0, Message.STATS, b"")]))
    assert request is not None and request.sequence == 1


class Failing(ChecksumEngine):
    """Fails on samples that start with a zero byte."""

    def infer(self, sample: bytes) -> bytes:
        if sample[0] == 0:
            raise Fault(ErrorCode.INFER_FAILED, "operator 3 failed")
        return super().infer(sample)


def test_an_engine_that_fails_is_a_coded_error_behind_the_answers_before_it() -> None:
    samples, _ = batch(30)
    good = [b"\x01" + sample[1:] for sample in samples]
    device = Device(FakeLink(FakeDevice(Failing())))
    device.load(MODEL)
    kept: list[int] = []
    with pytest.raises(Refused, match=r"INFER 20 answered INFER_FAILED: operator 3"):
        kept.extend(a.index for a in device.infer([*good[:20], b"\0" * 300, *good[20:]]))
    assert kept == list(range(20))
    assert len(list(device.infer(good))) == 30


class WrongSize(ChecksumEngine):
    """Answers one byte too few."""

    def infer(self, sample: bytes) -> bytes:
        return super().infer(sample)[1:]


def test_an_output_of_the_wrong_size_is_not_accepted() -> None:
    device = Device(FakeLink(FakeDevice(WrongSize())))
    device.load(MODEL)
    with pytest.raises(ProtocolError, match="an output of 9 bytes came, the model's has 10"):
        list(device.infer(batch(3)[0]))


@dataclass
class Counting(FakeLink):
    """Notes how many requests, and wire bytes, are open at most."""

    most: int = 0
    most_bytes: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self._open: list[int] = []

    def write(self, data: bytes) -> None:
        super().write(data)
        if data != frames.ATTENTION:
            self._open.append(len(data))
        self.most = max(self.most, len(self._open))
        self.most_bytes = max(self.most_bytes, sum(self._open))

    def read(self, timeout_s: float) -> bytes:
        data = super().read(timeout_s)
        if data:
            self._open.pop(0)
        return data


@pytest.mark.parametrize(
    ("credit", "window", "most"), [(1, 32_768, 1), (6, 32_768, 6), (6, 1300, 4), (6, 10, 1)]
)
def test_what_is_in_flight_stays_within_credits_and_window(
    credit: int, window: int, most: int
) -> None:
    greeting = replace(DEFAULT_GREETING, credits=credit, window_bytes=window)
    link = Counting(FakeDevice(greeting=greeting))
    device = Device(link)
    device.load(fake_model(300, 10, 1))
    link.most = link.most_bytes = 0
    samples, expected = batch(40)
    assert [answer.output for answer in device.infer(samples)] == expected
    assert link.most == most
    assert link.most_bytes <= max(window, frames.wire_bytes(300))


def test_replies_to_another_session_are_not_taken() -> None:
    samples, expected = batch(10)
    stale = [frames.encode(Frame(Message.RESULT, 1, s, bytes(18))) for s in range(40)]
    link = FakeLink(to_host=lambda data: data + stale.pop() if data and stale else data)
    device = Device(link)
    while device._exchange.session == 1:
        device._greet()
    device.load(MODEL)
    assert [answer.output for answer in device.infer(samples)] == expected


def test_a_trace_with_operators_missing_is_asked_again_and_then_given_up() -> None:
    class Short(ChecksumEngine):
        def load(self, model: bytes) -> ModelInfo:
            return replace(super().load(model), operators=6)

    device = Device(FakeLink(FakeDevice(Short())))
    device.load(MODEL)
    with pytest.raises(NoAnswer, match="5 traces came with operators missing"):
        device.trace(batch(1)[0][0])
