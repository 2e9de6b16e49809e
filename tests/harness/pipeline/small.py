"""A small sweep of real digits, and the real command line to run it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

CONFIG = """
name = "small"
[data]
source = "digits"
test_fraction = 0.3
calibration_samples = 64
[[models]]
family = "scale_cnn"
widths = [2, 3]
[[models]]
family = "mine:TwoLayers"
widths = [4]
[train]
epochs = 4
learning_rate = 0.05
checkpoint_every_epochs = 1
[train.augment]
crop_padding = 0
flip = false
cutout = 0
[evaluate]
runtimes = ["torch", "tflm"]
[gate]
runtime = "tflm"
target = { family = "scale_cnn", width = 2 }
[[gate.checks]]
metric = "accuracy_drop"
limit = 0.2
[[gate.checks]]
metric = "negative_flip_rate"
reference = "largest"
limit = 0.9
"""

FAMILY = """
from torch import nn

class TwoLayers(nn.Sequential):
    def __init__(self, width, in_channels, image_size, classes):
        height, side = image_size
        super().__init__(
            nn.Conv2d(in_channels, int(width), 3, 2, 1), nn.ReLU(), nn.Flatten(),
            nn.Linear(int(width) * (height // 2) * (side // 2), classes),
        )
"""


@dataclass(frozen=True)
class Ran:
    folder: Path
    result: subprocess.CompletedProcess[str]

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def uri(self) -> str:
        return f"sqlite:///{self.runs / 'mlflow.db'}"

    def predictions(self, unit: str) -> Path:
        (found,) = self.runs.glob(f"small/evaluate/{unit}-*/predictions.npz")
        return found


def write(folder: Path, text: str = CONFIG) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mine.py").write_text(FAMILY)
    path = folder / "c.toml"
    path.write_text(text)
    return path


def tinygate(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
