"""What `device list` prints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from devices.client import connect
from devices.emulated import Emulated, emulated_boards
from devices.errors import DeviceError
from devices.links.serial_port import PERMISSION
from devices.ports import Port, attached_ports
from harness.cli.console import console
from harness.errors import EXIT_PASS
from harness.progress import Reporter

_NO_PORT = (
    "no USB serial port is attached",
    "  check the cable (some carry power alone), that the board is powered, and what the kernel "
    "saw: dmesg | tail",
    "  a container or virtual machine must be given the port; WSL needs usbipd",
)


def show_list(*, greet: bool, as_json: bool) -> int:
    """Print ports and emulated boards; with `greet`, what answers at each port."""
    ports, emulated = attached_ports(), emulated_boards()
    answers = _greeted(ports) if greet else {}
    if as_json:
        print(json.dumps(_record(ports, emulated, answers), indent=1))
        return EXIT_PASS
    line = Reporter(console()).line
    for text in [*_port_lines(ports, answers), "", *_emulated_lines(emulated)]:
        line(text)
    return EXIT_PASS


def _greeted(ports: Sequence[Port]) -> dict[str, str]:
    """Return what answers at each free USB port; all are asked at once."""
    free = [port for port in ports if port.accessible and port.holder is None]
    asked = [port.device for port in free if port.usb_id]
    if not asked:
        return {}
    with ThreadPoolExecutor(len(asked)) as pool:
        return dict(zip(asked, pool.map(_answer, asked), strict=True))


def _answer(url: str) -> str:
    try:
        with connect(url) as device:
            greeting = device.greeting
            return f"answers: {greeting.board}, {greeting.core}, firmware {greeting.firmware}"
    except DeviceError as error:
        return f"does not answer: {error}"


def _port_lines(ports: Sequence[Port], answers: dict[str, str]) -> Iterator[str]:
    if not any(port.usb_id for port in ports):
        yield from _NO_PORT
    if ports:
        yield "attached ports"
    for port in ports:
        serial = f"  serial {port.serial_number}" if port.serial_number else ""
        yield f"  {port.device}  {port.usb_id or 'no USB id'}  {port.description}{serial}".rstrip()
        if port.stable:
            yield f"    stays the same as  {port.stable}"
        yield f"    {_boards(port)}"
        yield f"    {answers.get(port.device) or _next(port)}"


def _boards(port: Port) -> str:
    if port.usb_id is None:
        return "a port of this machine, or of an adapter that does not say what it is"
    if not port.boards:
        return "no board has this USB id; an adapter may carry any board"
    return f"{'one of ' if len(port.boards) > 1 else ''}{', '.join(port.boards)}"


def _next(port: Port) -> str:
    if port.holder is not None:
        return f"in use by {f'process {port.holder}' if port.holder else 'another process'}"
    if not port.accessible:
        return f"no permission to open it; {PERMISSION}"
    return f"to ask what it is (this may reset it):  tinygate device info {port.device}"


def _emulated_lines(emulated: Sequence[Emulated]) -> Iterator[str]:
    yield "emulated boards"
    width = max(len(one.url) for one in emulated)
    for one in emulated:
        yield f"  {one.url:<{width}}  {one.core:<11}  {one.missing or 'ready'}"


def _record(
    ports: Sequence[Port], emulated: Sequence[Emulated], answers: dict[str, str]
) -> dict[str, list[dict[str, object]]]:
    listed = [{**asdict(port), "answer": answers.get(port.device)} for port in ports]
    return {"ports": listed, "emulated": [asdict(one) for one in emulated]}
