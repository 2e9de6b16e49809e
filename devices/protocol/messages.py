"""Payloads of the messages: frozen records that pack to bytes and unpack from hostile ones.

`unpack` raises ValueError, naming the message and its length, where bytes are missing.
Trailing bytes are ignored: a later minor version may have added fields (SPEC.md section 8).
"""

import struct
from dataclasses import dataclass
from typing import Any, Self

VERSION_MAJOR = 1
VERSION_MINOR = 0
SHA256_BYTES = 32
TEXT_BYTES = 95


def _fields(layout: struct.Struct, payload: bytes, name: str) -> tuple[Any, ...]:
    if len(payload) < layout.size:
        raise ValueError(f"{name} has {len(payload)} bytes, at least {layout.size} expected")
    return layout.unpack_from(payload)


def _text(raw: bytes) -> str:
    text = raw.split(b"\0", 1)[0].decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "?" for c in text)


@dataclass(frozen=True, slots=True)
class Hello:
    """The host's protocol version."""

    major: int = VERSION_MAJOR
    minor: int = VERSION_MINOR

    def pack(self) -> bytes:
        """Return the payload."""
        return struct.pack("<BBH", self.major, self.minor, 0)

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Return the message in `payload`."""
        major, minor, _ = _fields(struct.Struct("<BBH"), payload, "HELLO")
        return cls(major, minor)


_GREETING = struct.Struct("<BBBBHHIIIIIIII32s24s16s16s16s16s")
assert _GREETING.size == 160  # noqa: S101, PLR2004 - SPEC.md, section 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """Who the device is, what it can hold, and which model it has.

    `counter` is a codes.Counter value, `model_origin` a codes.ModelOrigin value; clocks in Hz.
    `model_sha256` is 32 zero bytes where no model is held.
    """

    major: int = VERSION_MAJOR
    minor: int = VERSION_MINOR
    counter: int
    model_origin: int
    credits: int
    core_hz: int
    counter_hz: int
    max_request_bytes: int
    max_reply_bytes: int
    window_bytes: int
    model_room_bytes: int
    arena_room_bytes: int
    model_bytes: int
    model_sha256: bytes
    board: str
    core: str
    firmware: str
    engine: str
    unique_id: bytes = bytes(16)

    def pack(self) -> bytes:
        """Return the 160 bytes of the payload."""
        return _GREETING.pack(
            *(self.major, self.minor, self.counter, self.model_origin, self.credits, 0),
            *(self.core_hz, self.counter_hz, self.max_request_bytes, self.max_reply_bytes),
            *(self.window_bytes, self.model_room_bytes, self.arena_room_bytes, self.model_bytes),
            self.model_sha256,
            *(text.encode() for text in (self.board, self.core, self.firmware, self.engine)),
            self.unique_id,
        )

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Return the message in `payload`; limits that would stall the host are refused."""
        values = list(_fields(_GREETING, payload, "GREETING"))
        del values[5]
        record = dict(zip(cls.__dataclass_fields__, values, strict=True))
        for name in ("board", "core", "firmware", "engine"):
            record[name] = _text(record[name])
        return cls(**record)._checked()

    def _checked(self) -> Self:
        if not self.credits or self.max_request_bytes < 64 or self.max_reply_bytes < 64:  # noqa: PLR2004
            raise ValueError(
                f"GREETING has {self.credits} credits, requests of {self.max_request_bytes} and "
                f"replies of {self.max_reply_bytes} bytes; at least 1, 64 and 64 are needed"
            )
        return self


def greeting_version(payload: bytes) -> tuple[int, int]:
    """Return major and minor version, which stand first in a GREETING of any version."""
    major, minor = _fields(struct.Struct("<BB"), payload, "GREETING")
    return major, minor


