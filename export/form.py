"""In which form a model becomes a .tflite: how it is quantized, and what converts it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Quantization = Literal["int8", "int8-per-tensor", "float"]
"""int8 with a scale for every channel of the weights, int8 with one scale for all of them, or none
at all."""
Converter = Literal["litert-torch", "tensorflow"]


@dataclass(frozen=True)
class Form:
    """How a model becomes a .tflite; by default as every model does."""

    quantization: Quantization = "int8"
    converter: Converter = "litert-torch"

    @property
    def name(self) -> str:
        """What differs from the default, `int8-per-tensor+tensorflow`; empty where nothing does."""
        parts = (self.quantization, self.converter)
        usual = (DEFAULT_FORM.quantization, DEFAULT_FORM.converter)
        return "+".join(one for one, other in zip(parts, usual, strict=True) if one != other)

    @property
    def computes_in_int8(self) -> bool:
        """Whether runtimes that compute in int8 alone can run it."""
        return self.quantization != "float"


DEFAULT_FORM = Form()
