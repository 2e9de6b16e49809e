"""`device list` prints one screen, whatever is attached, and says what to do next."""

from __future__ import annotations

import json

import pytest
from serial.tools import list_ports

from devices.client import Device
from devices.errors import NoAnswer
from devices.fake import FakeLink
from harness.cli import device_list
from harness.cli.main import run
from tests.devices.test_ports import port


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> None:
    ports = [
        port("/dev/ttyACM0", "0483:374b", description="STM32 \x1b[31m:key:", serial_number="0669"),
        port("/dev/ttyUSB0", "0403:6001", description="[red]FT232R[/]"),
        port("/dev/ttyS4"),
    ]
    monkeypatch.setattr(list_ports, "comports", lambda: ports)
    monkeypatch.setattr("os.access", lambda path, mode: path != "/dev/ttyUSB0")


def test_the_list_says_what_it_knows_and_what_it_does_not(
    bench: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["device", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:10] == [
        "attached ports",
        r"  /dev/ttyACM0  0483:374b  STM32 \x1b[31m:key:  serial 0669",
        "    one of nucleo_f446re, nucleo_h743zi",
        "    to ask what it is (this may reset it):  tinygate device info /dev/ttyACM0",
        "  /dev/ttyUSB0  0403:6001  [red]FT232R[/]",
        "    no board has this USB id; an adapter may carry any board",
        "    no permission to open it; run: sudo usermod -aG dialout $USER, then log out and in",
        "  /dev/ttyS4  no USB id",
        "    a port of this machine, or of an adapter that does not say what it is",
        "    to ask what it is (this may reset it):  tinygate device info /dev/ttyS4",
    ]
    assert lines[11] == "emulated boards"
    assert any(line.startswith("  qemu://mps2-an386 ") for line in lines)


def test_with_greet_free_usb_ports_are_asked_and_no_others(
    bench: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def connect(url: str) -> Device:
        asked.append(url)
        return Device(FakeLink(name=url))

    monkeypatch.setattr(device_list, "connect", connect)
    assert run(["device", "list", "--greet"]) == 0
    assert asked == ["/dev/ttyACM0"]
    assert "    answers: fake, none, firmware 0\n" in capsys.readouterr().out


def test_a_port_that_does_not_answer_is_one_line(
    bench: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(url: str) -> Device:
        raise NoAnswer(f"{url}: no valid answer")

    monkeypatch.setattr(device_list, "connect", connect)
    assert run(["device", "list", "--greet"]) == 0
    assert "    does not answer: /dev/ttyACM0: no valid answer\n" in capsys.readouterr().out


def test_the_json_holds_the_same(bench: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["device", "list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["usb_id"] for one in found["ports"]] == ["0483:374b", "0403:6001", None]
    assert found["ports"][0]["boards"] == ["nucleo_f446re", "nucleo_h743zi"]
    assert {"url", "core", "missing"} == set(found["emulated"][0])


def test_no_port_says_what_to_check(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_ports, "comports", lambda: [])
    assert run(["device", "list"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("no USB serial port is attached\n  check the cable")
    assert "attached ports" not in out
