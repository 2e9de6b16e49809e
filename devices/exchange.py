"""Requests over a link: several in flight, matched by number, repeated where they were lost."""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from devices.errors import DeviceError, NoAnswer, ProtocolError, Refused, SessionLost
from devices.links.link import Link
from devices.protocol import frames
from devices.protocol.codes import REPLY_TO, ErrorCode, Message, error_name
from devices.protocol.frames import Frame
from devices.protocol.messages import Error
from devices.protocol.window import Request, Window

MAX_SENDS = 16
MAX_SENDS_ON_REPORT = 8
MAX_SILENCES = 3
MAX_INTERIM = 1 << 16
SEQUENCES = 1 << 32


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to the request that its caller named `index`."""

    index: int
    payload: bytes
    interim: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be in flight: requests, and their wire bytes together."""

    credits: int
    window_bytes: int


class Exchange:
    """One session's requests over one link.

    Raises NoAnswer after three silences of `timeout_s` (plus line time) in a row, or 16 sends of
    one request; Refused, or SessionLost, where the device answers with an error. What had come
    before the error is yielded before it is raised.
    """

    def __init__(self, link: Link, session: int, timeout_s: float) -> None:
        self.link = link
        self.session = session
        self.limits = Limits(1, 0)
        self.timeout_s = timeout_s
        self.repeats = 0
        self.max_silences = MAX_SILENCES
        self._sequence = random.randrange(SEQUENCES)  # noqa: S311 - only unlike the last host's
        self._receiver = frames.Receiver()
        self._window = Window(1, 0)
        self._waiting: Request | None = None
        self._silences = 0
        self._deadline = 0.0
        self._garbage = b""
        self._abandoned = False

    def one(self, kind: Message, payload: bytes = b"") -> Reply:
        """Return the reply to a single request."""
        (reply,) = self.run([(0, kind, payload)])
        return reply

    def run(self, requests: Iterable[tuple[int, Message, bytes]]) -> Iterator[Reply]:
        """Yield the reply to each request as it comes; the order may differ from that of sending.

        A request is a number that its reply will carry, a type, and a payload. `requests` is drawn
        from only as fast as the device takes them.
        """
        if self._abandoned:
            self._abandoned = False
            self._abort()
        self._window = Window(self.limits.credits, self.limits.window_bytes)
        self._abandoned = True
        yield from self._pump(iter(requests))
        self._abandoned = False

    def begin(self, session: int) -> None:
        """Enter a new session: the device forgets what it has of the last one."""
        self.session = session
        self.limits = Limits(1, 0)
        self._abandoned = False
        self.attention()

    @contextmanager
    def patience(self, timeout_s: float, silences: int) -> Iterator[None]:
        """Within the block, give up after `silences` of `timeout_s` each."""
        before = self.timeout_s, self.max_silences
        self.timeout_s, self.max_silences = timeout_s, silences
        try:
            yield
        finally:
            self.timeout_s, self.max_silences = before

    def attention(self) -> None:
        """Have the device drop what it has received and not begun."""
        self.link.write(frames.ATTENTION)

    def _abort(self) -> None:
        self.attention()
        for _ in self.run([(0, Message.ABORT, b"")]):
            pass

    def _pump(self, source: Iterator[tuple[int, Message, bytes]]) -> Iterator[Reply]:
        self._silences = 0
        self._waiting = None
        failure = self._failure_of(lambda: self._fill(source))
        while len(self._window) and failure is None:
            replies: list[Reply] = []
            failure = self._failure_of(lambda: self._receive(replies))  # noqa: B023 - called at once
            failure = failure or self._failure_of(lambda: self._fill(source))
            yield from replies
        if failure is not None:
            raise failure

    @staticmethod
    def _failure_of(step: Callable[[], None]) -> DeviceError | None:
        """Run `step`; return its error, which waits until what came before it is handed out."""
        try:
            step()
        except DeviceError as error:
            return error
        return None

    def _fill(self, source: Iterator[tuple[int, Message, bytes]]) -> None:
        """Send while the window has room; a request that finds none waits."""
        while True:
            request = self._waiting or self._next(source)
            if request is None or not self._window.fits(len(request.wire)):
                self._waiting = request
                return
            self._waiting = None
            self._send([request])

    def _next(self, source: Iterator[tuple[int, Message, bytes]]) -> Request | None:
        drawn = next(source, None)
        if drawn is None:
            return None
        index, kind, payload = drawn
        self._sequence = self._sequence % (SEQUENCES - 1) + 1
        frame = Frame(kind, self.session, self._sequence, payload)
        return Request(index, kind, self._sequence, frames.encode(frame))

    def _send(self, requests: list[Request]) -> None:
        if not self._window:
            self._progress()
        for request in requests:
            if request.sent >= MAX_SENDS:
                raise NoAnswer(f"{self.link.name}: {self._gave_up(request)}")
            self.repeats += request.sent > 0
            self._window.add(request)
            self.link.write(request.wire)

    def _gave_up(self, request: Request) -> str:
        name = Message(request.type).name
        return (
            f"{name} {request.index} was sent {MAX_SENDS} times and never answered intact; check "
            "cable, baud rate and ground"
        )

    def _progress(self) -> None:
        rate = self.link.bytes_per_s
        line_s = 2 * self._window.wire_bytes / rate if rate else 0.0
        self._deadline = time.monotonic() + self.timeout_s + line_s

    def _receive(self, replies: list[Reply]) -> None:
        data = self.link.read(max(0.0, self._deadline - time.monotonic()))
        if data:
            self._garbage = data[-16:]
        for item in self._receiver.feed(data):
            if isinstance(item, Frame) and item.session == self.session:
                replies += self._accept(item)
        if time.monotonic() >= self._deadline:
            self._silence()

    def _silence(self) -> None:
        self._silences += 1
        if self._silences >= self.max_silences:
            raise NoAnswer(self._silent_message())
        self.attention()
        self._progress()
        self._send(self._window.in_order())

    def _silent_message(self) -> str:
        heard = f"only bytes that answer nothing, last {self._garbage.hex(' ')}"
        return (
            f"{self.link.name}: no valid answer within {self.timeout_s:g} s, {self._silences} "
            f"times in a row; heard {heard if self._garbage else 'nothing at all'}"
        )

    def _accept(self, item: Frame) -> list[Reply]:
        request = self._window.find(item.sequence)
        if item.type == Message.ERROR and item.sequence == 0:
            self._dropped(item)
        elif request is None:
            return []
        elif item.type == Message.ERROR:
            self._raise_refused(request, item)
        elif item.type == Message.TRACE_OPERATOR and request.type == Message.TRACE:
            self._keep_interim(request, item)
        elif item.type == REPLY_TO[Message(request.type)]:
            return [self._finish(request, item)]
        return []

    def _dropped(self, item: Frame) -> None:
        """Repeat the oldest request: the device works in order, so the dropped one was that.

        Unless such reports keep coming: then they are about older noise, and silence decides.
        """
        code = self._unpacked_error(item).code
        oldest = self._window.in_order()[:1]
        if code == ErrorCode.BAD_FRAME and oldest and oldest[0].sent < MAX_SENDS_ON_REPORT:
            self._send(oldest)

    def _keep_interim(self, request: Request, item: Frame) -> None:
        if len(request.interim) >= MAX_INTERIM:
            raise ProtocolError(f"{self.link.name}: a trace of more than {MAX_INTERIM} operators")
        request.interim.append(item)
        self._progress()

    def _finish(self, request: Request, item: Frame) -> Reply:
        passed_over = self._window.close(request)
        self._silences = 0
        self._garbage = b""
        self._progress()
        self._send(passed_over)
        interim = tuple(frame.payload for frame in request.interim)
        return Reply(request.index, item.payload, interim)

    def _unpacked_error(self, item: Frame) -> Error:
        try:
            return Error.unpack(item.payload)
        except ValueError as error:
            raise ProtocolError(f"{self.link.name}: {error}") from error

    def _raise_refused(self, request: Request, item: Frame) -> None:
        error = self._unpacked_error(item)
        kind = SessionLost if error.code == ErrorCode.NO_SESSION else Refused
        detail = f": {error.detail}" if error.detail else ""
        name = Message(request.type).name
        raise kind(
            f"{self.link.name}: {name} {request.index} answered {error_name(error.code)}{detail}",
            error.code,
        )
