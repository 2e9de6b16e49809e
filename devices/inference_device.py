"""What an evaluation needs of a device, whatever protocol it speaks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from devices.clock import Clock
from devices.links.link import Link
from devices.protocol.messages import Greeting, ModelInfo, Stats


@dataclass(frozen=True, slots=True)
class Answer:
    """One sample's inference: its index in the batch, the output tensor's bytes, raw ticks."""

    index: int
    output: bytes
    count: int


class InferenceDevice(Protocol):
    """One device behind an open link, which it owns.

    Every method raises a DeviceError of one line, in bounded time; after a LinkError or NoAnswer
    the device is closed and opened anew, after any other it is given up. One thread at a time.
    """

    @property
    def link(self) -> Link:
        """The byte stream: its name, and whether an emulator stands behind it."""
        ...

    @property
    def greeting(self) -> Greeting:
        """What the device is: board, core, firmware, engine, unique id."""
        ...

    @property
    def info(self) -> ModelInfo | None:
        """What the device made of the model; None where it does not say."""
        ...

    @property
    def clock(self) -> Clock | None:
        """What one tick of a count means; None where counts of this device mean nothing."""
        ...

    def expect_board(self, name: str) -> None:
        """Raise BoardError unless the device is the board `name`."""
        ...

    def load(self, model: bytes) -> ModelInfo | None:
        """Have the device hold `model`; raises Refused with a model code where it cannot."""
        ...

    def infer(self, samples: Iterable[bytes]) -> Iterator[Answer]:
        """Yield one Answer for each sample, as they come; each index exactly once.

        `samples` is drawn from as fast as the device takes them. What was answered before an error
        is yielded before it is raised.
        """
        ...

    def stats(self) -> Stats | None:
        """Return memory and counters; None where the device does not say."""
        ...

    def close(self) -> None:
        """Close the link; an emulator behind it ends."""
        ...
