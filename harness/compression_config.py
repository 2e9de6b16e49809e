"""`[prune]` and `[export]`: how the models of a sweep are made smaller and converted."""

from __future__ import annotations

from pydantic import Field, field_validator

from export.form import DEFAULT_FORM, Converter, Form, Quantization
from harness.gate.checks import DEVICE, TFLM
from harness.table import Table
from harness.training.config import TrainConfig

FLOAT_TFLITE_RUNTIMES = ("litert", "litert-ref")
TFLITE_RUNTIMES = (*FLOAT_TFLITE_RUNTIMES, TFLM, DEVICE)


class PruneConfig(Table):
    """`[prune]`: how a model that was cut out of a wider one is fine-tuned.

    All else is as in `[train]`, but for a warm-up: a cut network has left chance. By default the
    rate starts at its height again and anneals over fewer epochs: Renda, Frankle and Carbin,
    Comparing Rewinding and Fine-tuning, 2020, and Le and Hua, Network Pruning That Matters, 2021,
    find that this beats a low rate.
    """

    epochs: int | None = Field(default=None, ge=1)
    """By default half of `[train] epochs`."""
    learning_rate: float | None = Field(default=None, gt=0)
    """The first; by default that of `[train]`."""

    def fine_tuning(self, train: TrainConfig) -> TrainConfig:
        """Return how a cut model is fine-tuned, where models are trained as `train` says."""
        rate = self.learning_rate or train.learning_rate
        return train.model_copy(
            update={
                "epochs": self.epochs or max(1, train.epochs // 2),
                "learning_rate": rate,
                "final_learning_rate": min(rate, train.final_learning_rate),
                "warmup_epochs": 0,
            }
        )


class ExportConfig(Table):
    """`[export]`: what a model becomes, and how far a conversion may be from the torch model."""

    quantize: tuple[Quantization, ...] = (DEFAULT_FORM.quantization,)
    """Which .tflite files are made of each model and compared: `int8` (a scale for every channel of
    the weights; always among them), `int8-per-tensor` (one scale for all), `float`."""
    converter: Converter = DEFAULT_FORM.converter
    """What makes the .tflite of a model. `tensorflow` puts a second int8 file beside that of
    `litert-torch` and compares the two: the ONNX file through TensorFlow's own TFLiteConverter. It
    needs the extra `tensorflow`."""
    onnx_tolerance: float = Field(default=1e-3, gt=0)
    """Largest difference of a logit, ONNX Runtime to torch, relative to the largest logit."""
    float_tolerance: float = Field(default=1e-3, gt=0)
    """The same for the float TFLite conversion, checked before anything is quantized."""

    @field_validator("quantize")
    @classmethod
    def _with_the_usual(cls, values: tuple[Quantization, ...]) -> tuple[Quantization, ...]:
        if len(set(values)) != len(values):
            raise ValueError("values must not repeat")
        if DEFAULT_FORM.quantization not in values:
            raise ValueError(
                f"{DEFAULT_FORM.quantization!r} must be among them: the others are compared with it"
            )
        return values

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms of .tflite that every model becomes, the default one first."""
        others = [Form(one) for one in self.quantize if one != DEFAULT_FORM.quantization]
        if self.converter != DEFAULT_FORM.converter:
            others.append(Form(converter=self.converter))
        return (DEFAULT_FORM, *others)

    def limits(self) -> dict[str, float]:
        """Return the tolerances, which decide whether an export stands."""
        return {
            "onnx_tolerance": self.onnx_tolerance,
            "float_tolerance": self.float_tolerance,
        }


def check_form(form: Form, runtime: str) -> None:
    """Raise ValueError where the gate's runtime does not run this form of .tflite."""
    able = TFLITE_RUNTIMES if form.computes_in_int8 else FLOAT_TFLITE_RUNTIMES
    if form.name and runtime not in able:
        raise ValueError(
            f"gate.runtime {runtime!r} does not run the {form.name} .tflite of gate.target; use "
            f"one of {', '.join(able)}"
        )
