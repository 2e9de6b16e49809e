"""The host's side of a device: greet, load a model, infer samples, trace, ask for figures."""

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from types import TracebackType
from typing import Self, TypeVar

from devices.clock import Clock, clock_of
from devices.errors import BoardError, NoAnswer, ProtocolError, Refused, SessionLost
from devices.exchange import Exchange, Limits
from devices.inference_device import Answer
from devices.links import Link, open_link
from devices.protocol import frames, messages
from devices.protocol.codes import ErrorCode, Message
from devices.protocol.messages import Greeting, ModelInfo, Result, Stats, TraceOperator

TIMEOUT_S = 10.0
GREETING_TIMEOUTS_S = (0.25, 0.5, 1.0, 2.0, 4.0)
MAX_RESTARTS = 3  # in a row: a device that answers in between gets on
CHUNK_BYTES = 4096
TRACE_ATTEMPTS = 5
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Trace:
    """One sample's inference, operator by operator."""

    operators: tuple[TraceOperator, ...]
    output: bytes


class Device:
    """A device behind an open link, greeted on construction.

    `greeting` says what it is, `info` what it made of the model once one is loaded. Owns the link:
    close it, or use `with`. Every method raises a DeviceError of one line, in bounded time. One
    thread at a time.
    """

    def __init__(self, link: Link, timeout_s: float = TIMEOUT_S) -> None:
        self.link = link
        self.info: ModelInfo | None = None
        self.restarts = 0
        self._restarts_in_a_row = 0
        self._timeout_s = timeout_s
        self._model = b""
        self._exchange = Exchange(link, 0, timeout_s)
        try:
            self.greeting = self._greet()
        except BaseException:
            link.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the link; an emulator behind it ends."""
        self.link.close()

    @property
    def clock(self) -> Clock | None:
        """What one tick of a count means; None where counts of this device mean nothing."""
        return clock_of(self.greeting, self.link)

    @property
    def repeats(self) -> int:
        """Requests that had to be sent again so far."""
        return self._exchange.repeats

    def expect_board(self, name: str) -> None:
        """Raise BoardError unless the greeted board is `name`."""
        if self.greeting.board != name:
            raise BoardError(
                f"{self.link.name}: expected board {name}, this is {self.greeting.board!r} "
                f"({self.greeting.core})"
            )

    def load(self, model: bytes) -> ModelInfo:
        """Return what the device made of `model`; bytes it already holds are not sent again.

        Raises Refused with a model code where the device cannot run it: it then holds no model.
        """
        self._model = model
        self.info = self._with_restarts(self._load_once)
        if self.greeting.model_sha256 != hashlib.sha256(model).digest():
            self.greeting = self._greet()
        return self.info

    def use_held_model(self) -> ModelInfo:
        """Return what the device made of the model it holds, such as one linked into flash."""
        if not self.greeting.model_bytes:
            raise Refused(f"{self.link.name}: the device holds no model", ErrorCode.NO_MODEL)
        self.info = self._end_upload(self.greeting.model_sha256)
        return self.info

    def infer(self, samples: Iterable[bytes]) -> Iterator[Answer]:
        """Yield one Answer for each sample, as they come; each index exactly once.

        A sample is the input tensor's bytes. `samples` is drawn from as fast as the device takes
        them, so a generator keeps memory small.
        """
        todo = enumerate(samples)
        unanswered: dict[int, bytes] = {}
        lost: SessionLost | None = None
        while True:
            if lost is not None:
                self._restart(lost)
            try:
                yield from self._infer_once(list(unanswered.items()), todo, unanswered)
            except SessionLost as error:
                lost = error
            else:
                return

    def trace(self, sample: bytes) -> Trace:
        """Return the CRC-32 of every operator's output for one sample."""
        for _ in range(TRACE_ATTEMPTS):
            reply = self._exchange.one(Message.TRACE, self._checked(0, sample))
            operators = [self._unpacked(TraceOperator.unpack, raw) for raw in reply.interim]
            by_index = {operator.index: operator for operator in operators}
            if sorted(by_index) == list(range(self._loaded().operators)):
                ordered = tuple(by_index[index] for index in sorted(by_index))
                return Trace(ordered, self._result(reply.payload).output)
        raise NoAnswer(f"{self.link.name}: {TRACE_ATTEMPTS} traces came with operators missing")

    def stats(self) -> Stats:
        """Return memory and counters of the device, since its start."""
        while True:
            try:
                payload = self._exchange.one(Message.STATS).payload
            except SessionLost as error:
                self._restart(error)
            else:
                return self._unpacked(Stats.unpack, payload)

    def reset(self) -> Greeting:
        """Return the greeting after the device has started anew; an uploaded model is gone."""
        self._exchange.one(Message.RESET)
        self.info = None
        self.greeting = self._greet()
        return self.greeting

    def _greet(self) -> Greeting:
        exchange = self._exchange
        exchange.begin(random.randrange(1, 1 << 16))  # noqa: S311 - a name, not a secret
        payload = self._hello()
        greeting = self._checked_greeting(payload)
        exchange.limits = Limits(greeting.credits, greeting.window_bytes)
        return greeting

    def _hello(self) -> bytes:
        """Return the payload of GREETING; a board that is still starting gets several HELLO."""
        for last, timeout_s in ((t is GREETING_TIMEOUTS_S[-1], t) for t in GREETING_TIMEOUTS_S):
            try:
                with self._exchange.patience(timeout_s, silences=1):
                    return self._exchange.one(Message.HELLO, messages.Hello().pack()).payload
            except NoAnswer as error:
                if last:
                    raise self._no_greeting(error) from error
                self._exchange.begin(self._exchange.session)
        raise AssertionError("the last attempt returns or raises")

    def _no_greeting(self, error: NoAnswer) -> NoAnswer:
        return NoAnswer(
            f"{error}; {len(GREETING_TIMEOUTS_S)} greetings in {sum(GREETING_TIMEOUTS_S):g} s: "
            "check that the board is powered, runs this firmware, and that the baud rate fits"
        )

    def _checked_greeting(self, payload: bytes) -> Greeting:
        major, minor = self._unpacked(messages.greeting_version, payload)
        if major != messages.VERSION_MAJOR:
            raise ProtocolError(
                f"{self.link.name}: the device speaks protocol {major}.{minor}, this host "
                f"{messages.VERSION_MAJOR}.{messages.VERSION_MINOR}; flash matching firmware"
            )
        return self._unpacked(Greeting.unpack, payload)

    def _load_once(self) -> ModelInfo:
        sha256 = hashlib.sha256(self._model).digest()
        if self.greeting.model_sha256 == sha256:
            return self._end_upload(sha256)
        begin = messages.ModelBegin(len(self._model), sha256)
        self._exchange.one(Message.MODEL_BEGIN, begin.pack())
        for _ in self._exchange.run(self._chunks(messages.model_tag(sha256))):
            pass
        return self._end_upload(sha256)

    def _chunks(self, tag: int) -> Iterator[tuple[int, Message, bytes]]:
        step = min(CHUNK_BYTES, self.greeting.max_request_bytes - messages.CHUNK_HEADER.size)
        while step > 256 and 2 * frames.wire_bytes(step) > self.greeting.window_bytes:  # noqa: PLR2004
            step //= 2
        for at in range(0, len(self._model), step):
            chunk = messages.ModelChunk(tag, at, self._model[at : at + step])
            yield at, Message.MODEL_CHUNK, chunk.pack()

    def _end_upload(self, sha256: bytes) -> ModelInfo:
        payload = self._exchange.one(Message.MODEL_END, sha256).payload
        return self._unpacked(ModelInfo.unpack, payload)

    def _infer_once(
        self,
        again: list[tuple[int, bytes]],
        todo: Iterator[tuple[int, bytes]],
        unanswered: dict[int, bytes],
    ) -> Iterator[Answer]:
        def requests() -> Iterator[tuple[int, Message, bytes]]:
            for index, sample in chain(again, todo):
                unanswered[index] = self._checked(index, sample)
                yield index, Message.INFER, sample

        for reply in self._exchange.run(requests()):
            result = self._result(reply.payload)
            del unanswered[reply.index]
            self._restarts_in_a_row = 0
            yield Answer(reply.index, result.output, result.count)

    def _checked(self, index: int, sample: bytes) -> bytes:
        expected = self._loaded().input_bytes
        if len(sample) != expected:
            raise Refused(
                f"{self.link.name}: sample {index} has {len(sample)} bytes, the model's input "
                f"{expected}",
                ErrorCode.BAD_LENGTH,
            )
        return sample

    def _result(self, payload: bytes) -> Result:
        result = self._unpacked(Result.unpack, payload)
        if len(result.output) != self._loaded().output_bytes:
            raise ProtocolError(
                f"{self.link.name}: an output of {len(result.output)} bytes came, the model's "
                f"has {self._loaded().output_bytes}"
            )
        return result

    def _loaded(self) -> ModelInfo:
        if self.info is None:
            raise Refused(f"{self.link.name}: no model is loaded", ErrorCode.NO_MODEL)
        return self.info

    def _with_restarts(self, work: Callable[[], ModelInfo]) -> ModelInfo:
        while True:
            try:
                return work()
            except SessionLost as error:
                self._count_restart(error)
                self.greeting = self._greet()

    def _restart(self, cause: SessionLost) -> None:
        """Greet a device that was reset, and load the model again."""
        self._count_restart(cause)
        before = self.greeting
        self.greeting = self._greet()
        if self._model:
            self.info = self._with_restarts(self._load_once)
        elif self.info is None:
            return
        elif self.greeting.model_sha256 == before.model_sha256:
            self.use_held_model()
        else:
            raise Refused(f"{self.link.name}: the device lost its model", ErrorCode.NO_MODEL)

    def _count_restart(self, cause: SessionLost) -> None:
        self.restarts += 1
        self._restarts_in_a_row += 1
        if self._restarts_in_a_row > MAX_RESTARTS:
            raise NoAnswer(
                f"{self.link.name}: the device started anew {self._restarts_in_a_row} times with "
                "no answer in between; check its power supply, and that no other host uses it"
            ) from cause

    def _unpacked(self, unpack: Callable[[bytes], T], payload: bytes) -> T:
        try:
            return unpack(payload)
        except ValueError as error:
            raise ProtocolError(
                f"{self.link.name}: {error}; got {payload[:16].hex(' ')}"
            ) from error


def connect(url: str, timeout_s: float = TIMEOUT_S) -> Device:
    """Return the greeted device at a URL such as qemu://mps2-an386 or /dev/ttyACM0."""
    return Device(open_link(url), timeout_s)
