"""The boards that an emulator stands in for, and whether it can on this machine."""

import shutil
from dataclasses import dataclass

from devices.boards import EMULATORS, Board, boards
from devices.emulators.renode import find_renode
from devices.errors import EmulatorError
from devices.images import find_image

PROGRAM = "qemu-system-arm"


@dataclass(frozen=True, slots=True)
class Emulated:
    """An emulated board: its URL, its core, and what is missing to start it (None: nothing)."""

    url: str
    core: str
    missing: str | None


def emulated_boards() -> list[Emulated]:
    """Return every emulated board, by emulator, in the order of boards.toml."""
    return [
        Emulated(f"{scheme}://{board.name}", board.core, _missing(scheme, board))
        for scheme in EMULATORS
        for board in boards().values()
        if getattr(board, scheme) is not None
    ]


def _missing(scheme: str, board: Board) -> str | None:
    try:
        if scheme == "renode":
            find_renode()
        elif shutil.which(PROGRAM) is None:
            return f"{PROGRAM} is not installed; run: apt-get install {PROGRAM}"
        find_image(board.name)
    except EmulatorError as error:
        return str(error)
    return None
