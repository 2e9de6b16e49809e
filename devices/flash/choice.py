"""Which probe, and which board, a flash command means: pure decisions over what is attached."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from devices.boards import Board, boards, find_board
from devices.errors import BoardError, FlashError
from devices.ports import Port

PART_CHARACTERS = 9  # "stm32f446" of stm32f446retx: behind it come package and temperature


@dataclass(frozen=True, slots=True)
class Probe:
    """A debug probe: texts printable, `target` the part it says it sits on, `handle` pyOCD's."""

    unique_id: str
    description: str
    target: str | None = None
    handle: Any = None

    def __str__(self) -> str:
        return f"{self.unique_id} ({self.description})"


@dataclass(frozen=True, slots=True)
class FlashableBoard:
    """A board and pyOCD's name of its target."""

    board: Board
    target: str


def chosen_probe(probes: Sequence[Probe], port: Port | None, wanted: str | None) -> Probe:
    """Return the probe with the id `wanted`, else that of the port, else the only one.

    Raises FlashError where there is none, BoardError where the choice is the user's.
    """
    if not probes:
        raise FlashError(
            "no debug probe is attached, or none that this user may open: check the cable, and on "
            "Linux pyOCD's udev rules (docs/how-to/boards.md)"
        )
    if wanted is not None:
        return _of_id(probes, wanted)
    serial = port.serial_number if port else None
    same = [probe for probe in probes if serial and _same_serial(probe.unique_id, serial)]
    if len(same) == 1:
        return same[0]
    if len(probes) > 1:
        raise BoardError(f"several probes are attached; give --probe: {_listed(probes)}")
    if port is not None and port.boards and serial:
        raise BoardError(
            f"the probe of {port.device} (serial {serial}) is not seen; give --probe to use "
            f"another: {_listed(probes)}"
        )
    return probes[0]


def chosen_board(name: str | None, port: Port | None, probe: Probe) -> FlashableBoard:
    """Return the board `name`, else the only one that port and probe allow.

    Raises BoardError where that leaves a choice, or where the probe sits on another part.
    """
    if name is not None:
        return _fitting(find_board(name), probe)
    known = [board for board in boards().values() if board.pyocd]
    behind = [board for board in known if port is None or board.name in port.boards] or known
    fitting = [board for board in behind if probe.target is None or _same_part(board, probe.target)]
    if len(fitting) != 1:
        names = ", ".join(board.name for board in fitting or known)
        raise BoardError(f"the board cannot be told from port and probe; give --board: {names}")
    return _fitting(fitting[0], probe)


def _of_id(probes: Sequence[Probe], wanted: str) -> Probe:
    matches = [probe for probe in probes if wanted.lower() in probe.unique_id.lower()]
    exact = [probe for probe in matches if wanted.lower() == probe.unique_id.lower()]
    if len(exact or matches) == 1:
        return (exact or matches)[0]
    what = "several probes have" if matches else "no attached probe has"
    raise BoardError(f"{what} {wanted!r} in the id; attached: {_listed(probes)}")


def _listed(probes: Sequence[Probe]) -> str:
    return ", ".join(str(probe) for probe in probes)


def _same_serial(one: str, other: str) -> bool:
    """Compare without the zeros that stand before a J-Link's USB serial number alone."""
    return one.lstrip("0").lower() == other.lstrip("0").lower()


def _fitting(board: Board, probe: Probe) -> FlashableBoard:
    if board.pyocd is None:
        known = ", ".join(name for name, one in boards().items() if one.pyocd)
        raise BoardError(f"{board.name} is not flashed by pyOCD; boards that are: {known}")
    if probe.target is not None and not _same_part(board, probe.target):
        raise BoardError(
            f"probe {probe} says that it sits on a {probe.target}, but {board.name} is a "
            f"{board.pyocd}; give the right --board or --probe"
        )
    return FlashableBoard(board, board.pyocd)


def _same_part(board: Board, target: str) -> bool:
    named, found = (board.pyocd or "").lower(), target.lower()
    size = min(PART_CHARACTERS, len(named), len(found))
    return named[:size] == found[:size]
