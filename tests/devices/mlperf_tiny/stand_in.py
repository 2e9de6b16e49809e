"""A board with MLPerf Tiny firmware, at the level of its text, quirks included.

Written from the description of the protocol alone; it shares nothing with the driver.
"""

import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

LONGEST_COMMAND = 80
MICROSECONDS = 1 << 32


@dataclass
class Model:
    """What the firmware carries: the id, an int8 function, and the output's quantization."""

    identity: str
    input_bytes: int
    infer: Callable[[bytes], bytes]
    scale: float
    zero_point: int


@dataclass
class Quirks:
    """What a board may be like; `lose` and `echo` are probabilities per received character."""

    vendor: str = "STAND-IN"
    energy: bool = False
    buffer_bytes: int = 27648
    timer_start: int = 0
    inference_us: int = 1000
    lose: float = 0.0
    echo: bool = False
    delay_s: float = 0.0
    reset_every: int = 0
    reset_silently: bool = False
    most_resets: int = 1 << 30
    spoil_results: float = 0.0
    decimals: Callable[[float], str] = field(default=lambda value: f"{value:0.3f}")
    comma_behind: bool = False
    seed: int = 0


class Firmware:
    """The firmware: `boot()` and `take(bytes)` return what the board prints."""

    def __init__(self, model: Model, quirks: Quirks) -> None:
        self.model = model
        self.quirks = quirks
        self.inferences = 0
        self.resets = 0
        self.commands: list[str] = []
        self.overrun_bytes = 0
        self._random = random.Random(quirks.seed)  # noqa: S311 - seeded test data
        self._timer = quirks.timer_start
        self._start()

    def _start(self) -> None:
        self._command = ""
        self._size = 0
        self._got = bytearray()
        self._tensor = bytes(self.model.input_bytes)  # what the last complete load left
        self._output = bytes(10)

    def boot(self) -> str:
        mode = "energy" if self.quirks.energy else "performance"
        lap = "" if self.quirks.energy else self._lap()
        return f"m-timestamp-mode-{mode}\r\n{lap}m-init-done\r\nm-ready\r\n"

    def take(self, data: bytes) -> str:
        printed = ""
        for character in data.decode("latin-1"):
            if self._random.random() < self.quirks.lose:
                continue
            if self.quirks.echo:
                printed += character
            if character == "%":
                command, self._command = self._command, ""
                self.commands.append(command)
                printed += self._answer(command) + "m-ready\r\n"
                printed += self._reset_now()
            elif len(self._command) < LONGEST_COMMAND:
                self._command += character
            else:
                self._command = self._command[:-1] + character
        return printed

    def _reset_now(self) -> str:
        every = self.quirks.reset_every
        if not every or len(self.commands) % every or self.resets == self.quirks.most_resets:
            return ""
        self.resets += 1
        self._start()
        return "" if self.quirks.reset_silently else self.boot()

    def _answer(self, command: str) -> str:
        words = command.split(" ")
        if not command:
            raise AssertionError("a bare % crashes this firmware")
        simple = {
            "name": self._name,
            "profile": self._profile,
            "timestamp": self._lap,
            "results": self._results,
        }
        if words[0] in simple:
            return simple[words[0]]()
        if words[0] == "db":
            return self._buffer(words[1:])
        if words[0] == "infer":
            return self._infer(words[1:])
        return f"e-[Unknown command: {words[0]}]\r\n"

    def _name(self) -> str:
        return f"m-name-dut-[{self.quirks.vendor}]\r\n"

    def _profile(self) -> str:
        version = "ULPMark for tinyML Firmware V0.0.1"
        return f"m-profile-[{version}]\r\nm-model-[{self.model.identity}]\r\n"

    def _lap(self) -> str:
        return "" if self.quirks.energy else f"m-lap-us-{self._timer % MICROSECONDS}\r\n"

    def _buffer(self, words: list[str]) -> str:
        if not words:
            return "e-[Command 'db' requires a subcommand]\r\n"
        if words[0] == "load":
            return self._load(words[1:])
        if words[0] == "print":
            return self._print()
        return self._bytes(words[0])

    def _load(self, words: list[str]) -> str:
        if not words:
            return "e-[Command 'db load' requires the # of bytes]\r\n"
        self._size = int(words[0]) if words[0].isdigit() else 0
        if self._size == 0:
            return "e-[Command 'db load' must be >0 bytes]\r\n"
        self._got.clear()
        if self._size > self.quirks.buffer_bytes:
            limit = self.quirks.buffer_bytes
            return f"Supplied buffer size {self._size} exceeds maximum of {limit}\n"
        return f"m-[Expecting {self._size} bytes]\r\n"

    def _bytes(self, digits: str) -> str:
        if len(digits) % 2:
            return "e-[Insufficent number of hex digits]\r\n"
        for at in range(0, len(digits), 2):
            pair = digits[at : at + 2]
            if any(one not in "0123456789abcdefABCDEF" for one in pair):
                return f"e-[Invalid hex digit '{pair}']\r\n"
            self._got.append(int(pair, 16))
            if len(self._got) == self._size:
                return "m-load-done\r\n"
            self.overrun_bytes += len(self._got) > self._size
        return ""

    def _print(self) -> str:
        held = bytes(self._got[: self._size]).ljust(self._size, b"\0")
        lines = [held[at : at + 8].hex("-") for at in range(0, self._size, 8)]
        end = "\r\n" if self._size % 8 else ""
        return "".join(f"m-buffer-{line}\r\n" for line in lines) + end

    def _infer(self, words: list[str]) -> str:
        times = int(words[0]) if words and words[0].isdigit() else 0
        warmups = int(words[1]) if len(words) > 1 and words[1].isdigit() else 10
        if times == 0:
            return "e-[Inference iterations must be >0]\r\n"
        complaint = self._load_tensor()
        start = self._lap()
        self._output = self.model.infer(self._tensor)
        self.inferences += times + warmups
        self._timer += times * self.quirks.inference_us
        return (
            f"{complaint}m-warmup-start-{warmups}\r\nm-warmup-done\r\nm-infer-start-{times}\r\n"
            f"{start}{self._lap()}m-infer-done\r\n{self._results()}"
        )

    def _load_tensor(self) -> str:
        """With a short buffer it says so, and goes on with the tensor it had."""
        wanted = self.model.input_bytes
        usable = min(len(self._got), wanted)
        if usable != wanted:
            return f"Input db has {usable} elemented, expected {wanted}\n"
        raw = bytes(self._got[:wanted])
        unsigned = self.model.identity in ("ic01", "vww01")
        self._tensor = bytes((byte - 128) % 256 for byte in raw) if unsigned else raw
        return ""

    def _results(self) -> str:
        codes = struct.unpack(f"{len(self._output)}b", self._output)
        real = [(code - self.model.zero_point) * self.model.scale for code in codes]
        text = ",".join(self.quirks.decimals(value) for value in real)
        if self._random.random() < self.quirks.spoil_results:
            at = self._random.choice([i for i, c in enumerate(text) if c.isdigit()])
            text = text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :]
        comma = "," if self.quirks.comma_behind else ""
        return f"m-results-[{text}{comma}]\r\n"


