"""Reads devices/protocol/vectors.txt, which the C test reads too."""

import zlib
from pathlib import Path

PATH = Path(__file__).parents[2] / "devices" / "protocol" / "vectors.txt"


def lines(kind: str) -> list[list[str]]:
    rows = (line.split() for line in PATH.read_text().splitlines() if not line.startswith("#"))
    return [row[1:] for row in rows if row and row[0] == kind]


def parse_bytes(text: str, frames: dict[str, bytes] | None = None) -> bytes:
    return b"".join(_part(part, frames or {}) for part in text.split("+"))


def _part(part: str, frames: dict[str, bytes]) -> bytes:
    if part == "-":
        return b""
    if part.startswith("@"):
        return frames[part[1:]]
    kind, _, rest = part.partition(":")
    if kind == "ramp":
        start, count = rest.split(":")
        return bytes((int(start, 16) + i) & 0xFF for i in range(int(count)))
    if kind == "fill":
        value, count = rest.split(":")
        return bytes([int(value, 16)]) * int(count)
    return bytes.fromhex(part)


def same_wire(wire: bytes, text: str) -> bool:
    if not text.startswith("crc32:"):
        return wire == parse_bytes(text)
    _, crc, length = text.split(":")
    return (zlib.crc32(wire), len(wire)) == (int(crc, 16), int(length))
