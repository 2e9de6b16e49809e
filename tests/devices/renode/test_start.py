"""The whole way from a renode:// URL to answers, with a stand-in for the program."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest

from devices.client import connect
from devices.emulators import renode, renode_process
from devices.errors import EmulatorError
from devices.fake import ChecksumEngine, fake_model
from devices.protocol.codes import Counter
from tests.devices import native

STAND_IN = Path(__file__).with_name("stand_in.py")
MODEL = fake_model(64, 10, 3)
SAMPLES = [bytes([k]) * 64 for k in range(5)]
PROCESS_ID = "STAND_IN_PID"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a home, a folder for temporary files and a Renode behind a shell script."""
    for folder in ("home", "tmp"):
        (tmp_path / folder).mkdir()
    program = tmp_path / "renode"
    words = shlex.join([sys.executable, str(STAND_IN)])
    program.write_text(f'#!/bin/sh\n{words} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("TINYGATE_RENODE", str(program))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home" / "config"))
    monkeypatch.setenv(PROCESS_ID, str(tmp_path / "pid"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path


@pytest.fixture
def url(here: Path) -> str:
    image = here / "a firmware.elf"
    image.write_bytes(b"\x7fELF")
    return f"renode://mps2-an386?firmware={image}"


def real_process(here: Path) -> int:
    return int((here / "pid").read_text())


def runs(process: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_gone(process: int, within_s: float = 3.0) -> bool:
    deadline = time.monotonic() + within_s
    while runs(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not runs(process)


def assert_nothing_left(here: Path) -> None:
    assert list((here / "home").rglob("*")) == []
    assert list((here / "tmp").rglob("*")) == []


def test_a_model_runs_and_nothing_is_left(here: Path, url: str) -> None:
    engine = ChecksumEngine()
    engine.load(MODEL)
    with connect(url) as device:
        assert runs(real_process(here))
        device.load(MODEL)
        answers = [answer.output for answer in device.infer(SAMPLES)]
        assert answers == [engine.infer(sample) for sample in SAMPLES]
        assert device.link.emulated
    assert not runs(real_process(here))
    assert_nothing_left(here)


def test_a_count_is_of_instructions(url: str) -> None:
    with connect(url) as device:
        assert device.greeting.counter == Counter.CORE_CYCLES
        clock = device.clock
        assert clock
        assert (clock.unit, clock.per_tick, clock.hz) == ("instructions", 1.0, None)


def test_two_run_side_by_side(url: str) -> None:
    with connect(url) as one, connect(url) as other:
        for device in (one, other):
            device.load(MODEL)
            assert len(list(device.infer(SAMPLES))) == len(SAMPLES)


def test_it_dies_with_a_parent_that_is_killed_though_a_script_started_it(
    here: Path, url: str
) -> None:
    script = f"""
        import time
        from devices.client import connect
        device = connect({url!r})
        print("up", flush=True)
        time.sleep(60)
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=native.ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(here / "tmp")},
    )
    assert parent.stdout
    assert parent.stdout.readline() == "up\n"
    process = real_process(here)
    assert runs(process)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert wait_gone(process)
    assert list((here / "home").rglob("*")) == []


def test_one_that_does_not_listen_is_killed(
    here: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "deaf")
    monkeypatch.setattr(renode, "END_S", 0.2)
    connect(url).close()
    assert wait_gone(real_process(here))
    assert_nothing_left(here)


def test_the_monitors_complaint_is_ours(here: Path, url: str) -> None:
    (here / "a firmware.elf").write_bytes(b"no ELF")
    with pytest.raises(EmulatorError) as caught:
        connect(url)
    assert "\n" not in str(caught.value)
    assert "There was an error executing command 'sysbus LoadELF $bin'" in str(caught.value)
    assert "Given file is not a proper ELF file" in str(caught.value)
    assert not runs(real_process(here))
    assert_nothing_left(here)


def test_a_renode_that_ends_at_once_says_why(
    here: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "ends")
    with pytest.raises(EmulatorError, match="Renode ended with status 1: Cannot find libmonosgen"):
        connect(url)
    assert_nothing_left(here)


def test_a_renode_that_ends_at_work_says_why(
    here: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "late-end")
    with connect(url) as device:
        device.load(MODEL)
        with pytest.raises(EmulatorError, match="Renode ended with status 3: Fatal error: the tra"):
            for _ in range(3):
                list(device.infer(SAMPLES))
    assert_nothing_left(here)


def test_a_renode_that_is_never_ready_is_given_up(
    here: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN", "silent")
    monkeypatch.setattr(renode, "START_S", 2.0)
    with pytest.raises(EmulatorError) as caught:
        connect(url)
    assert "not ready within 2 s; the last it printed: Starting emulation..." in str(caught.value)
    assert not runs(real_process(here))
    assert_nothing_left(here)


def test_a_port_that_another_took_is_chosen_anew(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        ports = [taken.getsockname()[1], renode.free_port()]
        monkeypatch.setattr(renode, "free_port", lambda: ports.pop(0))
        with connect(url) as device:
            device.load(MODEL)
        assert ports == []


def test_a_port_that_is_always_taken_is_one_clear_line(
    here: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        monkeypatch.setattr(renode, "free_port", lambda: taken.getsockname()[1])
        with pytest.raises(EmulatorError, match=r"CreateServerSocketTerminal.*in use"):
            connect(url)
    assert_nothing_left(here)


def test_a_missing_renode_names_both_places_to_put_it(
    here: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYGATE_RENODE", str(here / "none"))
    with pytest.raises(EmulatorError, match=r"TINYGATE_RENODE names .*none, which is no program"):
        connect(url)
    monkeypatch.delenv("TINYGATE_RENODE")
    monkeypatch.setenv("PATH", str(here / "home"))
    with pytest.raises(EmulatorError, match="PATH has no renode and TINYGATE_RENODE names none"):
        connect(url)


def test_renode_in_path_serves_and_keeps_its_name(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TINYGATE_RENODE")
    monkeypatch.setenv("PATH", f"{here}:{os.environ['PATH']}")
    (here / "link").symlink_to(here / "renode")
    assert renode.find_renode() == str(here / "renode")
    monkeypatch.setenv("TINYGATE_RENODE", str(here / "link"))
    assert renode.find_renode() == str(here / "link")


def test_a_renode_that_cannot_be_run_leaves_nothing(
    here: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = here / "not-a-program"
    program.write_bytes(b"\x7fELF and no more")
    program.chmod(0o755)
    monkeypatch.setenv("TINYGATE_RENODE", str(program))
    with pytest.raises(EmulatorError, match=r"Renode ended with status 1: .*Exec format error"):
        connect(url)
    assert_nothing_left(here)


def test_output_that_cannot_be_read_yet_is_none(tmp_path: Path) -> None:
    process = object.__new__(renode_process.RenodeProcess)
    process._output = tmp_path / "none"
    assert process._printed() == ""
