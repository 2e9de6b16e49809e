"""A network with random weights, exported in its three formats for the tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from export.artifact import Artifact
from export.form import DEFAULT_FORM, Form
from export.preprocessing import Preprocessing

LIMITS = SimpleNamespace(onnx_tolerance=1e-3, float_tolerance=1e-3)


@dataclass(frozen=True)
class Exported:
    """One model in its three formats, the record, and images it was made for."""

    folder: Path
    artifact: Artifact
    module: Any
    preprocessing: Preprocessing
    images: np.ndarray

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.safetensors"

    @property
    def onnx(self) -> Path:
        return self.folder / "model.onnx"

    @property
    def tflite(self) -> Path:
        return self.folder / "model.tflite"

    def by_suffix(self, suffix: str) -> Path:
        names = {".safetensors": self.checkpoint, ".onnx": self.onnx, ".tflite": self.tflite}
        return names[suffix]


def settled(module: Any, inputs: np.ndarray) -> Any:
    """Give batch norms the statistics of `inputs` (N, C, H, W), as training would.

    On one thread: the number of threads orders the sums, and other tests change it.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    for layer in module.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = None  # the average over all batches, which is one
    with torch.no_grad():
        module.train()(torch.from_numpy(inputs))
    torch.set_num_threads(threads)
    return module.eval()


def export_random(
    folder: Path,
    family: str,
    width: float,
    channels: int,
    side: int,
    classes: int,
    form: Form = DEFAULT_FORM,
) -> Exported:
    """Export a network with random weights, calibrated on random images."""
    import torch

    from export.model import export_model
    from harness.runtimes.tflm import run_int8
    from harness.training.checkpoint import save_model
    from models import ModelSpec, build

    torch.manual_seed(0)
    spec = ModelSpec(family, width, channels, (side, side), classes)
    preprocessing = Preprocessing((100.0,) * channels, (60.0,) * channels)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (96, side, side, channels), dtype=np.uint8)
    inputs = preprocessing.apply(images)
    module = settled(build(spec), inputs.transpose(0, 3, 1, 2).copy())
    artifact = export_model(
        module,
        spec,
        preprocessing,
        inputs,
        inputs[:16],
        folder,
        LIMITS,
        run_int8=run_int8,
        form=form,
    )
    names = tuple(f"class {index}" for index in range(classes))
    save_model(folder / "checkpoint.safetensors", module, spec, 0, preprocessing, names)
    return Exported(folder, artifact, module, preprocessing, images)
