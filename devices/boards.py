"""Boards: data that neither the link nor the protocol can know."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from devices.errors import BoardError

PATH = Path(__file__).with_name("boards.toml")
LINK_CHOICE_BYTES = 16
USB_ID = re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}")


@dataclass(frozen=True, slots=True)
class QemuMachine:
    """How QEMU stands in for a board: its machine, and which serial port the firmware uses."""

    machine: str
    serial: int


@dataclass(frozen=True, slots=True)
class RenodeMachine:
    """How Renode stands in for a board: a file of devices/renode, and its name for the UART.

    `counter_hz` is the rate that the firmware takes its counter for, whose ticks are instructions.
    """

    platform: str
    uart: str
    counter_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One board of boards.toml, which explains each field. None and (): there is none."""

    name: str
    core: str
    notes: str
    flash_bytes: int | None = None
    ram_bytes: int | None = None
    uart: str = ""
    usb: tuple[str, ...] = ()
    pyocd: str | None = None
    ram_end: int | None = None
    qemu: QemuMachine | None = None
    renode: RenodeMachine | None = None

    @property
    def link_choice(self) -> int:
        """Address of the word by which an emulator's starter chooses the firmware's link."""
        if self.ram_end is None:
            raise BoardError(f"{self.name}: boards.toml names no ram_end")
        return self.ram_end - LINK_CHOICE_BYTES


EMULATORS: Mapping[str, type] = {"qemu": QemuMachine, "renode": RenodeMachine}
KEYS: Mapping[str, type] = {
    **dict.fromkeys(("core", "notes", "uart", "pyocd"), str),
    **dict.fromkeys(("flash_bytes", "ram_bytes", "ram_end"), int),
    "usb": list,
    "emulator": dict,
}
REQUIRED = ("core", "notes", "uart")


@cache
def boards() -> Mapping[str, Board]:
    """Return every known board by name, in the order of boards.toml."""
    return read_boards(PATH)


def read_boards(path: Path) -> Mapping[str, Board]:
    """Return the boards of a file; what does not belong there is a BoardError that names it."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BoardError(f"{path}: {error}") from error
    return MappingProxyType(
        {name: _board(f"{path}: [{name}]", name, table) for name, table in tables.items()}
    )


def find_board(name: str) -> Board:
    """Return the board of this name; an unknown one is a BoardError that lists the known."""
    if name not in boards():
        raise BoardError(f"unknown board {name!r}; known: {', '.join(boards())}")
    return boards()[name]


def _board(where: str, name: str, table: Any) -> Board:
    given = dict(_checked(where, table, KEYS, REQUIRED))
    emulators = _checked(f"{where} emulator", given.pop("emulator", {}), dict.fromkeys(EMULATORS))
    machines = {key: _machine(f"{where} emulator.{key}", key, emulators[key]) for key in emulators}
    usb = given.pop("usb", [])
    for usb_id in usb:
        if not (isinstance(usb_id, str) and USB_ID.fullmatch(usb_id)):
            raise BoardError(f"{where}: usb {usb_id!r} is no id of the form 'vid:pid' (0483:374b)")
    return Board(name=name, usb=tuple(usb), **given, **machines)


def _machine(where: str, emulator: str, table: Any) -> Any:
    kind = EMULATORS[emulator]
    keys = {field.name: field.type for field in fields(kind)}
    return kind(**_checked(where, table, keys, tuple(keys)))


def _checked(
    where: str, table: Any, keys: Mapping[str, Any], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return the table if its keys are known, of their type (None: any) and complete."""
    if not isinstance(table, dict):
        raise BoardError(f"{where} is {table!r}, not a table")
    for key, value in table.items():
        if key not in keys:
            raise BoardError(f"{where}: unknown key {key!r}; allowed: {', '.join(keys)}")
        kind = keys[key]
        if kind is not None and type(value) is not kind:
            raise BoardError(f"{where}: {key} = {value!r} is not of type {kind.__name__}")
    if missing := [key for key in required if key not in table]:
        raise BoardError(f"{where} lacks {', '.join(missing)}")
    return table
