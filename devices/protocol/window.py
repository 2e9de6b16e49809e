"""Which requests are open, in the order in which they were sent; no I/O and no clock."""

from dataclasses import dataclass, field

from devices.protocol.frames import Frame


@dataclass(slots=True)
class Request:
    """A request on its way: `wire` is its frame, `interim` what came before its last reply."""

    index: int
    type: int
    sequence: int
    wire: bytes
    sent: int = 0
    interim: list[Frame] = field(default_factory=list)


class Window:
    """The open requests, at most `credits` of them with `wire_bytes` together (SPEC.md, 6)."""

    def __init__(self, credits_: int, wire_bytes: int) -> None:
        self._credits = credits_
        self._room = wire_bytes
        self._open: dict[int, Request] = {}
        self.wire_bytes = 0

    def __len__(self) -> int:
        return len(self._open)

    def fits(self, wire_bytes: int) -> bool:
        """Whether a request of this size may go now; a single one always may."""
        room = self.wire_bytes + wire_bytes <= self._room and len(self._open) < self._credits
        return room or not self._open

    def add(self, request: Request) -> None:
        """Note that `request` is sent, for the first time or again: it is the youngest now."""
        if request.sequence in self._open:
            del self._open[request.sequence]
        else:
            self.wire_bytes += len(request.wire)
        request.sent += 1
        self._open[request.sequence] = request

    def find(self, sequence: int) -> Request | None:
        """Return the open request with this sequence number, None where there is none."""
        return self._open.get(sequence)

    def close(self, request: Request) -> list[Request]:
        """Take an answered request out; return those sent before it, whose turn has passed."""
        before = self.in_order()
        before = before[: before.index(request)]
        del self._open[request.sequence]
        self.wire_bytes -= len(request.wire)
        return before

    def in_order(self) -> list[Request]:
        """Return the open requests, the one sent longest ago first."""
        return list(self._open.values())

    def clear(self) -> None:
        """Forget all open requests."""
        self._open.clear()
        self.wire_bytes = 0
