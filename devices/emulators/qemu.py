"""qemu://BOARD: an emulated board, started with its firmware, as a byte stream.

Options: link=semihosting (default) or uart; icount=1 (default) counts instructions, icount=0 runs
on the host's clock, about a tenth faster; baud=N slows the link to a line rate; firmware=PATH runs
another image.
"""

import contextlib
import fcntl
import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from devices.boards import Board, QemuMachine, find_board
from devices.emulators.link import EmulatorLink
from devices.emulators.process import END_S, ChildProcess
from devices.errors import BoardError, EmulatorError, LinkError
from devices.images import explicit_image, find_image
from devices.links.link import Link
from devices.links.pipe import PipeLink
from devices.links.tcp import SocketLink
from devices.links.throttle import ThrottledLink
from devices.links.url import DeviceUrl

PROGRAM = "qemu-system-arm"
LINKS = ("semihosting", "uart")
LINK_CHOICE = 0x4B4E494C  # "LINK", as port/semihosting.c expects
FROM_HOST_FD, TO_HOST_FD, UART_FD = 10, 11, 12
PIPE_BYTES = 1 << 20
UART_BYTES_PER_S = 10_000.0
INSTRUCTIONS_PER_S = 1e9  # -icount shift=0: an instruction is a nanosecond


@dataclass(frozen=True, slots=True)
class QemuOptions:
    """What to start."""

    name: str
    board: Board
    machine: QemuMachine
    image: Path
    link: str
    icount: bool


def open_qemu(url: DeviceUrl) -> Link:
    """Return a link to a freshly started emulator; closing it ends the emulator."""
    if sys.platform != "linux":
        raise EmulatorError(f"{url.text}: emulators are started on Linux only")
    options = qemu_options(url)
    baud = url.positive("baud", None)
    link = start_semihosting(options) if options.link == "semihosting" else start_uart(options)
    return ThrottledLink(link, baud) if baud else link


def qemu_options(url: DeviceUrl) -> QemuOptions:
    """Return the checked options of a qemu:// URL."""
    given = url.only("link", "icount", "baud", "firmware")
    board = find_board(url.target)
    if board.qemu is None:
        raise BoardError(f"{url.text}: QEMU has no machine for {board.name}")
    link, icount = given.get("link", LINKS[0]), given.get("icount", "1")
    if link not in LINKS:
        raise LinkError(f"{url.text}: link={link!r} is none of {', '.join(LINKS)}")
    if icount not in ("0", "1"):
        raise LinkError(f"{url.text}: icount={icount!r} is neither 0 nor 1")
    image = explicit_image(given["firmware"]) if "firmware" in given else find_image(board.name)
    return QemuOptions(url.text, board, board.qemu, image, link, icount == "1")


def image_of(url: DeviceUrl) -> Path:
    """Return the firmware image that a qemu:// URL runs."""
    return qemu_options(url).image


def qemu_command(options: QemuOptions) -> list[str]:
    """Return the command line; the link's descriptors are 10 and 11, or 12 for the UART."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise EmulatorError(f"{PROGRAM} is not installed; run: apt-get install qemu-system-arm")
    command = [program, "-M", options.machine.machine, "-kernel", str(options.image)]
    command += ["-display", "none", "-nodefaults", "-monitor", "none"]
    command += ["-icount", "shift=0,sleep=on"] if options.icount else []
    return command + (_semihosting(options) if options.link == "semihosting" else _uart(options))


def _semihosting(options: QemuOptions) -> list[str]:
    word = f"loader,addr={options.board.link_choice:#x},data={LINK_CHOICE:#x},data-len=4"
    return ["-semihosting-config", "enable=on,target=native", "-device", word]


def _uart(options: QemuOptions) -> list[str]:
    others = ["-serial", "null"] * options.machine.serial
    chardev = ["-chardev", f"socket,id=uart,fd={UART_FD}", "-serial", "chardev:uart"]
    return [*others, *chardev]


def start_semihosting(options: QemuOptions) -> Link:
    """Start an emulator behind a pair of pipes, which its firmware opens by semihosting calls."""
    command = qemu_command(options)
    from_host, to_device = os.pipe()
    from_device, to_host = os.pipe()
    for pipe in (to_device, from_device):
        with contextlib.suppress(OSError):  # a smaller pipe only makes the host wait
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    stream = PipeLink(options.name, from_device, to_device)
    try:
        child = ChildProcess(command, {FROM_HOST_FD: from_host, TO_HOST_FD: to_host})
    finally:
        os.close(from_host)
        os.close(to_host)
    rate = INSTRUCTIONS_PER_S if options.icount else None
    return EmulatorLink(PROGRAM, stream, child, rate, END_S)  # the end of the pipes ends QEMU


def start_uart(options: QemuOptions) -> Link:
    """Start an emulator behind its UART."""
    command = qemu_command(options)
    ours, theirs = socket.socketpair()
    stream = SocketLink(options.name, ours, UART_BYTES_PER_S)
    with theirs:
        child = ChildProcess(command, {UART_FD: theirs.fileno()})
    rate = INSTRUCTIONS_PER_S if options.icount else None
    return EmulatorLink(PROGRAM, stream, child, rate, 0.0)
