"""Which protocol the devices of an evaluation speak, as its user writes it."""

from __future__ import annotations

from dataclasses import dataclass

from devices.mlperf_tiny.client import Care, MLPerfTinyDevice, Tensors, connect
from devices.mlperf_tiny.inputs import ENCODINGS
from harness.errors import ArtifactError, UserError
from harness.runtimes.tflite import TFLiteArtifact

TINYGATE = "tinygate"
MLPERF_TINY = "mlperf-tiny"
NO_READBACK = "no-readback"


@dataclass(frozen=True)
class DeviceProtocol:
    """`tinygate`, or `mlperf-tiny` with how its driver goes about it."""

    text: str = TINYGATE
    care: Care | None = None

    @classmethod
    def parse(cls, text: str) -> DeviceProtocol:
        """Return the protocol of a text such as `mlperf-tiny` or `mlperf-tiny:uint8,no-readback`.

        Raises:
            UserError: another name, or an option that the protocol does not have.

        """
        name, _, rest = text.partition(":")
        options = rest.split(",") if rest else []
        if name == TINYGATE and not options:
            return cls()
        if name != MLPERF_TINY or not set(options) <= {*ENCODINGS, NO_READBACK}:
            raise UserError(
                f"unknown protocol {text!r}; known: {TINYGATE}, {MLPERF_TINY}, and behind it "
                f":{', :'.join([*ENCODINGS, NO_READBACK])} or several with commas"
            )
        return cls(text, _care(text, options))


def _care(text: str, options: list[str]) -> Care:
    encodings = [ENCODINGS[name] for name in options if name in ENCODINGS]
    if len(encodings) > 1:
        raise UserError(f"protocol {text!r} names two encodings of the input; one is meant")
    return Care(encodings[0] if encodings else None, readback=NO_READBACK not in options)


def connect_mlperf_tiny(url: str, artifact: TFLiteArtifact, care: Care) -> MLPerfTinyDevice:
    """Return the board at `url`, driven for a model with this file's input and output.

    Raises:
        ArtifactError: the file's input or output is not int8.
        DeviceError: as `MLPerfTinyDevice`.

    """
    model, quantization = artifact.model, artifact.output_quantization
    if model.input.dtype != "int8" or model.output.dtype != "int8" or quantization is None:
        raise ArtifactError(
            f"{artifact.path}: its input is {model.input.dtype}, its output {model.output.dtype}; "
            f"over {MLPERF_TINY} both must be int8"
        )
    tensors = Tensors(
        model.input.elements, artifact.classes, quantization.scale, quantization.zero_point
    )
    return connect(url, tensors, care)
