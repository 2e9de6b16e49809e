"""The ways from a trained network to .tflite files, behind one interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from export.form import Converter, Form

if TYPE_CHECKING:
    from torch import nn

    from export.tf.process import Converted

_ALWAYS = ("torch", "onnx", "onnxscript")
DISTRIBUTIONS: Mapping[Converter, tuple[str, ...]] = {
    "litert-torch": (*_ALWAYS, "litert-torch", "ai-edge-litert", "ai-edge-quantizer"),
    "tensorflow": (*_ALWAYS, "ai-edge-litert", "tensorflow", "tensorflow-cpu"),
}
"""Converter -> the packages that decide its bytes; of the last two, whichever is installed."""


class Conversion(Protocol):
    """One network on its way to .tflite, its image input channel-last, batch 1."""

    def float_tflite(self) -> bytes:
        """Return the float32 file."""
        ...

    def int8_tflite(self) -> bytes:
        """Return the int8 file: weights and activations, input and output."""
        ...


@dataclass(frozen=True, eq=False)
class LitertTorch:
    """The module itself through litert-torch, then the quantizer of ai-edge."""

    net: nn.Module
    calibration: NDArray[np.float32]
    per_tensor: bool

    @cached_property
    def _float(self) -> bytes:
        from export.int8_writer import to_float_tflite

        return to_float_tflite(self.net, self.calibration.shape[1:])

    def float_tflite(self) -> bytes:
        """Return the float32 file."""
        return self._float

    def int8_tflite(self) -> bytes:
        """Return the int8 file."""
        from export.int8_writer import quantize

        return quantize(self._float, self.calibration, per_tensor=self.per_tensor)


@dataclass(frozen=True, eq=False)
class TensorFlow:
    """The exported ONNX graph through TensorFlow's own TFLiteConverter."""

    onnx: bytes
    calibration: NDArray[np.float32]

    @cached_property
    def _both(self) -> Converted:
        from export.tf.process import convert

        return convert(self.onnx, self.calibration)

    def float_tflite(self) -> bytes:
        """Return the float32 file."""
        return self._both.float_tflite

    def int8_tflite(self) -> bytes:
        """Return the int8 file."""
        return self._both.int8_tflite


def conversion(
    form: Form, net: nn.Module, onnx: bytes, calibration: NDArray[np.float32]
) -> Conversion:
    """Return the way to a form of .tflite.

    Args:
        form: which converter, and how it quantizes.
        net: in evaluation mode, on the CPU.
        onnx: the same network as an ONNX file.
        calibration: (N, H, W, C) or (N, F) float32, what sets the ranges of the activations.

    """
    if form.converter == "tensorflow":
        return TensorFlow(onnx, calibration)
    return LitertTorch(net, calibration, form.quantization == "int8-per-tensor")


def installed_versions(converter: Converter) -> dict[str, str]:
    """Return the versions of what makes a converter's files; what is not installed is left out."""
    found = {}
    for name in DISTRIBUTIONS[converter]:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
