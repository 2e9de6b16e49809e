"""The driver: evaluates a board that carries MLPerf Tiny firmware, as it is."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from devices.clock import Clock
from devices.errors import BoardError, NoAnswer, Refused
from devices.inference_device import Answer
from devices.links import Link, open_link
from devices.mlperf_tiny import commands, inputs, replies
from devices.mlperf_tiny.command_link import CommandLink
from devices.mlperf_tiny.inputs import Encoding
from devices.mlperf_tiny.outputs import Output
from devices.mlperf_tiny.replies import BadReply, Profile
from devices.protocol.codes import Counter, ErrorCode, ModelOrigin
from devices.protocol.messages import Greeting, ModelInfo, Stats

TIMEOUT_S = 10.0
BOOT_S = 2.0
MAX_ATTEMPTS = 16
ENGINE = "mlperf-tiny"
MICROSECONDS = Clock("microseconds", 1.0, None)
PRINTED_BYTES = 5  # of `db print`, for each byte of the tensor: `xx-` and a share of each line
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tensors:
    """The model's int8 input and output; no reply names them, so the .tflite has to."""

    input_bytes: int
    outputs: int
    scale: float
    zero_point: int


@dataclass(frozen=True, slots=True)
class Care:
    """How the driver goes about it.

    `encoding`: how the firmware wants the input, where its model id does not say. `readback`: read
    each tensor and each result back, since the protocol has no checksum; without it an image costs
    a third of the time, and a changed digit may go unnoticed.
    """

    encoding: Encoding | None = None
    readback: bool = True
    boot_s: float = BOOT_S
    timeout_s: float = TIMEOUT_S


