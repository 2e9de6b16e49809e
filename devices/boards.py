"""Boards: data that neither the link nor the protocol can know."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from devices.errors import BoardError

PATH = Path(__file__).with_name("boards.toml")
LINK_CHOICE_BYTES = 16


@dataclass(frozen=True, slots=True)
class QemuMachine:
    """How QEMU stands in for a board: its machine, and which serial port the firmware uses."""

    machine: str
    serial: int


@dataclass(frozen=True, slots=True)
class Board:
    """One board of boards.toml."""

    name: str
    core: str
    notes: str
    ram_end: int | None = None
    qemu: QemuMachine | None = None

    @property
    def link_choice(self) -> int:
        """Address of the word by which an emulator's starter chooses the firmware's link."""
        if self.ram_end is None:
            raise BoardError(f"{self.name}: boards.toml names no ram_end")
        return self.ram_end - LINK_CHOICE_BYTES


@cache
def boards() -> Mapping[str, Board]:
    """Return every known board by name, in the order of boards.toml."""
    tables = tomllib.loads(PATH.read_text(encoding="utf-8"))
    return MappingProxyType({name: _board(name, table) for name, table in tables.items()})


def _board(name: str, table: dict[str, Any]) -> Board:
    emulators = table.pop("emulator", {})
    qemu = QemuMachine(**emulators["qemu"]) if "qemu" in emulators else None
    return Board(name=name, qemu=qemu, **table)


def find_board(name: str) -> Board:
    """Return the board of this name; an unknown one is a BoardError that lists the known."""
    if name not in boards():
        raise BoardError(f"unknown board {name!r}; known: {', '.join(boards())}")
    return boards()[name]
