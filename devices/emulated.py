"""The boards that an emulator stands in for, and whether it can on this machine."""

import os
import shutil
from dataclasses import dataclass

from devices.boards import EMULATORS, Board, boards
from devices.errors import EmulatorError
from devices.images import find_image

# Program, the variable that may name it, and how to get it.
PROGRAMS = {
    "qemu": ("qemu-system-arm", None, "run: apt-get install qemu-system-arm"),
    "renode": ("renode", "TINYGATE_RENODE", "get it from renode.io, or name it in TINYGATE_RENODE"),
}


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
    program, variable, remedy = PROGRAMS[scheme]
    if shutil.which(os.environ.get(variable or "") or program) is None:
        return f"{program} is not installed; {remedy}"
    try:
        find_image(board.name)
    except EmulatorError as error:
        return str(error)
    return None
