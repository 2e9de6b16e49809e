"""Consistent Overhead Byte Stuffing: bytes without zeros, so that 0x00 can end a frame."""

BLOCK_BYTES = 254


def encode(body: bytes) -> bytes:
    """Return `body` as COBS, without the closing 0x00.

    Takes `len(body) + ceil(len(body) / 254)` bytes at most, and 1 for an empty body.
    """
    out = bytearray()
    runs = body.split(b"\0")
    for last, run in ((index == len(runs) - 1, run) for index, run in enumerate(runs)):
        _encode_run(run, last, out)
    return bytes(out)


def _encode_run(run: bytes, last: bool, out: bytearray) -> None:
    start = 0
    while len(run) - start >= BLOCK_BYTES:
        out.append(BLOCK_BYTES + 1)
        out += run[start : start + BLOCK_BYTES]
        start += BLOCK_BYTES
    if not (last and start and start == len(run)):
        out.append(len(run) - start + 1)
        out += run[start:]


def decode(block: bytes) -> bytes:
    """Return the body of `block`, which has no closing 0x00.

    Raises ValueError where `block` is empty, holds a zero, or ends inside a run.
    """
    if not block or 0 in block:
        raise ValueError("COBS data is empty or holds a zero byte")
    out = bytearray()
    at, end = 0, len(block)
    while at < end:
        code = block[at]
        if at + code > end:
            raise ValueError(f"COBS run of {code - 1} bytes at {at} passes the end, {end}")
        out += block[at + 1 : at + code]
        at += code
        if code <= BLOCK_BYTES and at < end:
            out.append(0)
    return bytes(out)


def encoded_bytes(length: int) -> int:
    """Return the most wire bytes that a body of `length` bytes takes, its 0x00 included."""
    return length + max(1, -(-length // BLOCK_BYTES)) + 1
