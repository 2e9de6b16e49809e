"""Our firmware's answers to the MLPerf Tiny protocol: the C session under the sanitizers."""

import random
import struct
import time
import zlib
from collections.abc import Iterator

import pytest

from devices.client import Device
from devices.errors import BoardError
from devices.fake import fake_model
from devices.links.link import Link
from devices.mlperf_tiny.client import Care, MLPerfTinyDevice, Tensors
from devices.protocol import frames, messages
from devices.protocol.codes import Message
from tests.devices import native
from tests.devices.mlperf_tiny.runner import Runner

CARE = Care(boot_s=0.05, timeout_s=2.0)
TENSORS = Tensors(3072, 10, 1 / 256, -128)


def answer(sample: bytes, outputs: int = 10) -> bytes:
    """What the checksum engine says of an int8 tensor."""
    crc = struct.pack("<I", zlib.crc32(sample))
    return bytes(crc[i % 4] ^ i for i in range(outputs))


def images(count: int, size: int = 3072) -> list[bytes]:
    source = random.Random(5)  # noqa: S311 - seeded test data
    return [source.randbytes(size) for _ in range(count)]


def flipped(sample: bytes) -> bytes:
    return bytes(byte ^ 0x80 for byte in sample)


@pytest.fixture
def link() -> Iterator[Link]:
    opened = native.ProcessLink(native.build("pipe_device"))
    try:
        yield opened
    finally:
        opened.close()


def with_model(link: Link, input_bytes: int = 3072, outputs: int = 10) -> Device:
    device = Device(link, timeout_s=2.0)
    device.load(fake_model(input_bytes, outputs, 3))
    return device


def said(link: Link, data: bytes) -> bytes:
    """Return all that comes back within 0.1 s."""
    link.write(data)
    heard = b""
    while part := link.read(0.1):
        heard += part
    return heard


def test_our_driver_gets_the_engines_bytes(link: Link) -> None:
    samples = images(4)
    with_model(link)
    device = MLPerfTinyDevice(link, TENSORS, CARE)
    assert [one.output for one in device.infer(samples)] == [answer(one) for one in samples]
    assert (device.name, device.profile.model, device.retries) == ("pipe", "ic01", 0)


@pytest.mark.parametrize(
    ("size", "identity"), [(3072, "ic01"), (490, "kws01"), (640, "tinygate"), (3, "tinygate")]
)
def test_a_runner_knows_the_model_by_the_size_of_its_input(
    link: Link, size: int, identity: str
) -> None:
    with_model(link, size)
    runner, (sample,) = Runner(link), images(1, size)
    runner.load(sample)
    window = runner.infer(3, 2)
    codes = struct.unpack("10b", answer(flipped(sample) if identity == "ic01" else sample))
    assert (runner.name(), runner.model()) == ("pipe", identity)
    assert window.results == [float(f"{(code + 128) / 256:0.3f}") for code in codes]


def test_a_runners_throughput_is_the_devices_time(link: Link) -> None:
    with_model(link)
    (sample,) = images(1)
    start = time.monotonic()
    per_second = Runner(link).median_per_second(sample, inferences=2000, windows=5)
    assert 5 * 2000 / per_second <= 1.5 * (time.monotonic() - start)


def test_text_and_frames_may_take_turns(link: Link) -> None:
    samples = images(2)
    device = with_model(link)
    for sample in samples:
        assert [one.output for one in device.infer([sample])] == [answer(sample)]
        text = MLPerfTinyDevice(link, TENSORS, CARE)
        assert [one.output for one in text.infer([sample])] == [answer(sample)]
    assert device.restarts == 0


def test_a_tensor_does_not_outlive_a_frame(link: Link) -> None:
    device = with_model(link)
    runner = Runner(link)
    runner.load(images(1)[0])
    device.stats()
    assert runner.command("infer 1 0") == [
        "Input db has 0 elemented, expected 3072",
        "m-ready",
    ]
    assert runner.command("results") == ["e-[No results]", "m-ready"]


