"""Where a device's inference first differs from TensorFlow Lite Micro's, operator by operator."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from devices.client import Device, Trace
from export.tflite_file import Operator, Tensor
from harness.errors import InfrastructureError
from harness.runtimes.tflite import TFLiteArtifact
from harness.runtimes.tflm import operator_outputs


@dataclass(frozen=True)
class Divergence:
    """The first operator whose output is not TFLM's."""

    index: int
    operator: Operator
    outputs: tuple[Tensor, ...]
    device_crc32: int
    tflm_crc32: int

    def __str__(self) -> str:
        tensors = "; ".join(_described(tensor) for tensor in self.outputs)
        return (
            f"operator {self.index} {self.operator.name} differs: {tensors}; CRC-32 "
            f"{self.device_crc32:08x} on the device, {self.tflm_crc32:08x} on TFLM"
        )


def first_divergence(device: Device, artifact: TFLiteArtifact, sample: bytes) -> Divergence | None:
    """Trace one sample on the device and on TFLM; None where all operators agree.

    `sample` is the input tensor's bytes; the device holds the model of `artifact`.

    Raises:
        DeviceError: the device does not answer.
        InfrastructureError: it traced another number of operators than the model has.

    """
    operators = artifact.model.operators
    traced: Trace = device.trace(sample)
    if len(traced.operators) != len(operators):
        raise InfrastructureError(
            f"the device traced {len(traced.operators)} operators, the model has {len(operators)}"
        )
    outputs = iter(operator_outputs(artifact.content, sample))
    for index, (operator, seen) in enumerate(zip(operators, traced.operators, strict=True)):
        crc32 = zlib.crc32(b"".join(islice(outputs, len(operator.outputs))))
        if crc32 != seen.crc32:
            tensors = tuple(artifact.model.tensors[i] for i in operator.outputs)
            return Divergence(index, operator, tensors, seen.crc32, crc32)
    return None


def load_artifact(path: Path) -> TFLiteArtifact:
    """Read and check an int8 .tflite; ArtifactError where it is anything else."""
    return TFLiteArtifact.load(path, int8=True)


def _described(tensor: Tensor) -> str:
    shape = "x".join(str(side) for side in tensor.shape)
    scale = f"scale {tensor.scales[0]:.6g}" if tensor.scales else "no scale"
    zero = f"zero point {tensor.zero_points[0]}" if tensor.zero_points else "no zero point"
    return f"output {shape} {tensor.dtype}, {scale}, {zero}"
