"""The commands of docs/bench.md run as they stand; those that need a board fail for want of one."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from devices.boards import boards
from devices.check import model
from harness.cli.main import run
from tests.devices import firmware

PAGE = (Path(__file__).parents[2] / "docs" / "bench.md").read_text(encoding="utf-8")
SAMPLES = 20


def block(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return str(found[0])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the files that the page speaks of."""
    raw = [np.frombuffer(model.sample(index), np.int8) for index in range(SAMPLES)]
    scaled = (np.stack(raw).astype(np.float32) - model.INPUT_ZERO) * np.float32(model.INPUT_SCALE)
    images = scaled.reshape(-1, model.SIZE, model.SIZE, model.CHANNELS)
    answers = [np.frombuffer(model.expected(index).output, np.int8) for index in range(SAMPLES)]
    np.savez(tmp_path / "data.npz", images=images, labels=[one.argmax() for one in answers])
    (tmp_path / "model.tflite").write_bytes(model.content())
    (tmp_path / "gate.toml").write_text(block("toml"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_rehearsal_runs_and_passes_its_gate(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tflite_micro")
    firmware.shipped_image("mps2-an386")
    commands = block("sh").splitlines()
    assert len(commands) == 8
    for command in commands:
        program, *arguments = shlex.split(command)
        assert program == "tinygate"
        assert run(arguments) == 0, command
    out = capsys.readouterr().out
    assert "sound: this bench may be trusted" in out
    assert "Ship: all 2 checks passed" in out
    assert "all 3 operators equal" in out


def with_a_board() -> list[str]:
    lines = [line.partition("#")[0].strip() for line in PAGE.splitlines() if line[:4] == "    "]
    return [line for line in lines if line.startswith("tinygate") and "..." not in line]


@pytest.mark.parametrize("command", [one for one in with_a_board() if "/dev/ttyACM0" in one])
def test_a_command_for_a_board_is_well_formed(
    folder: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    if Path("/dev/ttyACM0").exists():
        pytest.skip("a board may be attached")
    assert run(shlex.split(command)[1:]) == 4
    printed = capsys.readouterr()
    assert "/dev/ttyACM0: " in printed.out + printed.err


def test_every_board_of_the_page_is_known_and_every_real_board_is_there() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE)
    assert rows == [name for name, board in boards().items() if board.pyocd]
    named = set(re.findall(r"--board (\w+)", PAGE))
    assert named <= set(boards())
    for target in re.findall(r"pyocd pack install (\w+)", PAGE):
        assert target in {board.pyocd for board in boards().values()}
