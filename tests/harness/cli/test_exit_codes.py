from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from harness.cli import files
from harness.cli.main import run
from harness.predictions import Meta, Predictions


def save(path: Path, wrong: int, *, ids: int = 0) -> Path:
    labels = np.arange(100) % 2
    scores = np.eye(2, dtype=np.float32)[labels]
    scores[:wrong] = scores[:wrong, ::-1]
    Predictions(scores, labels, np.arange(100) + ids, Meta(kind="logits")).save(path)
    return path


def gate(folder: Path, checks: str, *options: str) -> int:
    path = folder / "gate.toml"
    path.write_text(checks)
    reference, candidate = save(folder / "r.npz", 5), save(folder / "c.npz", 20)
    wanted = ["--checks", str(path), "--reference", str(reference), "--candidate", str(candidate)]
    return run(["gate", *wanted, *options])


def test_a_gate_that_passes_ends_with_0(tmp_path: Path) -> None:
    assert gate(tmp_path, '[[checks]]\nmetric = "accuracy"\nlimit = 0.7') == 0


def test_a_gate_that_fails_ends_with_1_and_writes_what_was_asked(tmp_path: Path) -> None:
    names = ["v.json", "v.xml", "v.md"]
    options = [str(tmp_path / name) for name in names]
    asked = ["--json", options[0], "--junit", options[1], "--markdown", options[2]]
    assert gate(tmp_path, '[[checks]]\nmetric = "accuracy"\nlimit = 0.9', *asked) == 1
    assert all((tmp_path / name).stat().st_size > 0 for name in names)


def test_a_gate_that_cannot_decide_ends_with_3(tmp_path: Path) -> None:
    assert gate(tmp_path, '[[checks]]\nmetric = "top5_accuracy"\nlimit = 0.9') == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-command"],
        ["run"],
        ["run", "no-such-file.toml"],
        ["gate"],
        ["gate", "c.toml", "--candidate", "c.npz"],
        ["evaluate", "--model", "m.tflite"],
        ["compare", "no.npz", "file.npz"],
    ],
)
def test_a_users_mistake_ends_with_2_and_one_line(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_predictions_of_other_samples_are_a_users_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, other = save(tmp_path / "a.npz", 5), save(tmp_path / "b.npz", 5, ids=1)
    assert run(["compare", str(first), str(other)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_crash_ends_with_70_and_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("not a verdict")

    monkeypatch.setattr("harness.gate.decide.judge", crash)
    monkeypatch.setattr("harness.cli.gate.judge", crash, raising=False)
    assert gate(tmp_path, '[[checks]]\nmetric = "accuracy"\nlimit = 0.8') == 70
    assert "ZeroDivisionError: not a verdict" in capsys.readouterr().err


def test_a_full_disk_ends_with_4_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    first, second = save(tmp_path / "a.npz", 5), save(tmp_path / "b.npz", 6)
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr("harness.files.os.fsync", full)
    assert run(["compare", str(first), str(second), "--json", str(out / "c.json")]) == 4
    assert "no space left" in capsys.readouterr().err
    assert list(out.iterdir()) == []


def test_ctrl_c_is_neither_a_pass_nor_a_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "_required", interrupted)
    assert run(["gate", "--checks", "a.toml"]) == 130


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from harness.cli.main import run; run(['--help'])\n"
        "heavy = {'numpy', 'torch', 'scipy', 'mlflow', 'pydantic', 'matplotlib', 'rich.console'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
