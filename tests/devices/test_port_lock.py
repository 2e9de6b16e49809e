"""A port belongs to one process at a time, whatever name it is called by."""

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.errors import LinkError
from devices.links import lock as port_lock
from devices.links import open_link

HOLD = """
import sys
from devices.links import open_link
link = open_link(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
link.close()
"""


@pytest.fixture
def terminal() -> Iterator[str]:
    ours, theirs = pty.openpty()
    yield os.ttyname(theirs)
    os.close(theirs)
    os.close(ours)


@contextmanager
def held(url: str) -> Iterator[subprocess.Popen[str]]:
    """Have another process hold a port."""
    command = [sys.executable, "-c", HOLD, url]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        try:
            yield process
        finally:
            process.kill()


def refusal(url: str) -> str:
    """Return the line with which an open is refused, in bounded time."""
    start = time.monotonic()
    with pytest.raises(LinkError) as caught:
        open_link(url)
    assert time.monotonic() - start < 3.0
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_second_process_is_refused_in_a_line_with_port_and_process(terminal: str) -> None:
    with held(terminal) as process:
        expected = f"{terminal}: process {process.pid} is using the port"
        assert refusal(terminal).startswith(expected)


def test_the_command_ends_with_4_on_a_port_in_use(terminal: str) -> None:
    with held(terminal) as process:
        result = subprocess.run(
            [sys.executable, "-m", "harness.cli", "device", "info", terminal],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert result.returncode == 4
    assert re.fullmatch(rf"error: {terminal}: process {process.pid} is using .*\n", result.stderr)


def test_another_name_of_the_port_is_the_same_port(terminal: str, tmp_path: Path) -> None:
    alias = tmp_path / "usb-STMicroelectronics_STM32_STLink_0669-if02"
    alias.symlink_to(terminal)
    with held(terminal) as process:
        assert f"process {process.pid}" in refusal(str(alias))
    with held(str(alias)) as process:
        assert f"process {process.pid}" in refusal(terminal + "?baud=9600")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_process_leaves_no_lock_behind(terminal: str, number: int) -> None:
    with held(terminal) as process:
        process.send_signal(number)
        process.wait(5)
        open_link(terminal).close()


def test_a_port_is_free_again_once_it_is_closed(terminal: str) -> None:
    key = port_lock.serial_key(terminal)
    assert key is not None
    assert port_lock.holder(key) is None
    for _ in range(3):
        link = open_link(terminal)
        assert port_lock.holder(key) == os.getpid()
        assert "this process has the port open already" in refusal(terminal)
        link.close()
        link.close()
    assert port_lock.holder(key) is None
    assert not (port_lock._place() / f"{key}.lock").exists()


def test_a_link_that_nobody_closes_gives_its_port_back(terminal: str) -> None:
    link = open_link(terminal)
    del link
    open_link(terminal).close()


def test_another_users_flock_on_the_device_is_respected(terminal: str) -> None:
    fcntl = pytest.importorskip("fcntl")
    fd = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert refusal(terminal).startswith(f"{terminal}: another process is using the port")
    finally:
        os.close(fd)
    open_link(terminal).close()


def test_a_port_that_cannot_be_opened_is_not_left_locked(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(LinkError, match="cannot connect"):
        open_link(f"socket://127.0.0.1:{port}")
    assert port_lock.holder(f"tcp-127.0.0.1-{port}") is None
    with pytest.raises(LinkError, match="cannot open the port"):
        open_link(f"rfc2217://127.0.0.1:{port}")
    assert port_lock.holder(f"tcp-127.0.0.1-{port}") is None
    with pytest.raises(LinkError, match="cannot open the port"):
        open_link(str(tmp_path / "ttyACM0"))


def test_a_remote_port_has_one_key_for_every_name_of_its_host() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with held(f"socket://127.0.0.1:{port}") as process:
            for url in (f"socket://localhost:{port}", f"rfc2217://127.0.0.1:{port}?logging=debug"):
                assert refusal(url).startswith(f"{url}: process {process.pid} is using the port")
    assert port_lock.tcp_key("::1", 5) == port_lock.tcp_key("127.0.0.1", 5)
    assert port_lock.tcp_key("127.0.0.1", 5) != port_lock.tcp_key("127.0.0.1", 6)


def test_four_processes_that_open_a_port_over_and_over_never_share_it(
    terminal: str, tmp_path: Path
) -> None:
    script = """
import os, sys, time
from devices.errors import LinkError
from devices.links import open_link
for _ in range(25):
    try:
        link = open_link(sys.argv[1])
    except LinkError:
        continue
    with open(sys.argv[2], "x"):  # fails where another process is inside
        time.sleep(0.002)
    os.unlink(sys.argv[2])
    link.close()
"""
    commands = [[sys.executable, "-c", script, terminal, tmp_path / "inside"]] * 4
    processes = [subprocess.Popen(command) for command in commands]
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]


def test_a_lock_folder_of_another_is_refused(
    monkeypatch: pytest.MonkeyPatch, terminal: str, tmp_path: Path
) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to(tmp_path / "open")
    for name in ("open", "link"):
        monkeypatch.setattr(port_lock, "_place", lambda name=name: tmp_path / name)
        assert "is not a folder of this user's alone" in refusal(terminal)
