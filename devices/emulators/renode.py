"""renode://BOARD: a board that Renode emulates, started with its firmware, as a byte stream.

Options: firmware=PATH runs another image. The program is `renode` in PATH, or what TINYGATE_RENODE
names. Its UART is a TCP port that Renode opens on every address of this machine, to the first who
connects; it has no option for less. A count is of instructions.
"""

import errno
import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from devices.boards import Board, RenodeMachine, find_board
from devices.emulators.link import EmulatorLink
from devices.emulators.renode_monitor import READY_WORDS
from devices.emulators.renode_process import RenodeProcess
from devices.errors import BoardError, EmulatorError
from devices.images import explicit_image, find_image
from devices.links.link import Link
from devices.links.tcp import SocketLink
from devices.links.url import DeviceUrl

PROGRAM = "renode"
VARIABLE = "TINYGATE_RENODE"
SCRIPTS = Path(__file__).resolve().parents[1] / "renode"
START_S = 30.0
CONNECT_S = 5.0
END_S = 2.0
PORT_ATTEMPTS = 3
TERMINAL_COMMAND = "CreateServerSocketTerminal"
UART_BYTES_PER_S = 5_000.0


@dataclass(frozen=True, slots=True)
class RenodeOptions:
    """What to start."""

    name: str
    board: Board
    machine: RenodeMachine
    image: Path

    @property
    def script(self) -> Path:
        """The script that builds the machine; its platform description stands beside it."""
        return (SCRIPTS / self.machine.platform).with_suffix(".resc")


def open_renode(url: DeviceUrl) -> Link:
    """Return a link to a freshly started emulator; closing it ends the emulator.

    Raises EmulatorError where Renode is missing, complains, ends, or is not ready within 30 s.
    """
    if sys.platform != "linux":
        raise EmulatorError(f"{url.text}: emulators are started on Linux only")
    options, program = renode_options(url), find_renode()
    for _ in range(PORT_ATTEMPTS - 1):
        try:
            return _start(options, program)
        except EmulatorError as error:
            if TERMINAL_COMMAND not in str(error):  # else another took the port meanwhile
                raise
    return _start(options, program)


def renode_options(url: DeviceUrl) -> RenodeOptions:
    """Return the checked options of a renode:// URL."""
    given = url.only("firmware")
    board = find_board(url.target)
    if board.renode is None:
        raise BoardError(f"{url.text}: there is no Renode platform for {board.name}")
    image = explicit_image(given["firmware"]) if "firmware" in given else find_image(board.name)
    return RenodeOptions(url.text, board, board.renode, image)


def image_of(url: DeviceUrl) -> Path:
    """Return the firmware image that a renode:// URL runs."""
    return renode_options(url).image


def find_renode() -> str:
    """Return the path of the program; a missing one is an EmulatorError that says where it may be.

    The path is not resolved: the program may be a script that looks for its parts beside itself.
    """
    named = os.environ.get(VARIABLE)
    program = shutil.which(named or PROGRAM)
    if program is not None:
        return str(Path(program).absolute())
    if named:
        raise EmulatorError(f"{VARIABLE} names {named}, which is no program that can be run")
    raise EmulatorError(
        f"Renode is not installed: PATH has no {PROGRAM} and {VARIABLE} names none; "
        "get it from https://renode.io"
    )


def renode_command(program: str, config: Path, commands: str) -> list[str]:
    """Return the command line: monitor on standard input and output, no window, no log."""
    flags = ["--disable-gui", "--plain", "--hide-log", "--console"]
    return [program, *flags, "--config", str(config), "-e", commands]


def monitor_commands(image: Path, port: int, script: Path) -> str:
    """Return what the monitor is to do; the last command says that all of it was done."""
    return (
        f'$bin={_token(image)}; $port={port}; include {_token(script)}; start; echo "{READY_WORDS}"'
    )


def _token(path: Path) -> str:
    """Return a path as the monitor reads one."""
    text = str(path)
    if any(character in text for character in ";\n\r\t\"'\\"):
        raise EmulatorError(f"Renode's monitor cannot be given the path {text!r}; rename a folder")
    return "@" + text.replace(" ", r"\ ")


def free_port() -> int:
    """Return a TCP port that was free on every address a moment ago."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def _start(options: RenodeOptions, program: str) -> Link:
    port = free_port()
    commands = monitor_commands(options.image, port, options.script)
    process = RenodeProcess(options.name, lambda config: renode_command(program, config, commands))
    try:
        process.wait_ready(START_S)
        stream = SocketLink(options.name, _connected(options.name, port), UART_BYTES_PER_S)
    except BaseException:
        process.end(END_S)
        raise
    rate = float(options.machine.counter_hz)
    return EmulatorLink("Renode", stream, process, rate, END_S)


def _connected(name: str, port: int) -> socket.socket:
    try:
        connected = socket.create_connection(("127.0.0.1", port), CONNECT_S)
    except OSError as error:
        reason = errno.errorcode.get(error.errno or 0, str(error))
        text = f"{name}: Renode's UART at port {port} cannot be reached ({reason})"
        raise EmulatorError(text) from error
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connected
