"""The frame codec against the shared vectors and against arbitrary bytes."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.protocol import cobs, frames
from devices.protocol.frames import BadFrame, Frame, Receiver
from tests.devices import vector_file

LARGEST = 131072


def vector_frames() -> dict[str, Frame]:
    return {
        name: Frame(int(t, 16), int(s, 16), int(q, 16), vector_file.parse_bytes(payload))
        for name, t, s, q, payload, _ in vector_file.lines("frame")
    }


def events(receiver: Receiver, chunks: list[bytes]) -> list[Frame | str]:
    found = [item for chunk in chunks for item in receiver.feed(chunk)]
    return ["bad" if isinstance(item, BadFrame) else item for item in found]


@pytest.mark.parametrize("row", vector_file.lines("crc"), ids=lambda row: row[0])
def test_crc_vector(row: list[str]) -> None:
    assert zlib.crc32(vector_file.parse_bytes(row[1])) == int(row[2], 16)


@pytest.mark.parametrize("row", vector_file.lines("cobs"), ids=lambda row: row[0])
def test_cobs_vector_encodes_and_decodes(row: list[str]) -> None:
    body, block = (vector_file.parse_bytes(text) for text in row[1:])
    assert cobs.encode(body) == block
    assert cobs.decode(block) == body


@pytest.mark.parametrize("row", vector_file.lines("broken"), ids=lambda row: row[0])
def test_broken_cobs_is_refused(row: list[str]) -> None:
    with pytest.raises(ValueError, match="COBS"):
        cobs.decode(vector_file.parse_bytes(row[1]))


@pytest.mark.parametrize("row", vector_file.lines("frame"), ids=lambda row: row[0])
def test_frame_vector_encodes_to_its_wire_bytes_and_back(row: list[str]) -> None:
    frame = vector_frames()[row[0]]
    wire = frames.encode(frame)
    assert vector_file.same_wire(wire, row[5])
    assert Receiver(LARGEST).feed(wire) == [frame]
    assert len(wire) <= frames.wire_bytes(len(frame.payload))


@pytest.mark.parametrize("step", [1, 7, 4096, 1 << 20])
@pytest.mark.parametrize("row", vector_file.lines("stream"), ids=lambda row: row[0])
def test_stream_vector_gives_its_events_however_it_is_cut(row: list[str], step: int) -> None:
    known = vector_frames()
    wires = {name: frames.encode(frame) for name, frame in known.items()}
    stream = vector_file.parse_bytes(row[1], wires)
    chunks = [stream[i : i + step] for i in range(0, len(stream), step)]
    expected = ["bad" if name == "bad" else known[name] for name in row[2:]]
    assert events(Receiver(LARGEST), chunks) == expected


@given(st.binary(max_size=2000))
def test_cobs_round_trip_has_no_zero_and_keeps_its_bound(body: bytes) -> None:
    block = cobs.encode(body)
    assert 0 not in block
    assert len(block) + 1 <= cobs.encoded_bytes(len(body))
    assert cobs.decode(block) == body


@given(st.lists(st.binary(max_size=60), max_size=6), st.binary(max_size=5))
@settings(max_examples=300)
def test_arbitrary_bytes_never_raise_and_never_make_a_frame(
    parts: list[bytes], tail: bytes
) -> None:
    receiver = Receiver(64)
    for part in [*parts, tail, b"\0"]:
        assert all(isinstance(item, BadFrame) for item in receiver.feed(part))


@given(st.data())
@settings(max_examples=300)
def test_no_single_changed_byte_is_accepted(data: st.DataObject) -> None:
    frame = Frame(5, 7, 9, data.draw(st.binary(max_size=300)))
    wire = bytearray(frames.encode(frame))
    at = data.draw(st.integers(0, len(wire) - 2))
    wire[at] ^= data.draw(st.integers(1, 255))
    assert frame not in Receiver(1024).feed(bytes(wire))
    assert all(isinstance(item, BadFrame) for item in Receiver(1024).feed(bytes(wire)))


def test_an_endless_frame_keeps_memory_bounded() -> None:
    receiver = Receiver(1000)
    for _ in range(100):
        assert receiver.feed(b"\x55" * 1000) == []
        assert len(receiver._partial) <= frames.wire_bytes(1000)
    (bad,) = receiver.feed(b"\0")
    assert bad == BadFrame("longer than the limit, 1017 bytes", 100_001)
