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
from devices.emulators.process import ChildProcess
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
    link: Link = SemihostingLink(options) if options.link == "semihosting" else UartLink(options)
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


class SemihostingLink(PipeLink):
    """An emulator behind a pair of pipes, which its firmware opens by semihosting calls."""

    emulated = True

    def __init__(self, options: QemuOptions) -> None:
        command = qemu_command(options)
        from_host, to_device = os.pipe()
        from_device, to_host = os.pipe()
        for pipe in (to_device, from_device):
            with contextlib.suppress(OSError):  # a smaller pipe only makes the host wait
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        super().__init__(options.name, from_device, to_device)
        self.instructions_per_s = INSTRUCTIONS_PER_S if options.icount else None
        try:
            self._child = ChildProcess(command, {FROM_HOST_FD: from_host, TO_HOST_FD: to_host})
        finally:
            os.close(from_host)
            os.close(to_host)

    @property
    def pid(self) -> int:
        """The emulator's process id."""
        return self._child.pid

    def read(self, timeout_s: float) -> bytes:
        """As PipeLink; an emulator that has ended is an EmulatorError."""
        try:
            return super().read(timeout_s)
        except LinkError as error:
            raise ended_error(self.name, self._child, error) from error

    def write(self, data: bytes) -> None:
        """As PipeLink; an emulator that has ended is an EmulatorError."""
        try:
            super().write(data)
        except LinkError as error:
            raise ended_error(self.name, self._child, error) from error

    def close(self) -> None:
        """Close the pipes, upon which the firmware ends the emulator."""
        super().close()
        self._child.end()


class UartLink(SocketLink):
    """An emulator behind its UART."""

    emulated = True

    def __init__(self, options: QemuOptions) -> None:
        command = qemu_command(options)
        ours, theirs = socket.socketpair()
        super().__init__(options.name, ours, UART_BYTES_PER_S)
        self.instructions_per_s = INSTRUCTIONS_PER_S if options.icount else None
        with theirs:
            self._child = ChildProcess(command, {UART_FD: theirs.fileno()})

    @property
    def pid(self) -> int:
        """The emulator's process id."""
        return self._child.pid

    def read(self, timeout_s: float) -> bytes:
        """As SocketLink; an emulator that has ended is an EmulatorError."""
        try:
            return super().read(timeout_s)
        except LinkError as error:
            raise ended_error(self.name, self._child, error) from error

    def write(self, data: bytes) -> None:
        """As SocketLink; an emulator that has ended is an EmulatorError."""
        try:
            super().write(data)
        except LinkError as error:
            raise ended_error(self.name, self._child, error) from error

    def close(self) -> None:
        """End the emulator."""
        super().close()
        self._child.end(0.0)


def ended_error(name: str, child: ChildProcess, error: LinkError) -> LinkError:
    """Return what to raise for a broken link: the emulator's end where it has ended."""
    if child.ended(1.0):
        return EmulatorError(f"{name}: {PROGRAM} {child.describe_end()}")
    return error
