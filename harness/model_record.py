"""Which model answered, as a Predictions file states it."""

from __future__ import annotations

from pydantic import Field

from export.form import DEFAULT_FORM, Converter, Form, Quantization
from harness.table import Table

ModelIdentity = tuple[str, float, int, str]
"""Family, width, seed, variant."""


class ModelRecord(Table):
    """Which model answered: family, width multiplier or channel count, seed, parameters, MACs.

    And how it was made, where not as every model is: trained at its width, converted by the default
    converter to int8 with a scale for every channel of the weights.
    """

    family: str
    width: float
    seed: int
    parameters: int | None = None
    macs: int | None = None
    pruned_from: float | None = Field(default=None, gt=0)
    """Width of the trained model that it was cut from; None: trained at its own width."""
    quantization: Quantization | None = None
    """Of the .tflite that answered. None: the default, or what answered was no .tflite."""
    converter: Converter | None = None
    """What made that .tflite; None as for `quantization`."""

    @property
    def variant(self) -> str:
        """How it was made, where not as every model is; empty for a plain model.

        `pruned-24`, `int8-per-tensor`, `tensorflow`, or several of them, joined by `+`.
        """
        cut = "" if self.pruned_from is None else f"pruned-{self.pruned_from:g}"
        return "+".join(part for part in (cut, self.form.name) if part)

    @property
    def form(self) -> Form:
        """The form of the .tflite that answered; the default one where it was none."""
        return Form(
            self.quantization or DEFAULT_FORM.quantization,
            self.converter or DEFAULT_FORM.converter,
        )

    @property
    def identity(self) -> ModelIdentity:
        """Family, width, seed and variant: what makes it another model than others."""
        return self.family, self.width, self.seed, self.variant
