"""A device in memory that speaks the protocol, for tests of what stands above it."""

import hashlib
import time
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from devices.errors import LinkError
from devices.links.link import Link
from devices.links.url import DeviceUrl
from devices.protocol import codes, frames, messages
from devices.protocol.codes import ErrorCode, Message, ModelOrigin
from devices.protocol.frames import BadFrame, Frame
from devices.protocol.messages import Error, Greeting, ModelInfo, Result, TraceOperator

FAKE_MAGIC = b"FAKE"


class Engine(Protocol):
    """What runs models inside a fake; raises Fault where the real engine would answer a code."""

    def load(self, model: bytes) -> ModelInfo:
        """Return what the model needs."""
        ...

    def infer(self, sample: bytes) -> bytes:
        """Return the output tensor's bytes."""
        ...

    def trace(self, sample: bytes) -> list[TraceOperator]:
        """Return one record an operator."""
        ...


class Fault(Exception):
    """A coded error of an engine."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(detail)
        self.error = Error(code, detail)


class ChecksumEngine:
    """Answers checksums: output byte i is byte i % 4 of the sample's CRC-32, XOR i.

    A model is "FAKE", then u32 input bytes, output bytes, operators, and anything behind.
    """

    def load(self, model: bytes) -> ModelInfo:
        """Return the sizes that the model names."""
        if model[:4] != FAKE_MAGIC or len(model) < 16:  # noqa: PLR2004
            raise Fault(ErrorCode.MODEL_MALFORMED, "no fake model")
        input_bytes, output_bytes, operators = (
            int.from_bytes(model[at : at + 4], "little") for at in (4, 8, 12)
        )
        self._info = ModelInfo(input_bytes, output_bytes, 0, 0, operators)
        return self._info

    def infer(self, sample: bytes) -> bytes:
        """Return the checksum bytes."""
        crc = zlib.crc32(sample).to_bytes(4, "little")
        return bytes(crc[i % 4] ^ (i & 0xFF) for i in range(self._info.output_bytes))

    def trace(self, sample: bytes) -> list[TraceOperator]:
        """Return, for operator k, the CRC-32 of the sample behind k."""
        count = self._info.operators
        return [
            TraceOperator(k, k, 4, zlib.crc32(sample, zlib.crc32(k.to_bytes(4, "little"))))
            for k in range(count)
        ]


def fake_model(input_bytes: int, output_bytes: int, operators: int, tail: bytes = b"") -> bytes:
    """Return a model that ChecksumEngine runs; `tail` makes it another one."""
    sizes = (input_bytes, output_bytes, operators)
    return FAKE_MAGIC + b"".join(size.to_bytes(4, "little") for size in sizes) + tail


DEFAULT_GREETING = Greeting(
    counter=codes.Counter.CORE_CYCLES,
    model_origin=ModelOrigin.NONE,
    credits=4,
    core_hz=100_000_000,
    counter_hz=100_000_000,
    max_request_bytes=16_384,
    max_reply_bytes=4_096,
    window_bytes=32_768,
    model_room_bytes=1 << 20,
    arena_room_bytes=1 << 20,
    model_bytes=0,
    model_sha256=bytes(32),
    board="fake",
    core="none",
    firmware="0",
    engine="checksum",
)


@dataclass
class FakeDevice:
    """The session of SPEC.md over an Engine: wire bytes in, wire bytes out, one call at a time."""

    engine: Engine = field(default_factory=ChecksumEngine)
    greeting: Greeting = DEFAULT_GREETING
    inferences: int = 0

    def __post_init__(self) -> None:
        self.power_cycle()

    def power_cycle(self) -> None:
        """Start anew: no session, no model."""
        self._session = 0
        self._receiver = frames.Receiver(self.greeting.max_request_bytes)
        self._model = bytearray()
        self._sha256 = b""
        self._info: ModelInfo | None = None
        self._failed: tuple[int, Error] | None = None
        self._good = self._bad = self.inferences = 0

    def feed(self, data: bytes) -> bytes:
        """Return the wire bytes that answer `data`."""
        return b"".join(self._handle(item) for item in self._receiver.feed(data))

    def _handle(self, item: Frame | BadFrame) -> bytes:
        if isinstance(item, BadFrame):
            self._bad += 1
            error = Error(ErrorCode.BAD_FRAME, item.reason)
            return frames.encode(Frame(Message.ERROR, self._session, 0, error.pack()))
        self._good += 1
        try:
            return self._answer(item)
        except Fault as fault:
            return self._reply(item, Message.ERROR, fault.error.pack())
        except ValueError as error:
            bad = Error(ErrorCode.BAD_LENGTH, str(error))
            return self._reply(item, Message.ERROR, bad.pack())

    def _reply(self, request: Frame, kind: Message, payload: bytes = b"") -> bytes:
        return frames.encode(Frame(kind, request.session, request.sequence, payload))

    def _answer(self, request: Frame) -> bytes:
        if request.type == Message.HELLO:
            self._session, self._failed = request.session, None
            return self._reply(request, Message.GREETING, self._greeting().pack())
        if request.session != self._session:
            raise Fault(ErrorCode.NO_SESSION, "greet first")
        handlers: dict[int, Callable[[Frame], bytes]] = {
            Message.MODEL_BEGIN: self._begin,
            Message.MODEL_CHUNK: self._chunk,
            Message.MODEL_END: self._end,
            Message.INFER: self._infer,
            Message.TRACE: self._trace,
            Message.STATS: self._stats,
            Message.ABORT: lambda frame: self._reply(frame, Message.ACK),
            Message.RESET: self._reset,
        }
        if request.type not in handlers:
            raise Fault(ErrorCode.BAD_TYPE, f"type {request.type}")
        return handlers[request.type](request)

    def _greeting(self) -> Greeting:
        if self._info is None:
            return self.greeting
        return replace(
            self.greeting,
            model_origin=ModelOrigin.UPLOADED,
            model_bytes=len(self._model),
            model_sha256=self._sha256,
        )

    def _begin(self, request: Frame) -> bytes:
        begin = messages.ModelBegin.unpack(request.payload)
        room = self.greeting.model_room_bytes
        if begin.size > room:
            detail = f"model of {begin.size} bytes, room for {room}"
            raise Fault(ErrorCode.MODEL_TOO_LARGE, f"{detail}: {begin.size - room} bytes too many")
        if (begin.sha256, begin.size) != (self._sha256, len(self._model)):
            self._model, self._sha256 = bytearray(begin.size), begin.sha256
            self._info = None
        return self._reply(request, Message.ACK)

    def _chunk(self, request: Frame) -> bytes:
        chunk = messages.ModelChunk.unpack(request.payload)
        if not self._sha256 or chunk.tag != messages.model_tag(self._sha256):
            raise Fault(ErrorCode.BAD_STATE, "no upload of this model was begun")
        end = chunk.offset + len(chunk.data)
        if end > len(self._model):
            raise Fault(ErrorCode.BAD_RANGE, f"chunk up to {end} of {len(self._model)} bytes")
        if self._info is None:
            self._model[chunk.offset : end] = chunk.data
        return self._reply(request, Message.ACK)

    def _end(self, request: Frame) -> bytes:
        if self._failed and self._failed[0] == request.sequence:
            return self._reply(request, Message.ERROR, self._failed[1].pack())
        if not self._sha256 or request.payload[:32] != self._sha256:
            raise Fault(ErrorCode.BAD_STATE, "no upload of this model was begun")
        try:
            info = self._loaded_model()
        except Fault as fault:
            self._model, self._sha256, self._info = bytearray(), b"", None
            self._failed = request.sequence, fault.error
            raise
        return self._reply(request, Message.MODEL_INFO, info.pack())

    def _loaded_model(self) -> ModelInfo:
        if self._info is None:
            if hashlib.sha256(self._model).digest() != self._sha256:
                raise Fault(ErrorCode.MODEL_HASH, "the received bytes have another sha256")
            self._info = self.engine.load(bytes(self._model))
        return self._info

    def _sample(self, request: Frame) -> bytes:
        if self._info is None:
            raise Fault(ErrorCode.NO_MODEL)
        got, expected = len(request.payload), self._info.input_bytes
        if got != expected:
            raise Fault(ErrorCode.BAD_LENGTH, f"input of {got} bytes, {expected} expected")
        self.inferences += 1
        return request.payload

    def _infer(self, request: Frame) -> bytes:
        output = self.engine.infer(self._sample(request))
        return self._reply(request, Message.RESULT, Result(1000 + len(output), output).pack())

    def _trace(self, request: Frame) -> bytes:
        records = self.engine.trace(self._sample(request))
        parts = [self._reply(request, Message.TRACE_OPERATOR, r.pack()) for r in records]
        return b"".join(parts) + self._infer(request)

    def _stats(self, request: Frame) -> bytes:
        info = self._info or ModelInfo(0, 0, 0, 0, 0)
        stats = messages.Stats(
            *(info.arena_bytes, self.greeting.arena_room_bytes, info.planned_bytes),
            *(len(self._model), self.greeting.model_room_bytes, 0, 0, 0, 0),
            *(self._good, self._bad, 0, self.inferences),
        )
        return self._reply(request, Message.STATS_REPLY, stats.pack())

    def _reset(self, request: Frame) -> bytes:
        ack = self._reply(request, Message.ACK)
        self.power_cycle()
        return ack


def _unchanged(data: bytes) -> bytes:
    return data


@dataclass
class FakeLink:
    """A link to a FakeDevice; `to_device` and `to_host` may change the bytes on their way."""

    device: FakeDevice = field(default_factory=FakeDevice)
    to_device: Callable[[bytes], bytes] = _unchanged
    to_host: Callable[[bytes], bytes] = _unchanged
    name: str = "fake://"
    bytes_per_s: float | None = None
    emulated: bool = False
    instructions_per_s: float | None = None
    closed: bool = False

    def __post_init__(self) -> None:
        self._replies: deque[bytes] = deque()

    def read(self, timeout_s: float) -> bytes:
        """Return one reply's bytes; b"" after the timeout where there is none."""
        self._check_open()
        if not self._replies:
            time.sleep(max(0.0, timeout_s))
            return b""
        return self._replies.popleft()

    def write(self, data: bytes) -> None:
        """Have the device answer `data`."""
        self._check_open()
        answer = self.to_host(self.device.feed(self.to_device(data)))
        if answer:
            self._replies.append(answer)

    def _check_open(self) -> None:
        if self.closed:
            raise LinkError(f"{self.name}: the link is closed")

    def close(self) -> None:
        """End the link."""
        self.closed = True


def open_fake(url: DeviceUrl) -> Link:
    """Return a link to a fresh fake device, `fake://`."""
    url.only()
    return FakeLink(name=url.text)
