"""The tutorial, run once: other pages go on from where it ends, with its files for the reader's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.devices import firmware
from tests.docs.page import DOCS, Page
from tests.docs.shell import Shell

_IMAGES = """\
import numpy as np
from sklearn.datasets import load_digits
digits = load_digits()
images = digits.images[:400].astype(np.uint8)[..., np.newaxis]
np.savez("test.npz", images=images, labels=digits.target[:400])
"""
_FILES = (
    "cp runs/digits/export/scale_cnn-4-s0-*/model.tflite model.tflite",
    "cp runs/digits/export/scale_cnn-4-s0-*/model.onnx float.onnx",
    f"python -c '{_IMAGES}'",
    "tinygate evaluate --model float.onnx --data test.npz --runtime onnxruntime "
    "--out reference.npz",
)
"""What a reader of the README has: a model, a test set, and what a reference answered to it."""

_BEGUN, _DONE = ".begun", ".done"
TUTORIAL = DOCS / "tutorial" / "digits.md"


@pytest.fixture(scope="session")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the tutorial was done, by whichever test process came first."""
    for package in ("torch", "litert_torch", "tflite_micro", "mlflow"):
        pytest.importorskip(package)
    firmware.shipped_image("mps2-an386")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "tutorial"
    with firmware.made_alone(folder):
        if (folder / _BEGUN).exists() and not (folder / _DONE).exists():
            pytest.fail("the tutorial failed in another test process")
        if not (folder / _DONE).exists():
            (folder / _BEGUN).touch()
            _do(Shell(folder))
            (folder / _DONE).touch()
    return folder


def _do(shell: Shell) -> None:
    shell.run_page(Page(TUTORIAL))
    for command in _FILES:
        code, output = shell.run(command)
        assert code == 0, output