CONVERSATION = {
    b"bogus%": b"e-[Unknown command: bogus]\r\nm-ready\r\n",
    b"db%": b"e-[Unknown command: db]\r\nm-ready\r\n",
    b"db load 0%": b"e-[Command 'db load' must be >0 bytes]\r\nm-ready\r\n",
    b"db load 99999999%": b"Supplied buffer size 99999999 exceeds maximum of 16384\r\nm-ready\r\n",
    b"db load 99999999999999999999%": (
        b"e-[Unknown command: db load 99999999999999999999]\r\nm-ready\r\n"
    ),
    b"db 00%": b"e-[No bytes are expected]\r\nm-ready\r\n",
    b"db 0%": b"e-[Insufficent number of hex digits]\r\nm-ready\r\n",
    b"db 0g%": b"e-[Invalid hex digit]\r\nm-ready\r\n",
    b"infer 0 0%": b"e-[Unknown command: infer 0 0]\r\nm-ready\r\n",
    b"infer 1 0%": b"e-[No model]\r\nm-ready\r\n",
    b"db load 2%db 0Aff%db print%": (
        b"m-[Expecting 2 bytes]\r\nm-ready\r\nm-load-done\r\nm-ready\r\n"
        b"m-buffer-0a-ff\r\nm-ready\r\n"
    ),
    b"db load 9%db 0102030405060708%db 0910%": (
        b"m-[Expecting 9 bytes]\r\nm-ready\r\nm-ready\r\nm-load-done\r\nm-ready\r\n"
    ),
    b"db print%": b"m-buffer-01-02-03-04-05-06-07-08\r\nm-buffer-09\r\nm-ready\r\n",
    b"x" * 200 + b"%": b"e-[Unknown command: too long]\r\nm-ready\r\n",
    b"\r\nname%": b"m-name-dut-[pipe]\r\nm-ready\r\n",
}


def test_every_command_of_a_conversation_ends_with_m_ready(link: Link) -> None:
    assert said(link, b"profile%").endswith(b"m-model-[none]\r\nm-ready\r\n")
    for command, expected in CONVERSATION.items():
        assert said(link, command) == expected


@pytest.mark.parametrize(
    "noise",
    [
        b"nam%",
        b"Name%",
        b"xname%",
        b"name %",
        b"name",
        b"db zz%",
        b"%%%%",
        b"\x02\x01name%",
        b"\x05\x09%name%",
        bytes(range(1, 256)) * 3,
    ],
)
def test_only_a_known_command_begins_a_conversation(link: Link, noise: bytes) -> None:
    assert said(link, noise) == b""
    assert b"dropped" in said(link, b"\0")


def test_a_command_is_found_behind_noise(link: Link) -> None:
    assert said(link, b"\xfe\x80x%\x1bname%") == b"m-name-dut-[pipe]\r\nm-ready\r\n"


def test_frames_of_text_are_frames(link: Link) -> None:
    """Payloads full of commands, in requests of every kind, leave the protocol undisturbed."""
    text = b"%name%db load 4%db 00112233%infer 1 0%profile%results%"
    model = fake_model(len(text) * 8, 4, 1) + text * 50
    device = Device(link, timeout_s=2.0)
    device.load(model)
    samples = [text * 8, text[1:] * 8 + b"%" * 8, b"name%" * 86 + b"na"]
    got = [one.output for one in device.infer(samples)]
    assert got == [answer(sample, 4) for sample in samples]
    assert (device.repeats, device.restarts, device.stats().frames_bad) == (0, 0, 0)


def test_a_request_of_an_unknown_type_is_still_answered_with_bad_type(link: Link) -> None:
    link.write(frames.ATTENTION)
    receiver = frames.Receiver()
    text = b"name%" * 20
    for kind, payload in ((0x1F, text), (0x0E, text), (0x0A, b"x"), (0x6E, b"ame"), (0x7F, b"")):
        hello = frames.Frame(Message.HELLO, 7, 1, messages.Hello().pack())
        unknown = frames.Frame(kind, 7, 2, payload)
        heard = said(link, frames.encode(hello) + frames.encode(unknown))
        replies = [one for one in receiver.feed(heard) if isinstance(one, frames.Frame)]
        assert [one.type for one in replies] == [Message.GREETING, Message.ERROR]
        assert messages.Error.unpack(replies[1].payload).code == 3


def test_noise_on_a_binary_line_switches_to_nothing(link: Link) -> None:
    """100,000 runs of random bytes, a printable one in two: not one answer in text."""
    source = random.Random(3)  # noqa: S311 - seeded test data
    heard = b""
    for _ in range(100):
        kinds = [range(32, 127), range(256)] * 500
        link.write(b"%\0".join(bytes(source.choices(kind, k=20)) for kind in kinds) + b"%\0")
        heard += link.read(0.0)
    while part := link.read(0.2):
        heard += part
    assert b"m-" not in heard
    assert Device(link, timeout_s=2.0).greeting.board == "pipe"


def test_a_board_without_a_model_is_refused() -> None:
    link = native.ProcessLink(native.build("pipe_device"))
    with pytest.raises(BoardError, match="the board carries no model; upload one"):
        MLPerfTinyDevice(link, TENSORS, CARE)
