"""Our firmware on an emulated Cortex-M4, over its UART: model by frames, images by text."""

from pathlib import Path

import numpy as np
import pytest

from devices.client import Device
from devices.links import open_link
from devices.mlperf_tiny.client import Care, MLPerfTinyDevice, Tensors
from harness.runtimes.tflite import TFLiteArtifact
from tests.devices import firmware
from tests.devices.mlperf_tiny.runner import Runner
from tests.exported import Exported


@pytest.fixture(scope="module")
def image() -> Path:
    return firmware.shipped_image("mps2-an386")


def test_the_engines_bytes_come_back_through_three_decimals(
    image: Path, scale_cnn: Exported
) -> None:
    artifact = TFLiteArtifact.load(scale_cnn.tflite, int8=True)
    quantization = artifact.output_quantization
    assert quantization is not None
    inputs = artifact.input.encode(scale_cnn.images[:10])
    samples = [one.tobytes() for one in inputs]
    with Device(open_link(f"qemu://mps2-an386?link=uart&firmware={image}")) as device:
        device.load(artifact.content)
        outputs = {one.index: one.output for one in device.infer(samples)}
        expected = [outputs[index] for index in range(len(samples))]
        tensors = Tensors(
            len(samples[0]), artifact.classes, quantization.scale, quantization.zero_point
        )
        text = MLPerfTinyDevice(device.link, tensors, Care(boot_s=0.1))
        assert [one.output for one in text.infer(samples)] == expected
        assert (text.name, text.profile.model, text.clock) == ("mps2-an386", "tinygate", None)
        runner = Runner(device.link)
        runner.load(samples[0])
        window = runner.infer(5, 1)
        codes = np.frombuffer(expected[0], np.int8).reshape(1, -1)
        real = quantization.dequantize(codes)[0]
        assert window.results == [float(f"{value:0.3f}") for value in real]
        assert window.elapsed_us > 0
        again = {one.index: one.output for one in device.infer(samples)}  # the first is sent twice
        assert [again[index] for index in range(len(samples))] == expected
