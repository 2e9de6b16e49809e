"""The two models that benches measure: `python -m harness.bench_models FOLDER`.

ScaleCNN c=4 and MobileNetV2 x0.1 for 32x32x3 images and 100 classes, exported to int8 with seeded
random weights: what an inference takes does not depend on the weights.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

from export.model import TFLITE_NAME, export_model
from export.preprocessing import Preprocessing
from harness.compression_config import ExportConfig
from harness.files import write_bytes
from models import ModelSpec, build

SPECS = {
    "scale_cnn-4": ModelSpec("scale_cnn", 4, 3, (32, 32), 100),
    "mobilenet_v2-0.1": ModelSpec("mobilenet_v2", 0.1, 3, (32, 32), 100),
}


def main(folder: Path) -> None:
    """Write one `.tflite` per model into `folder`; those that are there are kept."""
    for name, spec in SPECS.items():
        target = folder / f"{name}.tflite"
        if not target.is_file():
            write_bytes(target, exported(spec))


def exported(spec: ModelSpec) -> bytes:
    """Return the int8 model of `spec` with seeded weights, its batch norms settled."""
    torch.manual_seed(0)
    inputs = np.random.default_rng(0).standard_normal((64, 32, 32, 3), dtype=np.float32)
    module = build(spec).train()
    with torch.no_grad():
        for _ in range(20):
            module(torch.from_numpy(inputs.transpose(0, 3, 1, 2).copy()))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        export_model(
            module.eval(), spec, Preprocessing(), inputs, inputs[:8], folder, ExportConfig()
        )
        return (folder / TFLITE_NAME).read_bytes()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
