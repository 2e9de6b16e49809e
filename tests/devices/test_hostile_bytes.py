"""The C session under bad lines and hostile requests, on the host under the sanitizers."""

import random
from pathlib import Path

import pytest

from devices.client import Device
from devices.fake import ChecksumEngine, fake_model
from devices.links import Link, open_link
from devices.links.faulty import BYTE_FAULTS, FaultPlan, FaultyLink
from devices.protocol import frames
from devices.protocol.codes import Message
from devices.protocol.frames import Frame
from tests.devices import native

MODEL = fake_model(300, 10, 5, bytes(range(256)) * 10)


def evaluate(link: Link, count: int, timeout_s: float) -> int:
    """Compare `count` answers with what they must be; return how often a request was repeated."""
    source = random.Random(3)  # noqa: S311 - seeded test data
    samples = [source.randbytes(300) for _ in range(count)]
    engine = ChecksumEngine()
    engine.load(MODEL)
    with Device(link, timeout_s) as device:
        device._exchange.max_silences = 20  # a busy machine starves the device, too
        device.load(MODEL)
        answers = list(device.infer(samples))
        assert sorted(answer.index for answer in answers) == list(range(count))
        assert all(answer.output == engine.infer(samples[answer.index]) for answer in answers)
        return device.repeats


@pytest.mark.parametrize("name", list(BYTE_FAULTS))
def test_a_bad_line_to_the_c_session_changes_no_result(name: str, pipe_device: Path) -> None:
    plan = FaultPlan(1, {name: 0.05}, {name: 0.05})
    link = FaultyLink(native.ProcessLink(pipe_device), plan)
    repeats = evaluate(link, 200, timeout_s=0.1)
    assert link.injected[name] > 8
    assert repeats > 0 or name in ("double", "noise")


@pytest.mark.parametrize("link", ["semihosting", "uart"])
def test_a_bad_line_to_an_emulator_changes_no_result(link: str, an386: Path) -> None:
    plan = FaultPlan(1, {"flip": 0.05}, {"drop": 0.05})
    inner = open_link(f"qemu://mps2-an386?link={link}&firmware={an386}")
    assert evaluate(FaultyLink(inner, plan), 60, timeout_s=0.5) > 0


def test_requests_of_any_type_and_length_leave_a_session_that_works(pipe_device: Path) -> None:
    source = random.Random(11)  # noqa: S311 - seeded test data
    link = native.ProcessLink(pipe_device)
    with Device(link, timeout_s=1) as device:
        device.load(MODEL)
        harmful = {Message.RESET, Message.HELLO}
        kinds = [kind for kind in range(1, 256) if kind not in harmful]
        tag = device.greeting.model_sha256[:4]
        for sequence in range(1 << 20, (1 << 20) + 3000):
            kind = source.choice(kinds[:10] if sequence % 2 else kinds)
            payload = source.randbytes(source.choice((0, 1, 7, 8, 35, 36, 300, 1000)))
            if source.random() < 0.5:
                payload = tag + source.choice((bytes(4), b"\xff" * 4)) + payload
            session = device._exchange.session if source.random() < 0.9 else 5
            link.write(frames.encode(Frame(kind, session, sequence, payload)))
            link.read(0.0)
        assert device.load(fake_model(20, 4, 1)).input_bytes == 20
        assert len(list(device.infer([bytes(20)] * 10))) == 10


def test_random_bytes_leave_a_session_that_works(pipe_device: Path) -> None:
    source = random.Random(12)  # noqa: S311 - seeded test data
    link = native.ProcessLink(pipe_device)
    with Device(link, timeout_s=1) as device:
        for _ in range(500):
            link.write(source.randbytes(source.randint(1, 2000)))
            link.read(0.0)
        link.write(bytes([255]) * 100_000)
        device.load(MODEL)
        assert len(list(device.infer([bytes(300)] * 10))) == 10
