"""The parent's end: starts the process that imports TensorFlow, and says why it failed.

TensorFlow and litert-torch cannot be imported into one process in every order: whichever comes
second may end it with a segmentation fault. A process of its own also keeps TensorFlow's threads,
its messages and its aborts away from ours.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import export
from export.errors import ExportError, MissingConverterError
from export.tf.folder import CALIBRATION, EXIT_REFUSED, FLOAT, INT8, ONNX, REFUSED

PACKAGE = "tensorflow"
_REASON_CHARACTERS = 300
_TIMEOUT_S = 3600
_COMMAND = (sys.executable, "-P", "-m", "export.tf.worker")
_SETTINGS = {
    "CUDA_VISIBLE_DEVICES": "",  # the conversion gains nothing from a GPU
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "TF_ENABLE_ONEDNN_OPTS": "0",
}


@dataclass(frozen=True)
class Converted:
    """The two .tflite files TensorFlow makes of one ONNX file."""

    float_tflite: bytes
    int8_tflite: bytes


def is_installed() -> bool:
    """Whether TensorFlow can be imported, without importing it."""
    return importlib.util.find_spec(PACKAGE) is not None


def convert(onnx: bytes, calibration: NDArray[np.float32]) -> Converted:
    """Return the float32 and the int8 .tflite of an ONNX file, batch 1, images channel-last.

    Args:
        onnx: the file, weights inside.
        calibration: (N, H, W, C) or (N, F) float32; its extremes are the ranges of the activations.

    Raises:
        OSError: the disk is full.
        MissingConverterError: TensorFlow is not installed.
        ExportError: the graph has something that cannot be converted, which the message names, or
            TensorFlow failed on it.

    """
    if not is_installed():
        raise MissingConverterError(PACKAGE, "tensorflow")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / ONNX).write_bytes(onnx)
        np.save(folder / CALIBRATION, np.ascontiguousarray(calibration), allow_pickle=False)
        _run(folder)
        return Converted((folder / FLOAT).read_bytes(), (folder / INT8).read_bytes())


def _run(folder: Path) -> None:
    try:
        result = subprocess.run(  # noqa: S603  (our own module)
            [*_COMMAND, str(folder), str(os.getpid())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_environment(),
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ExportError(f"TensorFlow took more than {_TIMEOUT_S} s") from error
    if result.returncode == EXIT_REFUSED:
        raise ExportError((folder / REFUSED).read_text(encoding="utf-8"))
    if result.returncode != 0:
        raise ExportError(f"TensorFlow {_ending(result.returncode)}: {_reason(result.stdout)}")


def _ending(code: int) -> str:
    return f"ended with {signal.Signals(-code).name}" if code < 0 else f"failed (exit code {code})"


def _reason(printed: bytes) -> str:
    lines = [line.strip() for line in printed.decode("utf-8", errors="replace").splitlines()]
    return "; ".join(line for line in lines if line)[-_REASON_CHARACTERS:] or "it printed nothing"


def _environment() -> dict[str, str]:
    """Let the child import this very package, whatever the current folder holds."""
    root = str(Path(export.__file__).resolve().parents[1])
    paths = [root, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, **_SETTINGS, "PYTHONPATH": os.pathsep.join(paths)}
