"""The command `doctor`: what is installed, what works, and how to get the rest."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from dataclasses import dataclass

import typer

from harness.errors import EXIT_PASS


@dataclass(frozen=True)
class Part:
    """An optional part: its purpose, its package, and a module whose import proves it."""

    purpose: str
    package: str
    module: str
    extra: str


PARTS = (
    Part("training, runtime torch", "torch", "torch", "train"),
    Part("MobileNetV2, downloads", "torchvision", "torchvision", "train"),
    Part("data set digits", "scikit-learn", "sklearn.datasets", "train"),
    Part("checkpoints", "safetensors", "safetensors.torch", "train"),
    Part("ONNX export", "onnx", "onnx", "export"),
    Part("ONNX export", "onnxscript", "onnxscript", "export"),
    Part("int8 TFLite export", "litert-torch", "litert_torch", "export"),
    Part("int8 TFLite export", "ai-edge-quantizer", "ai_edge_quantizer", "export"),
    Part("runtime onnxruntime", "onnxruntime", "onnxruntime", "runtimes"),
    Part("runtimes litert, litert-ref", "ai-edge-litert", "ai_edge_litert.interpreter", "runtimes"),
    Part(
        "runtime tflm",
        "tflite-micro",
        "tflite_micro.python.tflite_micro.runtime",
        "runtimes",
    ),
    Part("tracking and registry", "mlflow", "mlflow", "mlflow"),
    Part("--cluster", "distributed", "distributed", "cluster"),
    Part("flashing boards", "pyocd", "pyocd.core.helpers", "bench"),
)

PROGRAMS = (
    ("qemu-system-arm", "emulated boards, qemu://", "apt-get install qemu-system-arm"),
    ("arm-none-eabi-gcc", "building firmware", "apt-get install gcc-arm-none-eabi"),
)

_IMPORT_TIMEOUT_S = 120


def extra_of(module: str | None) -> str | None:
    """Return the extra that brings a module, or None where no extra does."""
    top = (module or "").partition(".")[0]
    return next((part.extra for part in PARTS if part.module.partition(".")[0] == top), None)


def add_commands(app: typer.Typer) -> None:
    """Register this group's commands."""
    app.command()(doctor)


def doctor() -> int:
    """Show what is installed and works, and how to get what is missing."""
    from harness.record import environment_record
    from harness.runtimes.host import host_record

    record, host = environment_record(), host_record()
    typer.echo(f"tinygate  {record['tinygate']}  commit {record['commit'] or 'none (installed)'}")
    typer.echo(f"python    {record['python']} on {record['system']}, {record['cores']} cores")
    typer.echo(f"cpu       {host.cpu}  {' '.join(host.features)}")
    typer.echo("")
    for part in PARTS:
        typer.echo(_line(part))
    for program, purpose, command in PROGRAMS:
        status = (
            f"ok         {found}" if (found := shutil.which(program)) else f"missing    {command}"
        )
        typer.echo(f"{program:<20} {purpose:<28} {status}")
    typer.echo(_renode_line())
    typer.echo(_firmware_line())
    return EXIT_PASS


def _renode_line() -> str:
    from devices.emulators.renode import find_renode
    from devices.errors import EmulatorError

    try:
        status = f"ok         {find_renode()}"
    except EmulatorError as error:
        status = f"missing    {error}"
    return f"{'renode':<20} {'emulated boards, renode://':<28} {status}"


def _firmware_line() -> str:
    from devices.boards import boards
    from devices.errors import EmulatorError
    from devices.images import find_image

    built = []
    for board in boards():
        with contextlib.suppress(EmulatorError):
            built.append(find_image(board).stem)
    status = f"ok         {' '.join(built)}" if built else "missing    make firmware"
    return f"{'firmware images':<20} {'emulated boards':<28} {status}"


def _line(part: Part) -> str:
    from harness.record import package_version

    version = package_version(part.package)
    if version is None:
        status = f"missing    pip install 'tinygate[{part.extra}]'"
    else:
        problem = _import_problem(part.module)
        status = f"ok         {version}" if problem is None else f"BROKEN     {version}: {problem}"
    return f"{part.package:<20} {part.purpose:<28} {status}"


def _import_problem(module: str) -> str | None:
    """Import in a process of its own: a broken native package may end the process."""
    command = [sys.executable, "-W", "ignore", "-c", f"import {module}"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=_IMPORT_TIMEOUT_S)  # noqa: S603, PLW1510  (our own interpreter; the exit code is read)
    except subprocess.TimeoutExpired:
        return f"import took more than {_IMPORT_TIMEOUT_S} s"
    if result.returncode == 0:
        return None
    return (result.stderr.strip().splitlines() or [f"ended with {result.returncode}"])[-1]
