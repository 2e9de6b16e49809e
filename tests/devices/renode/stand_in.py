"""A program that behaves as Renode does, as far as the host sees; a fake device behind its UART.

Its monitor takes the commands that Renode's takes and knows the files, peripherals and ports that
they name. STAND_IN says what goes wrong: "silent", "ends", "late-end", "deaf".
"""

import argparse
import contextlib
import os
import re
import select
import socket
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from devices.fake import DEFAULT_GREETING, FakeDevice
from tests.devices.renode.repl_file import peripherals

GREETING = replace(
    DEFAULT_GREETING,
    board="mps2-an386",
    core="cortex-m4f",
    core_hz=25_000_000,
    counter_hz=25_000_000,
)
TOKEN = re.compile(r'"[^"]*"|@(?:\\ |[^\s;])+|;|=|[^\s;="]+')


class Failed(Exception):
    """A command that the monitor refuses."""


def say(text: str) -> None:
    sys.stdout.write(text + "\n\r")
    sys.stdout.flush()


class Monitor:
    def __init__(self) -> None:
        self.variables: dict[str, str] = {}
        self.macros: dict[str, list[str]] = {}
        self.names: set[str] = set()
        self.machine = ""
        self.terminal: socket.socket | None = None
        self.connected = self.loaded = False

    def line(self, line: str) -> None:
        words: list[str] = []
        for word in [*TOKEN.findall(line), ";"]:
            if word != ";":
                words.append(word)
            elif words:
                self.run(words)
                words = []

    def run(self, words: list[str]) -> None:
        text = " ".join(words)
        try:
            self.command([self.expanded(word) for word in words], words)
        except Failed as error:
            say(f"There was an error executing command '{text}'")
            say(str(error))
            raise

    def expanded(self, word: str) -> str:
        origin = self.variables.get("$ORIGIN", "")
        if word.startswith("$ORIGIN/"):
            return f"@{origin}{word[len('$ORIGIN') :]}"
        return self.variables.get(word, word)

    def file(self, word: str) -> Path:
        path = Path(word.removeprefix("@").replace(r"\ ", " "))
        if not (word.startswith("@") and path.is_file()):
            raise Failed(f"Could not find file '{word}'.")
        return path

    def command(self, words: list[str], raw: list[str]) -> None:  # noqa: PLR0912 - a table
        match words:
            case [_, "=", value]:
                self.variables[raw[0]] = value
            case ["include", path]:
                self.include(self.file(path))
            case ["using", "sysbus"]:
                pass
            case ["mach", "create", name]:
                self.machine = name.strip('"')
            case ["machine", "LoadPlatformDescription", path]:
                self.names = peripherals(self.file(path).read_text())
            case ["emulation", "CreateServerSocketTerminal", port, '"dut"', "false"]:
                self.open_terminal(int(port))
            case ["connector", "Connect", name, "dut"]:
                self.need(name.removeprefix("sysbus."))
                self.connected = True
            case ["runMacro", name]:
                for line in self.macros[name.removeprefix("$")]:
                    self.line(line)
            case ["sysbus", "LoadELF", path]:
                if self.file(path).read_bytes()[:4] != b"\x7fELF":
                    raise Failed("Error while loading ELF: Given file is not a proper ELF file.")
                self.loaded = True
            case ["cpu", "VectorTableOffset", _]:
                self.need("cpu")
            case ["start"]:
                say("Starting emulation...")
                self.start()
            case ["echo", text]:
                if os.environ.get("STAND_IN") != "silent":
                    say(text.strip('"'))
            case _:
                raise Failed(f"No such command or device: {words[0]}")

    def need(self, name: str) -> None:
        if name not in self.names:
            raise Failed(f"Could not find device {name}")

    def include(self, path: Path) -> None:
        self.variables["$ORIGIN"] = str(path.parent).replace(" ", r"\ ")
        lines = iter(path.read_text().splitlines())
        for line in lines:
            if line.startswith("macro "):
                name, body = line.split()[1], []
                assert next(lines) == '"""'
                while (inner := next(lines)) != '"""':
                    body.append(inner)
                self.macros[name] = body
            elif not line.startswith("#"):
                self.line(line)

    def open_terminal(self, port: int) -> None:
        listening = socket.socket()
        try:
            listening.bind(("", port))
        except OSError as error:
            raise Failed(error.strerror) from error
        listening.listen(1)
        self.terminal = listening

    def start(self) -> None:
        if self.terminal and self.connected and self.loaded:
            threading.Thread(target=serve, args=(self.terminal,), daemon=True).start()


def serve(listening: socket.socket) -> None:
    client, _ = listening.accept()
    device = FakeDevice(greeting=GREETING)
    while data := client.recv(1 << 16):
        if os.environ.get("STAND_IN") == "late-end" and device.inferences:
            say("Fatal error: the translation cache is full")
            os._exit(3)
        client.sendall(device.feed(data))


def read_flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    for flag in ("--disable-gui", "--plain", "--hide-log", "--console"):
        parser.add_argument(flag, action="store_true", required=True)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("-e", dest="commands", required=True)
    return parser.parse_args()


def keep_files(config: Path) -> None:
    """Write where Renode writes."""
    config.write_text("[general]\n")
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "renode"
    folder.mkdir()
    (folder / "history").write_text("start\n")
    (Path.home() / ".renode-was-here").touch()
    (Path(os.environ["TMPDIR"]) / f"renode-{os.getpid()}").mkdir()


def main() -> None:
    flags = read_flags()
    if os.environ.get("STAND_IN") == "ends":
        sys.exit("Cannot find libmonosgen: it is not installed")
    keep_files(flags.config)
    if place := os.environ.get("STAND_IN_PID"):
        Path(place).write_text(str(os.getpid()))
    say("Renode, version 1.16.1.0 (a stand-in)")
    say("")
    say(f"(monitor) {flags.commands}")
    monitor = Monitor()
    with contextlib.suppress(Failed):
        monitor.line(flags.commands)
    sys.stdout.write(f"({monitor.machine or 'monitor'}) ")
    sys.stdout.flush()
    while os.environ.get("STAND_IN") == "deaf":
        time.sleep(60)
    while select.select([0], [], []) and os.read(0, 4096):
        pass


if __name__ == "__main__":
    main()
