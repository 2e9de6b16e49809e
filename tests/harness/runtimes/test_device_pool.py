"""Devices that share an evaluation: any may die, be slow or babble; the scores stay the same."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from devices.errors import LinkError
from devices.fake import DEFAULT_GREETING, FakeDevice, FakeLink
from devices.links import Link
from devices.protocol import frames
from devices.protocol.codes import ErrorCode, Message
from devices.protocol.frames import Frame
from devices.protocol.messages import Error
from harness.errors import BenchError, InfrastructureError
from tests.harness.runtimes.device_bench import (
    FakeBench,
    TfliteFakeEngine,
    fake_link,
    images_of,
    model_file,
    scores_of,
)

IMAGES = images_of(400)
EXPECTED = scores_of(IMAGES)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return model_file(tmp_path)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.client.GREETING_TIMEOUTS_S", (0.05, 0.1))
    monkeypatch.setattr("harness.runtimes.device_pool._LOOKS_EVERY_S", 0.02)


@dataclass
class Spoilt(FakeLink):
    """Turns bad after `good` replies."""

    good: int = 60
    replies: int = 0

    def read(self, timeout_s: float) -> bytes:
        data = super().read(timeout_s)
        self.replies += bool(data)
        return self.bad(timeout_s) if self.replies > self.good else data

    def bad(self, timeout_s: float) -> bytes:
        raise NotImplementedError


class Unplugged(Spoilt):
    def bad(self, timeout_s: float) -> bytes:
        raise LinkError(f"{self.name}: the port is gone")


class Silent(Spoilt):
    def bad(self, timeout_s: float) -> bytes:
        time.sleep(timeout_s)
        return b""


class BytesWithoutEnd(Spoilt):
    def bad(self, timeout_s: float) -> bytes:
        return b"\x07" * 4096


class ErrorsWithoutEnd(Spoilt):
    def bad(self, timeout_s: float) -> bytes:
        error = Error(ErrorCode.BAD_FRAME, "again").pack()
        return frames.encode(Frame(Message.ERROR, self.device._session, 0, error)) * 20


class StaleReplies(Spoilt):
    def bad(self, timeout_s: float) -> bytes:
        stale = (Frame(Message.RESULT, self.device._session, s, bytes(16)) for s in range(20))
        return b"".join(map(frames.encode, stale))


class WrongSession(Spoilt):
    def bad(self, timeout_s: float) -> bytes:
        other = self.device._session ^ 1
        return frames.encode(Frame(Message.RESULT, other, 1, bytes(16))) * 20


def spoilt(kind: type[Spoilt]) -> Callable[[], Link]:
    return lambda: kind(FakeDevice(TfliteFakeEngine()))


def gone() -> Link:
    raise LinkError("fake://a: cannot open the port")


FAILURES = [Unplugged, Silent, BytesWithoutEnd, ErrorsWithoutEnd, StaleReplies, WrongSession]


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_several_devices_answer_what_one_answers(model: Path) -> None:
    for count in (1, 2, 5):
        bench = FakeBench({f"fake://{i}": [fake_link] for i in range(count)})
        with bench.session(model) as session:
            assert np.array_equal(session.predict(IMAGES), EXPECTED)
            assert np.array_equal(session.predict(IMAGES[:3]), EXPECTED[:3])


@pytest.mark.parametrize("kind", FAILURES)
def test_a_device_that_fails_gives_its_samples_to_the_others(
    kind: type[Spoilt], model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = FakeBench({"fake://a": [spoilt(kind), gone], "fake://b": [slow]})
    start = time.monotonic()
    with bench.session(model) as session:
        assert np.array_equal(session.predict(IMAGES), EXPECTED)
    assert time.monotonic() - start < 5
    (warning,) = warnings_of(caplog)
    assert "fake://a" in warning
    assert "died after" in warning
    assert "\n" not in warning


@pytest.mark.parametrize("kind", FAILURES)
def test_the_last_device_that_fails_ends_the_run_in_bounded_time_and_one_line(
    kind: type[Spoilt], model: Path, tmp_path: Path
) -> None:
    keep = tmp_path / "p.npz.partial"
    bench = FakeBench({"fake://a": [spoilt(kind), gone]})
    start = time.monotonic()
    with bench.session(model) as session, pytest.raises(InfrastructureError) as caught:
        session.predict_kept(IMAGES, keep, None)
    assert time.monotonic() - start < 3
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(f"of 400 answers are kept in {keep}: the same command goes on from there")
    with FakeBench({"fake://a": [fake_link]}).session(model) as session:
        assert np.array_equal(session.predict_kept(IMAGES, keep, None), EXPECTED)


class Slow(FakeLink):
    def write(self, data: bytes) -> None:
        time.sleep(0.002)
        super().write(data)


def slow() -> Link:
    return Slow(FakeDevice(TfliteFakeEngine()))


def test_a_slow_device_does_not_hold_up_a_fast_one(model: Path) -> None:
    class VerySlow(FakeLink):
        def write(self, data: bytes) -> None:
            time.sleep(0.05)
            super().write(data)

    bench = FakeBench(
        {
            "fake://slow": [lambda: VerySlow(FakeDevice(TfliteFakeEngine()))],
            "fake://fast": [fake_link],
        },
        timeout_s=1,
    )
    with bench.session(model) as session:
        start = time.monotonic()
        assert np.array_equal(session.predict(IMAGES), EXPECTED)
        assert time.monotonic() - start < 400 * 0.05 / 4


def test_a_lost_device_that_is_back_goes_on(model: Path, caplog: pytest.LogCaptureFixture) -> None:
    bench = FakeBench({"fake://a": [spoilt(Unplugged), gone, fake_link]})
    with bench.session(model) as session:
        assert np.array_equal(session.predict(IMAGES), EXPECTED)
    assert warnings_of(caplog) == [
        "warning: a device was lost and is back: fake://a: the port is gone"
    ]


def test_a_device_that_is_lost_again_and_again_but_answers_in_between_gets_to_the_end(
    model: Path,
) -> None:
    bench = FakeBench({"fake://a": [spoilt(Unplugged)]})
    with bench.session(model) as session:
        assert np.array_equal(session.predict(IMAGES), EXPECTED)
    assert len(bench.opened) > 5


def test_a_device_that_is_back_and_answers_nothing_is_given_up(model: Path) -> None:
    class Mute(FakeLink):
        def write(self, data: bytes) -> None:
            if frames.decode(data.strip(b"\0")) and b"\x05" not in data[1:2]:
                super().write(data)

    bench = FakeBench({"fake://a": [lambda: Mute(FakeDevice(TfliteFakeEngine()))]})
    with bench.session(model) as session, pytest.raises(InfrastructureError, match="no valid"):
        session.predict(IMAGES)
    assert len(bench.opened) == 2


def test_when_all_die_the_last_ones_reason_is_the_error(
    model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = FakeBench(
        {"fake://a": [spoilt(Unplugged), gone], "fake://b": [spoilt(Unplugged), gone]}
    )
    with bench.session(model) as session, pytest.raises(InfrastructureError, match="port is gone"):
        session.predict(IMAGES)
    assert len(warnings_of(caplog)) == 1


def test_a_device_that_does_not_open_is_left_out(
    model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = FakeBench({"fake://a": [gone], "fake://b": [fake_link]})
    with bench.session(model) as session:
        assert np.array_equal(session.predict(IMAGES), EXPECTED)
    assert warnings_of(caplog) == ["warning: a device is left out: fake://a: cannot open the port"]
    with pytest.raises(InfrastructureError, match="cannot open the port"):
        FakeBench({"fake://a": [gone]}).session(model)


def test_devices_of_two_kinds_are_refused(model: Path) -> None:
    def other() -> Link:
        greeting = replace(DEFAULT_GREETING, firmware="9")
        return FakeLink(FakeDevice(TfliteFakeEngine(), greeting))

    with pytest.raises(BenchError, match="not of one kind"):
        FakeBench({"fake://a": [fake_link], "fake://b": [other]}).session(model)


def test_a_device_of_another_kind_that_takes_a_lost_ones_place_is_not_asked(model: Path) -> None:
    def other() -> Link:
        greeting = replace(DEFAULT_GREETING, board="else")
        return FakeLink(FakeDevice(TfliteFakeEngine(), greeting))

    bench = FakeBench({"fake://a": [spoilt(Unplugged), other]})
    with bench.session(model) as session, pytest.raises(InfrastructureError, match="port is gone"):
        session.predict(IMAGES)