class MLPerfTinyDevice:
    """A board with MLPerf Tiny firmware behind an open link, named and profiled on construction.

    The firmware carries its model and cannot be asked which: `load` sends nothing, and nothing
    here shows that the board runs those bytes. Owns the link: close it, or use `with`. One thread
    at a time.

    Raises:
        BoardError: the firmware's model cannot be driven sample by sample, takes an unknown kind
            of input, or prints outputs that three decimals do not tell apart.
        NoAnswer: no such firmware answers.

    """

    def __init__(self, link: Link, tensors: Tensors, care: Care | None = None) -> None:
        self.link = link
        self.tensors = tensors
        self.retries = 0
        self._care = care or Care()
        self._line = CommandLink(link, self._care.timeout_s)
        try:
            self._open()
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
        """Microseconds of the board's timer; None without one, and on an emulator."""
        return None if self.link.emulated or not self._timed else MICROSECONDS

    @property
    def greeting(self) -> Greeting:
        """What the board says of itself: its name and its firmware; all else is unknown."""
        return Greeting(
            major=0,
            minor=0,
            counter=Counter.NONE,
            model_origin=ModelOrigin.NONE,
            credits=1,
            core_hz=0,
            counter_hz=0,
            max_request_bytes=self.tensors.input_bytes,
            max_reply_bytes=self.tensors.outputs,
            window_bytes=0,
            model_room_bytes=0,
            arena_room_bytes=0,
            model_bytes=0,
            model_sha256=bytes(32),
            board=self.name,
            core="",
            firmware=f"{self.profile.firmware} {self.profile.model}",
            engine=ENGINE,
            unique_id=bytes(16),
        )

    @property
    def info(self) -> ModelInfo | None:
        """None: the firmware does not say what it made of its model."""
        return None

    def stats(self) -> Stats | None:
        """Return None: the firmware has no such figures."""
        return None

    def expect_board(self, name: str) -> None:
        """Raise BoardError unless the vendor's string of the board is `name`."""
        if self.name != name:
            raise BoardError(f"{self.link.name}: expected board {name}, this is {self.name!r}")

    def load(self, model: bytes) -> ModelInfo | None:
        """Send nothing: the model is part of the firmware, and which one cannot be asked."""
        return None

    def infer(self, samples: Iterable[bytes]) -> Iterator[Answer]:
        """Yield one Answer for each sample, in order; its count is in microseconds.

        A sample is the int8 input tensor. An image whose exchange fails in any way is loaded again
        from its first byte; raises NoAnswer after 16 attempts at one.
        """
        for index, sample in enumerate(samples):
            if len(sample) != self.tensors.input_bytes:
                raise Refused(
                    f"{self.link.name}: sample {index} has {len(sample)} bytes, the model's input "
                    f"{self.tensors.input_bytes}",
                    ErrorCode.BAD_LENGTH,
                )
            wire = self._encoding.encode(sample)
            output, microseconds = self._persistently(f"image {index}", partial(self._once, wire))
            yield Answer(index, output, microseconds)

    def _open(self) -> None:
        self._line.boot_lines(self._care.boot_s)
        self.name = replies.name(self._line.resynchronise())
        self.profile: Profile = self._persistently(
            "profile", lambda: replies.profile(self._line.ask(commands.PROFILE))
        )
        self._encoding = self._wanted_encoding()
        self._output = self._readable_output()
        self._timed = self._persistently(
            "timestamp", lambda: replies.timestamp(self._line.ask(commands.TIMESTAMP)) is not None
        )

    def _wanted_encoding(self) -> Encoding:
        model = self.profile.model
        if model in inputs.REFUSED:
            raise BoardError(f"{self.link.name}: the board carries {inputs.REFUSED[model]}")
        size = inputs.INPUT_BYTES.get(model, self.tensors.input_bytes)
        if size != self.tensors.input_bytes:
            raise BoardError(
                f"{self.link.name}: the board carries {model}, whose input has {size} bytes; this "
                f"file's has {self.tensors.input_bytes}"
            )
        encoding = self._care.encoding or inputs.OF_MODEL.get(model)
        if encoding is None:
            known = ", ".join(inputs.OF_MODEL)
            raise BoardError(
                f"{self.link.name}: the board carries model {model!r}, known are {known}; say how "
                "it takes its input: --protocol mlperf-tiny:int8 or mlperf-tiny:uint8"
            )
        return encoding

    def _readable_output(self) -> Output:
        wanted = self.tensors
        truncated = self.profile.model in inputs.TRUNCATING
        try:
            return Output(wanted.outputs, wanted.scale, wanted.zero_point, truncated)
        except ValueError as error:
            raise BoardError(f"{self.link.name}: the model cannot be evaluated: {error}") from error

    def _persistently(self, what: str, work: Callable[[], T]) -> T:
        """Return what `work` returns; after a bad reply find back to the board and try again."""
        for _ in range(MAX_ATTEMPTS):
            try:
                return work()
            except BadReply as error:
                self.retries += 1
                last = error
                self._recover()
        raise NoAnswer(
            f"{self.link.name}: {what} failed {MAX_ATTEMPTS} times, last: {last}; check cable, "
            "baud rate and ground"
        ) from last

    def _recover(self) -> None:
        """Find the board again; it must still be the same one."""
        name = replies.name(self._line.resynchronise())
        if name != self.name:
            raise BoardError(f"{self.link.name}: the board was {self.name!r} and is now {name!r}")

    def _once(self, wire: bytes) -> tuple[bytes, int]:
        self._send_tensor(wire)
        answer = replies.inference(self._asked(commands.infer(1, 0), wire, computes=True), 1, 0)
        output = self._output.codes(answer.values)
        if (
            self._care.readback
            and replies.results(self._line.ask(commands.RESULTS)) != answer.values
        ):
            raise BadReply("the results were read twice and differ")
        if (answer.microseconds is not None) != self._timed:
            raise BadReply("the timer's readings are missing, or came unasked")
        return output, answer.microseconds or 0

    def _expect_again(self, values: tuple[str, ...]) -> None:
        if replies.results(self._line.ask(commands.RESULTS)) != values:
            raise BadReply("the results were read twice and differ")

    def _send_tensor(self, wire: bytes) -> None:
        """`m-load-done` comes behind the last chunk exactly, or bytes were lost or doubled."""
        replies.announced(self._asked(commands.load(len(wire)), wire), len(wire))
        left = len(wire)
        for chunk in commands.chunks(wire):
            left -= commands.CHUNK_BYTES
            replies.loaded(self._line.ask(chunk), last=left <= 0)
        if self._care.readback and self._printed(wire) != wire:
            raise BadReply("the board holds other bytes than were sent")

    def _printed(self, wire: bytes) -> bytes:
        most_bytes = PRINTED_BYTES * len(wire) + 64
        return replies.buffer(self._line.ask(commands.PRINT, most_bytes))

    def _asked(self, command: str, wire: bytes, *, computes: bool = False) -> str:
        """Return the reply; a board that says this model is not its own is not asked again."""
        text = self._line.ask(command, computes=computes)
        other = replies.other_input_bytes(text, len(wire))
        limit = replies.buffer_limit(text)
        if other is not None or limit is not None:
            room = f"model takes {other}" if other is not None else f"buffer holds {limit}"
            raise BoardError(
                f"{self.link.name}: the input has {len(wire)} bytes, the board's {room}: it "
                "carries another model than this file"
            )
        return text


def connect(url: str, tensors: Tensors, care: Care | None = None) -> MLPerfTinyDevice:
    """Return the board at a URL such as /dev/ttyACM0?baud=115200 or socket://host:port."""
    return MLPerfTinyDevice(open_link(url), tensors, care)
