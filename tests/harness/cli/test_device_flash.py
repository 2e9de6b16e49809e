"""`device flash` from the command line: what it prints, and how it ends."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from serial.tools import list_ports

from devices.client import Device
from devices.fake import DEFAULT_GREETING, FakeDevice, FakeLink
from devices.links import lock, open_link
from harness.cli import device_flash
from harness.cli.main import run
from tests.devices.flash.stand_in import Bench, Handle, Info, attached, made_elf
from tests.devices.test_ports import port

HANDLE = Handle("0669FF3", "STM32 STLink", Info("NUCLEO-F446RE", "stm32f446retx"))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    ours, theirs = pty.openpty()
    name = os.ttyname(theirs)
    attached_port = port(name, "0483:374b", serial_number="0669FF3")
    monkeypatch.setattr(list_ports, "comports", lambda: [attached_port])
    yield name
    os.close(theirs)
    os.close(ours)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "mine.elf"
    path.write_bytes(made_elf())
    return path


def answering(monkeypatch: pytest.MonkeyPatch, board: str) -> None:
    greeting = replace(DEFAULT_GREETING, board=board, core="cortex-m4f", firmware="0.1.0")

    def connect(url: str) -> Device:
        assert lock.holder(lock.serial_key(url) or "") is None
        return Device(FakeLink(FakeDevice(greeting=greeting), name=url))

    monkeypatch.setattr(device_flash, "connect", connect)


def test_a_board_is_flashed_and_greeted(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: str,
    image: Path,
) -> None:
    bench = attached(monkeypatch, Handle("OTHER"), HANDLE)
    bench.fault = lambda step: (
        None if lock.holder(lock.serial_key(terminal) or "") == os.getpid() else pytest.fail(step)
    )
    answering(monkeypatch, "nucleo_f446re")
    assert run(["device", "flash", terminal, "--image", str(image)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith("  flash  ")] == [
        "probe    0669FF3 (STM32 STLink)",
        "board    nucleo_f446re (stm32f446retx)",
        f"image    {image}",
        "flashed  332 bytes, read back equal",
        "answers  nucleo_f446re, cortex-m4f, firmware 0.1.0",
    ]


def test_a_board_that_answers_as_another_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: str,
    image: Path,
) -> None:
    attached(monkeypatch, HANDLE)
    answering(monkeypatch, "nucleo_h743zi")
    assert run(["device", "flash", terminal, "--image", str(image)]) == 2
    assert "expected board nucleo_f446re" in capsys.readouterr().err


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    return err


def test_a_port_in_use_is_not_flashed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: str,
    image: Path,
) -> None:
    bench: Bench = attached(monkeypatch, HANDLE)
    link = open_link(terminal)
    try:
        assert run(["device", "flash", terminal, "--image", str(image)]) == 4
    finally:
        link.close()
    assert one_line(capsys).startswith(f"error: {terminal}: this process has the port open")
    assert bench.done == []


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["qemu://mps2-an386"], 2, "an emulator takes its image at each start"),
        (["/dev/no-such-port"], 4, "there is no such port; see tinygate device list"),
        (["TERMINAL", "--image", "no-such.elf"], 2, "no-such.elf"),
        (["TERMINAL", "--board", "uno"], 2, "unknown board 'uno'; known: "),
        (["TERMINAL", "--probe", "zz"], 2, "no attached probe has 'zz' in the id"),
        (["TERMINAL", "--image", __file__], 2, "not an ELF image"),
    ],
)
def test_a_mistake_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    terminal: str,
    arguments: list[str],
    code: int,
    text: str,
) -> None:
    bench = attached(monkeypatch, HANDLE)
    named = [terminal if one == "TERMINAL" else one for one in arguments]
    assert run(["device", "flash", *named]) == code
    assert text in one_line(capsys)
    assert bench.done == []


WITHOUT_PYOCD = """
class Missing:
    def find_spec(self, name, *rest):
        if name == "pyocd":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""


@pytest.mark.parametrize(
    ("prelude", "code", "line"),
    [
        ("", 4, "error: no debug probe is attached, or none that this user may open: "),
        (
            WITHOUT_PYOCD,
            2,
            "error: pyocd is not installed; install it with: pip install 'tinygate[bench]'\n",
        ),
    ],
)
def test_pyocd_itself_without_a_probe_and_without_pyocd(prelude: str, code: int, line: str) -> None:
    from pyocd.core.helpers import ConnectHelper

    if ConnectHelper.get_all_connected_probes(blocking=False):
        pytest.skip("a debug probe is attached")
    script = f"import sys\n{prelude}\nfrom harness.cli.main import run\n"
    result = subprocess.run(
        [sys.executable, "-c", script + "sys.exit(run(['device', 'flash', 'socket://h:1']))"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stdout) == (code, "")
    assert result.stderr.startswith(line)
    assert result.stderr.count("\n") == 1
