"""Attached ports are matched with boards by USB id, and their descriptors are made harmless."""

import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest
from serial.tools import list_ports
from serial.tools.list_ports_common import ListPortInfo

from devices import emulated, ports
from devices.boards import boards
from devices.links import open_link


def port(device: str, usb_id: str | None = None, **texts: str) -> ListPortInfo:
    """A port as pyserial reports one."""
    info = ListPortInfo(device, skip_link_detection=True)
    if usb_id is not None:
        info.vid, info.pid = (int(part, 16) for part in usb_id.split(":"))
    for name, text in texts.items():
        setattr(info, name, text)
    return info


@pytest.fixture
def terminal() -> Iterator[str]:
    ours, theirs = pty.openpty()
    yield os.ttyname(theirs)
    os.close(theirs)
    os.close(ours)


def attach(monkeypatch: pytest.MonkeyPatch, *infos: ListPortInfo) -> None:
    monkeypatch.setattr(list_ports, "comports", lambda: list(infos))


def test_a_usb_id_names_every_board_that_may_stand_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {usb_id for board in boards().values() for usb_id in board.usb}
    assert {"0483:374b", "1366:1015", "2e8a:000c"} <= known
    attach(monkeypatch, *(port(f"/dev/tty{one}", one) for one in sorted(known)))
    found = ports.attached_ports()
    assert len(found) == len(known)
    for one in found:
        assert one.boards == tuple(n for n, b in boards().items() if one.usb_id in b.usb)
        assert one.boards


def test_what_is_not_known_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    attach(
        monkeypatch, port("/dev/ttyS0"), port("/dev/ttyUSB0", "1a86:7523", description="USB Serial")
    )
    adapter, own = ports.attached_ports()
    assert (adapter.usb_id, adapter.boards, adapter.description) == ("1a86:7523", (), "USB Serial")
    assert (own.usb_id, own.boards, own.description, own.accessible) == (None, (), "", True)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2J\x1b]0;owned\x07", r"\x1b[2J\x1b]0;owned\x07"),
        ("two\nlines\r", r"two\nlines\r"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("\ud800\x00", r"\ud800\x00"),
        ("[bold red]x[/]", "[bold red]x[/]"),
        ("é 板", "é 板"),
        ("x" * 200, "x" * 77 + "..."),
    ],
)
def test_a_descriptor_cannot_steer_the_terminal(
    monkeypatch: pytest.MonkeyPatch, hostile: str, shown: str
) -> None:
    attach(monkeypatch, port("/dev/x", "0483:374b", description=hostile, serial_number=hostile))
    (found,) = ports.attached_ports()
    assert found.description == found.serial_number == shown


def test_a_port_has_the_name_that_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, terminal: str
) -> None:
    stable = tmp_path / "usb-STMicroelectronics_STM32_STLink_0669-if02"
    stable.symlink_to(terminal)
    monkeypatch.setattr(ports, "BY_ID", tmp_path)
    attach(monkeypatch, port(terminal, "0483:374b"), port("/dev/ttyS0"))
    assert [one.stable for one in ports.attached_ports()] == [str(stable), None]


def test_a_port_in_use_names_its_process(monkeypatch: pytest.MonkeyPatch, terminal: str) -> None:
    attach(monkeypatch, port(terminal, "0483:374b"))
    assert [one.holder for one in ports.attached_ports()] == [None]
    link = open_link(terminal)
    assert [one.holder for one in ports.attached_ports()] == [os.getpid()]
    link.close()
    assert [one.holder for one in ports.attached_ports()] == [None]


def test_a_port_of_others_is_not_accessible(monkeypatch: pytest.MonkeyPatch, terminal: str) -> None:
    attach(monkeypatch, port(terminal, "0483:374b"))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert [one.accessible for one in ports.attached_ports()] == [False]


def test_this_machines_ports_are_listed_without_an_error() -> None:
    assert all(one.device for one in ports.attached_ports())


def test_every_emulated_board_is_listed_with_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TINYGATE_RENODE", raising=False)
    found = {one.url: one.missing for one in emulated.emulated_boards()}
    assert {"qemu://mps2-an386", "qemu://netduinoplus2", "renode://mps2-an386"} <= set(found)
    for url, missing in found.items():
        program = "qemu-system-arm" if url.startswith("qemu") else "Renode"
        assert missing is not None
        assert missing.startswith(f"{program} is not installed")


def test_renode_is_found_where_the_variable_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "renode-1.16"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("TINYGATE_RENODE", str(program))
    found = {one.url: one.missing for one in emulated.emulated_boards()}
    assert "is not installed" not in (found["renode://mps2-an386"] or "")


def test_an_emulated_board_without_firmware_says_how_to_build_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("qemu-system-arm", "renode"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("TINYGATE_RENODE", raising=False)
    monkeypatch.setattr("devices.images.BUILT", tmp_path)
    monkeypatch.setattr("devices.images.PACKAGED", tmp_path)
    assert all("make firmware" in (one.missing or "") for one in emulated.emulated_boards())
