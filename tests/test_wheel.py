"""The built wheel, installed into a clean environment away from the repo."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from harness.predictions import Meta, Predictions
from harness.runtimes import find_runtime
from tests.devices import firmware
from tests.exported import Exported

REPO = Path(__file__).resolve().parents[1]
CONSTRAINTS = REPO / "constraints.txt"
CHECKS = """
[[checks]]
metric = "accuracy_drop"
limit = 0.1
[[checks]]
metric = "jaccard"
limit = {jaccard}
"""


def uv(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "uv", "--quiet", *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPO)
    assert result.returncode == 0, result.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = ["make", "-s", "-C", str(REPO), "wheel", f"DIST={folder}"]
    with firmware.made_alone(firmware.SHIPPED):
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean") / "venv"
    uv("venv", "--python", sys.executable, folder)
    uv("pip", "install", "--python", folder / "bin" / "python", "-c", CONSTRAINTS, wheel)
    return folder / "bin" / "tinygate"


def run(command: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    return subprocess.run(
        [str(command), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environment,
    )


def save(path: Path, wrong: int) -> None:
    labels = np.arange(200) % 4
    predicted = labels.copy()
    predicted[:wrong] = (predicted[:wrong] + 1) % 4
    scores = np.full((200, 4), -2.0, dtype=np.float32)
    scores[np.arange(200), predicted] = 2.0
    Predictions(scores, labels, np.arange(200), Meta(kind="logits")).save(path)


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
        names = archive.namelist()
    packages = {"harness", "models", "export", "devices", "reports"}
    assert {top for top in tops if not top.endswith(".dist-info")} == packages
    assert {"reports/templates/report.html.j2", "devices/images/mps2-an386.elf"} <= set(names)
    assert {f"devices/renode/mps2-an386.{kind}" for kind in ("repl", "resc")} <= set(names)
    assert not [name for name in names if name.startswith("devices/firmware")]
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_installed_alone_it_gates_two_predictions_files(command: Path, tmp_path: Path) -> None:
    save(tmp_path / "reference.npz", wrong=10)
    save(tmp_path / "candidate.npz", wrong=16)
    (tmp_path / "pass.toml").write_text(CHECKS.format(jaccard=0.3))
    (tmp_path / "fail.toml").write_text(CHECKS.format(jaccard=0.9))
    files = ["--reference", "reference.npz", "--candidate", "candidate.npz"]

    passed = run(command, tmp_path, "gate", "--checks", "pass.toml", *files, "--json", "v.json")
    assert passed.returncode == 0, passed.stderr
    assert json.loads((tmp_path / "v.json").read_text())["outcome"] == "pass"

    failed = run(command, tmp_path, "gate", "--checks", "fail.toml", *files)
    assert failed.returncode == 1, failed.stderr
    assert "jaccard" in failed.stdout


def test_a_missing_extra_is_one_line_that_names_the_command(command: Path, tmp_path: Path) -> None:
    model, data = tmp_path / "m.onnx", tmp_path / "d.npz"
    model.write_bytes(b"x")
    np.savez(data, images=np.zeros((4, 8, 8), np.uint8), labels=np.arange(4))
    files = ["--model", str(model), "--data", str(data), "--out", str(tmp_path / "p.npz")]
    result = run(command, tmp_path, "evaluate", "--runtime", "onnxruntime", *files)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "pip install 'tinygate[runtimes]'" in result.stderr


def test_help_version_and_doctor_work_without_any_extra(command: Path, tmp_path: Path) -> None:
    assert "Exit codes" in run(command, tmp_path, "--help").stdout
    assert run(command, tmp_path, "--version").stdout.startswith("tinygate ")
    doctor = run(command, tmp_path, "doctor")
    assert doctor.returncode == 0, doctor.stderr
    assert "missing    pip install 'tinygate[mlflow]'" in doctor.stdout


def test_installed_with_an_emulator_alone_it_evaluates_on_a_device(
    command: Path, tmp_path: Path, scale_cnn: Exported
) -> None:
    firmware.need_tools()
    model, images = scale_cnn.by_suffix(".tflite"), scale_cnn.images
    np.savez(tmp_path / "d.npz", images=images, labels=np.arange(len(images)) % 10)
    files = ["--model", str(model), "--data", "d.npz", "--out", "p.npz"]
    device = ["--runtime", "device", "--device", "qemu://mps2-an386"]
    result = run(command, tmp_path, "evaluate", *files, *device)
    assert result.returncode == 0, result.stderr
    with find_runtime("tflm").load(model) as session:
        expected = session.predict(images)
    assert np.array_equal(Predictions.load(tmp_path / "p.npz").scores, expected)