class Server:
    """The board behind a TCP port of this machine, which starts anew at each connection."""

    def __init__(self, model: Model, quirks: Quirks) -> None:
        self.firmware = Firmware(model, quirks)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self._ended = threading.Event()
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"socket://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        try:
            while not self._ended.is_set():
                with contextlib.suppress(TimeoutError):
                    connected, _ = self._listener.accept()
                    with connected, contextlib.suppress(ConnectionError):
                        self._talk(connected)
        except BaseException as error:
            self.error = error

    def _talk(self, connected: socket.socket) -> None:
        connected.settimeout(0.1)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.sendall(self.firmware.boot().encode())
        while not self._ended.is_set():
            try:
                data = connected.recv(4096)
            except TimeoutError:
                continue
            if not data:
                return
            time.sleep(self.firmware.quirks.delay_s)
            connected.sendall(self.firmware.take(data).encode("latin-1"))

    def close(self) -> None:
        self._ended.set()
        self._thread.join(5)
        self._listener.close()
        if self.error is not None:
            raise self.error


@contextlib.contextmanager
def serving(model: Model, quirks: Quirks | None = None) -> Iterator[Server]:
    server = Server(model, quirks or Quirks())
    try:
        yield server
    finally:
        server.close()


def checksum_model(identity: str = "ic01", input_bytes: int = 3072, outputs: int = 10) -> Model:
    """Return a model whose every output depends on every input byte."""

    def infer(tensor: bytes) -> bytes:
        source = random.Random(tensor)  # noqa: S311 - a hash of the tensor
        return source.randbytes(outputs)

    return Model(identity, input_bytes, infer, 1 / 256, -128)