@dataclass(frozen=True, slots=True)
class ModelBegin:
    """Announces an upload: its size in bytes and its sha256 (32 bytes)."""

    size: int
    sha256: bytes

    def pack(self) -> bytes:
        """Return the payload."""
        return struct.pack("<I32s", self.size, self.sha256)

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Return the message in `payload`."""
        size, sha256 = _fields(struct.Struct("<I32s"), payload, "MODEL_BEGIN")
        return cls(size, sha256)


CHUNK_HEADER = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class ModelChunk:
    """Bytes of a model at an offset; `tag` is the first 4 bytes of its sha256 as u32."""

    tag: int
    offset: int
    data: bytes

    def pack(self) -> bytes:
        """Return the payload."""
        return CHUNK_HEADER.pack(self.tag, self.offset) + self.data

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Return the message in `payload`."""
        tag, offset = _fields(CHUNK_HEADER, payload, "MODEL_CHUNK")
        return cls(tag, offset, payload[CHUNK_HEADER.size :])


def model_tag(sha256: bytes) -> int:
    """Return the tag that chunks of the model with this sha256 carry."""
    return int.from_bytes(sha256[:4], "little")


_MODEL_INFO = struct.Struct("<5I")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What the engine made of a model; sizes in bytes."""

    input_bytes: int
    output_bytes: int
    arena_bytes: int
    planned_bytes: int
    operators: int

    def pack(self) -> bytes:
        """Return the payload."""
        return _MODEL_INFO.pack(
            *(self.input_bytes, self.output_bytes, self.arena_bytes),
            *(self.planned_bytes, self.operators),
        )

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Return the message in `payload`."""
        return cls(*_fields(_MODEL_INFO, payload, "MODEL_INFO"))


RESULT_HEADER = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Result:
    """One inference: counter ticks, and the bytes of the output tensor."""

    count: int
    output: bytes

    def pack(self) -> bytes:
        """Return the payload."""
        return RESULT_HEADER.pack(self.count) + self.output

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Return the message in `payload`."""
        (count,) = _fields(RESULT_HEADER, payload, "RESULT")
        return cls(count, payload[RESULT_HEADER.size :])


_TRACE_OPERATOR = struct.Struct("<4I")


@dataclass(frozen=True, slots=True)
class TraceOperator:
    """One operator of a traced inference; the CRC-32 is over its output tensors in order."""

    index: int
    builtin_code: int
    output_bytes: int
    crc32: int

    def pack(self) -> bytes:
        """Return the payload."""
        return _TRACE_OPERATOR.pack(self.index, self.builtin_code, self.output_bytes, self.crc32)

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Return the message in `payload`."""
        return cls(*_fields(_TRACE_OPERATOR, payload, "TRACE_OPERATOR"))


_STATS = struct.Struct("<13I")


@dataclass(frozen=True, slots=True)
class Stats:
    """Memory and counters of a device since it started; sizes in bytes."""

    arena_used_bytes: int
    arena_room_bytes: int
    planned_bytes: int
    model_bytes: int
    model_room_bytes: int
    stack_room_bytes: int
    stack_used_bytes: int
    flash_bytes: int
    ram_bytes: int
    frames_good: int
    frames_bad: int
    bytes_lost: int
    inferences: int

    def pack(self) -> bytes:
        """Return the payload."""
        return _STATS.pack(*(getattr(self, name) for name in self.__dataclass_fields__))

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Return the message in `payload`."""
        return cls(*_fields(_STATS, payload, "STATS_REPLY"))


@dataclass(frozen=True, slots=True)
class Error:
    """A coded error; `code` is mostly a codes.ErrorCode, `detail` is printable text."""

    code: int
    detail: str = ""

    def pack(self) -> bytes:
        """Return the payload; the text is cut at 95 bytes."""
        return struct.pack("<HH", self.code, 0) + self.detail.encode()[:TEXT_BYTES]

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Return the message in `payload`."""
        code, _ = _fields(struct.Struct("<HH"), payload, "ERROR")
        return cls(code, _text(payload[4:]))
