"""Quantization rounds halves away from zero, saturates, and equals TFLM's QUANTIZE bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from harness.runtimes.quantization import Quantization
from harness.runtimes.tflm import TflmRuntime
from tests.made_tflite import quantize_model


def test_halves_round_away_from_zero() -> None:
    values = np.float32([0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 0.49999997, -0.49999997])
    expected = [1, -1, 2, -2, 3, -3, 0, 0]
    assert Quantization(1.0, 0).quantize(values).tolist() == expected


def test_values_beyond_the_range_saturate() -> None:
    values = np.float32([1e3, -1e3, 3e38, -3e38])
    assert Quantization(0.01, 5).quantize(values).tolist() == [127, -128, 127, -128]
    assert Quantization(0.01, 5, "uint8").quantize(values).tolist() == [255, 0, 255, 0]


def test_the_division_is_in_float32() -> None:
    scale = np.float32(0.1)
    values = np.arange(-2000, 2000, dtype=np.float32) * np.float32(0.05)
    in_double = np.trunc(values / np.float64(scale) + np.copysign(0.5, values))
    ours = Quantization(float(scale), 0).quantize(values)
    assert (ours != np.clip(in_double, -128, 127)).any()


def test_every_integer_survives_the_way_there_and_back() -> None:
    integers = np.arange(-128, 128, dtype=np.int8)
    for scale, zero_point in ((0.0235, -7), (1e-9, 127), (123.456, -128)):
        quantization = Quantization(scale, zero_point)
        real = quantization.dequantize(integers)
        assert real.dtype == np.float32
        np.testing.assert_array_equal(quantization.quantize(real), integers)


@pytest.mark.parametrize(("scale", "zero_point"), [(0.1, 3), (0.02352941, -128), (1 / 3, 127)])
def test_tflm_quantizes_every_value_alike(
    tmp_path: Path, scale: float | None, zero_point: int
) -> None:
    rng = np.random.default_rng(0)
    step = np.float32(scale)
    ties = (np.arange(-140, 140, dtype=np.float32) + np.float32(0.5)) * step
    near = np.concatenate([np.nextafter(ties, np.inf), np.nextafter(ties, -np.inf)])
    values = np.concatenate([ties, near, rng.normal(0, 60 * scale, 2000).astype(np.float32)])
    path = tmp_path / "quantize.tflite"
    path.write_bytes(quantize_model(len(values), scale, zero_point).pack())
    quantization = Quantization(float(step), zero_point)
    expected = quantization.dequantize(quantization.quantize(values))
    with TflmRuntime(workers=1).load(path) as session:
        np.testing.assert_array_equal(session.predict(values[np.newaxis])[0], expected)
