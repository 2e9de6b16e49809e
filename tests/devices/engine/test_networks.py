"""ScaleCNN and MobileNetV2 as exported: equal to TensorFlow Lite Micro, in no more arena."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from . import native
from .compare import judge
from .oracle import Oracle

# TFLM's arena on a 32-bit device, whole; with a Cortex-M it needs these bytes for the same graphs.
NETWORKS = [
    ("scale_cnn", "4", "", 12_084),
    ("scale_cnn", "4", "per-tensor", 12_084),
    ("mobilenet_v2", "0.1", "", 144_852),
    ("mobilenet_v2", "0.1", "per-tensor", 144_852),
]
MODELS = native.FIRMWARE / "build" / "models"


def exported(family: str, width: str, scales: str = "") -> Path:
    """Path of an exported model, made once; weights have a scale per channel, or `per-tensor`."""
    pytest.importorskip("litert_torch", reason="exporting needs litert-torch")
    path = MODELS / f"{family}_{width}{scales and f'_{scales}'}.tflite"
    if not path.exists():
        MODELS.mkdir(parents=True, exist_ok=True)
        script = Path(__file__).with_name("networks.py")
        part = path.with_name(f".{path.name}")
        command = [sys.executable, str(script), family, width, str(part), scales]
        subprocess.run(command, check=True)
        part.rename(path)
    return path


@pytest.mark.parametrize("family, width, scales, tflm_arena_bytes", NETWORKS)
def test_exported_network_equals_tflm(
    family: str, width: str, scales: str, tflm_arena_bytes: int
) -> None:
    """All bytes of 2 random images, DSP kernels under sanitizers, and at most TFLM's arena."""
    model = exported(family, width, scales).read_bytes()
    images = np.random.default_rng(1).integers(-128, 128, (2, 32, 32, 3)).astype(np.int8)
    oracle, runner = Oracle(), native.Runner(native.build("runner-dsp-sanitized"))
    try:
        answer = runner.run(model, images.tobytes())
        outcome, complaint = judge(answer, oracle.run(model, images.tobytes()))
    finally:
        oracle.close()
        runner.close()
    assert (outcome, complaint) == ("equal", "")
    assert len(answer.outputs) == 200
    print(f"{family} {width}: arena {answer.arena_bytes} bytes, TFLM {tflm_arena_bytes}")
    assert answer.arena_bytes <= tflm_arena_bytes
