"""Fuzzes the Python side of the wire protocol: hypothesis draws streams, each is damaged often.

An execution is one damaged stream, decoded whole and in pieces, and one damaged payload, unpacked.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.protocol import frames, messages
from devices.protocol.frames import BadFrame, Frame, Receiver
from tests.devices.fuzz.targets import Run

DAMAGES_EACH = 500
LIMIT_BYTES = 600
UNPACKED = (
    *(messages.Hello, messages.Greeting, messages.ModelBegin, messages.ModelChunk),
    *(messages.ModelInfo, messages.Result, messages.TraceOperator, messages.Stats, messages.Error),
)

FRAMES = st.builds(
    Frame,
    type=st.integers(1, 255),
    session=st.integers(0, 0xFFFF),
    sequence=st.integers(0, 0xFFFFFFFF),
    payload=st.one_of(
        st.binary(max_size=40),
        st.builds(
            lambda byte, count: bytes([byte]) * count, st.integers(0, 255), st.integers(240, 540)
        ),
    ),
)
STREAMS = st.lists(FRAMES, min_size=1, max_size=4)


def _damage(stream: bytes, dice: random.Random) -> bytes:
    damaged = bytearray(stream)
    for _ in range(dice.randint(1, 3)):
        at, kind = dice.randrange(len(damaged) + 1), dice.randrange(6)
        if kind == 0:
            damaged[at:at] = bytes([dice.choice((0, 1, 255, dice.randrange(256)))])
        elif kind == 1:
            del damaged[at : at + dice.choice((1, 1, 2, 20))]
        elif kind == 2:
            damaged[at : at + 1] = bytes([dice.randrange(256)])
        elif kind == 3 and at < len(damaged):
            damaged[at] ^= 1 << dice.randrange(8)
        elif kind == 4:
            damaged[at:at] = damaged[: dice.randrange(len(damaged) + 1)][-60:]
        else:
            damaged[at : at + 1] = b"\0"
    return bytes(damaged)


def _pieces(stream: bytes, dice: random.Random) -> Iterator[bytes]:
    at = 0
    while at < len(stream):
        step = dice.choice((1, 2, 7, 60, 300))
        yield stream[at : at + step]
        at += step


def _decode(stream: bytes, sent: list[Frame], dice: random.Random) -> None:
    whole = Receiver(LIMIT_BYTES).feed(stream)
    receiver = Receiver(LIMIT_BYTES)
    cut = [item for piece in _pieces(stream, dice) for item in receiver.feed(piece)]
    assert cut == whole, "the frames are the same however the bytes are cut"
    for item in whole:
        assert isinstance(item, BadFrame) or item in sent, "a changed frame is never delivered"


def _unpack(payload: bytes, dice: random.Random) -> None:
    kind = dice.choice(UNPACKED)
    try:
        kind.unpack(payload)
    except ValueError as error:
        assert str(error), "a refusal has a reason"


def damage_and_decode(sent: list[Frame], seed: int, damages: int = DAMAGES_EACH) -> None:
    """Decode a stream of frames `damages` times, damaged each time; AssertionError on a finding."""
    dice = random.Random(seed)  # noqa: S311 - seeded test data
    wire = b"".join(frames.encode(frame) for frame in sent)
    assert Receiver(LIMIT_BYTES).feed(wire) == sent, "what was sent arrives"
    for _ in range(damages):
        stream = _damage(wire, dice)
        _decode(stream, sent, dice)
        _unpack(stream, dice)


def run(runs: int) -> Run:
    """Decode at least `runs` damaged streams."""
    executions = 0

    @settings(
        max_examples=-(-runs // DAMAGES_EACH),
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(STREAMS, st.integers(0, 1 << 32))
    def fuzz(sent: list[Frame], seed: int) -> None:
        nonlocal executions
        damage_and_decode(sent, seed)
        executions += DAMAGES_EACH

    start, finding = time.monotonic(), ""
    try:
        fuzz()
    except Exception as error:
        finding = f"{type(error).__name__}: {error}"
    return Run("python", executions, time.monotonic() - start, 0, 0, 0, finding)
