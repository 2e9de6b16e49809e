"""The serial ports of this machine, and which boards each may carry."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serial.tools import list_ports

from devices.boards import boards
from devices.links import lock

BY_ID = Path("/dev/serial/by-id")
TEXT_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Port:
    """A serial port; every text that its USB device sent is made printable.

    `usb_id` is vid:pid, None for a port of the machine itself. `stable` is a name that stays when
    the port is plugged in again. `boards` may stand behind such a USB id: none, one or several.
    `holder` is the process that has the port locked, 0 where it is unknown, None: it is free.
    """

    device: str
    usb_id: str | None
    description: str
    serial_number: str | None
    stable: str | None
    boards: tuple[str, ...]
    accessible: bool
    holder: int | None


def attached_ports() -> list[Port]:
    """Return the attached ports, those with a USB id first, in the order of their names."""
    links = _stable_names(BY_ID)
    found = [_port(info, links) for info in list_ports.comports()]
    return sorted(found, key=lambda port: (port.usb_id is None, port.device))


def printable(text: str) -> str:
    """Return `text` with every character that could steer a terminal escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _descriptor(text: str) -> str:
    """Return what a USB device says of itself, printable and no longer than a line."""
    shown = printable(text)
    return shown if len(shown) <= TEXT_CHARACTERS else shown[: TEXT_CHARACTERS - 3] + "..."


def boards_of(usb_id: str | None) -> tuple[str, ...]:
    """Return the names of the boards whose UART shows up under a USB id."""
    return tuple(name for name, board in boards().items() if usb_id in board.usb)


def _port(info: Any, links: Mapping[str, str]) -> Port:
    usb_id = f"{info.vid:04x}:{info.pid:04x}" if info.vid is not None else None
    key = lock.serial_key(info.device)
    described = info.description if info.description not in (None, "n/a") else ""
    return Port(
        device=printable(info.device),
        usb_id=usb_id,
        description=_descriptor(described),
        serial_number=_descriptor(info.serial_number) if info.serial_number else None,
        stable=links.get(os.path.realpath(info.device)),
        boards=boards_of(usb_id),
        accessible=os.access(info.device, os.R_OK | os.W_OK) or os.name == "nt",
        holder=None if key is None else lock.holder(key),
    )


def _stable_names(folder: Path) -> dict[str, str]:
    """Return a name under `folder` for each device that has one."""
    names: Sequence[Path] = sorted(folder.glob("*")) if folder.is_dir() else ()
    return {os.path.realpath(name): printable(str(name)) for name in names}
