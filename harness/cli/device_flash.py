"""What `device flash` does and prints."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from devices.boards import EMULATORS
from devices.client import Device, connect
from devices.errors import BoardError, DeviceError, LinkError
from devices.flash.choice import FlashableBoard, Probe, chosen_board, chosen_probe
from devices.flash.pyocd_flash import attached_probes, program
from devices.images import find_image
from devices.links.lock import locked, serial_key
from devices.links.url import parse_url
from devices.ports import Port, attached_ports
from harness.cli.console import console
from harness.errors import EXIT_PASS, UserError
from harness.progress import Reporter

_PORT_BACK_S = 5.0


@dataclass(frozen=True)
class FlashRequest:
    """What the user named; None: to be found out."""

    url: str
    board: str | None = None
    image: Path | None = None
    probe: str | None = None


def show_flash(request: FlashRequest) -> int:
    """Flash, verify, reset, then greet the device; every step is a line."""
    if parse_url(request.url).scheme in EMULATORS:
        raise UserError(f"{request.url}: an emulator takes its image at each start; nothing to do")
    port = _port(request.url)
    probe = chosen_probe(attached_probes(), port, request.probe)
    chosen = chosen_board(request.board, port, probe)
    _program(request, probe, chosen)
    with _back(request.url) as device:
        device.expect_board(chosen.board.name)
        greeting = device.greeting
        text = f"{greeting.board}, {greeting.core}, firmware {greeting.firmware}"
        Reporter(console()).line(f"answers  {text}")
    return EXIT_PASS


def _program(request: FlashRequest, probe: Probe, chosen: FlashableBoard) -> None:
    """Flash while no other process can use the port."""
    image = request.image or _packaged(chosen)
    reporter = Reporter(console())
    reporter.line(f"probe    {probe}")
    reporter.line(f"board    {chosen.board.name} ({chosen.target})")
    reporter.line(f"image    {image}")
    url = parse_url(request.url)
    lock = locked(request.url, serial_key(url.target) if url.scheme == "serial" else None)
    try:
        with reporter.task("flash", 100) as advance:
            size = program(
                probe, chosen.target, image, lambda share: advance(round(100 * share), "%")
            )
    finally:
        if lock is not None:
            lock.release()
    reporter.line(f"flashed  {size:,} bytes, read back equal")


def _packaged(chosen: FlashableBoard) -> Path:
    try:
        return find_image(chosen.board.name)
    except DeviceError as error:
        raise BoardError(f"{error}; or give --image ELF") from error


def _port(url: str) -> Port | None:
    """Return the attached port that a URL names, None for a remote or an unknown one."""
    parsed = parse_url(url)
    if parsed.scheme != "serial":
        return None
    if os.name == "posix" and serial_key(parsed.target) is None:
        raise LinkError(f"{url}: there is no such port; see tinygate device list")
    place = os.path.realpath(parsed.target)
    return next((one for one in attached_ports() if os.path.realpath(one.device) == place), None)


def _back(url: str) -> Device:
    """Return the greeted device; a port that is the chip's own comes back after the reset."""
    deadline = time.monotonic() + _PORT_BACK_S
    while True:
        try:
            return connect(url)
        except LinkError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.2)
