"""Frames: a typed, numbered, CRC-checked payload, and a stream of bytes cut into them."""

import struct
import zlib
from dataclasses import dataclass

from devices.protocol import cobs

HEADER = struct.Struct("<BBHI")
CRC = struct.Struct("<I")
OVERHEAD_BYTES = HEADER.size + CRC.size
ATTENTION = b"\0\0"
MAX_PAYLOAD_BYTES = 1 << 20
assert OVERHEAD_BYTES == 12  # noqa: S101, PLR2004 - SPEC.md, section 1


@dataclass(frozen=True, slots=True)
class Frame:
    """One message: `type` 1..255, `session` u16, `sequence` u32, `payload` bytes."""

    type: int
    session: int
    sequence: int
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class BadFrame:
    """What arrived in place of a frame: the reason, and how many wire bytes were dropped."""

    reason: str
    wire_bytes: int


def encode(frame: Frame) -> bytes:
    """Return the wire bytes of `frame`, the closing 0x00 included."""
    body = HEADER.pack(frame.type, 0, frame.session, frame.sequence) + frame.payload
    return cobs.encode(body + CRC.pack(zlib.crc32(body))) + b"\0"


def wire_bytes(payload_bytes: int) -> int:
    """Return the most wire bytes that a frame with `payload_bytes` takes."""
    return cobs.encoded_bytes(OVERHEAD_BYTES + payload_bytes)


def decode(block: bytes) -> Frame | BadFrame:
    """Return the frame of one COBS block without its 0x00, or why it is none."""
    try:
        body = cobs.decode(block)
    except ValueError as error:
        return BadFrame(str(error), len(block) + 1)
    if len(body) < OVERHEAD_BYTES:
        return BadFrame(f"{len(body)} bytes are less than a header and CRC", len(block) + 1)
    if zlib.crc32(body[: -CRC.size]) != CRC.unpack(body[-CRC.size :])[0]:
        return BadFrame("the CRC-32 differs", len(block) + 1)
    kind, _, session, sequence = HEADER.unpack_from(body)
    if kind == 0:
        return BadFrame("message type 0", len(block) + 1)
    return Frame(kind, session, sequence, body[HEADER.size : -CRC.size])


class Receiver:
    """Cuts a byte stream into frames; keeps a partial frame until its rest comes.

    A frame of more than `max_payload_bytes` is dropped as it arrives, so memory is bounded.
    """

    def __init__(self, max_payload_bytes: int = MAX_PAYLOAD_BYTES) -> None:
        self._limit = wire_bytes(max_payload_bytes)
        self._partial = bytearray()
        self._dropped = 0

    def feed(self, data: bytes) -> list[Frame | BadFrame]:
        """Return each frame, good or bad, that `data` completes; empty ones are skipped."""
        *blocks, rest = data.split(b"\0")
        found = [self._end_with(block) for block in blocks]
        self._keep(rest)
        return [item for item in found if item is not None]

    def _keep(self, block: bytes) -> None:
        if self._dropped or len(self._partial) + len(block) >= self._limit:
            self._dropped += len(self._partial) + len(block)
            self._partial.clear()
        else:
            self._partial += block

    def _end_with(self, block: bytes) -> Frame | BadFrame | None:
        self._keep(block)
        item: Frame | BadFrame | None = None
        if self._dropped:
            reason = f"longer than the limit, {self._limit} bytes"
            item = BadFrame(reason, self._dropped + 1)
        elif self._partial:
            item = decode(bytes(self._partial))
        self._partial.clear()
        self._dropped = 0
        return item
