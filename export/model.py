"""A trained torch module -> `model.onnx` and `model.tflite`, both checked against it."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from export.artifact import Artifact, FileRecord, TensorRecord, digest_of_inputs
from export.difference import Difference
from export.errors import ExportError, in_one_line
from export.form import DEFAULT_FORM, Form
from export.int8_writer import quantize, run_float_tflite, to_float_tflite
from export.onnx_writer import OPSET, run_onnx, to_onnx
from export.preprocessing import METADATA_KEY, Preprocessing
from export.quiet import quiet
from export.tflite_file import Model, read_model, require_int8
from export.tflite_packing import pack
from models import ModelSpec

if TYPE_CHECKING:
    from torch import nn

ONNX_NAME = "model.onnx"
TFLITE_NAME = "model.tflite"
CONVERTERS = ("torch", "onnx", "onnxscript", "litert-torch", "ai-edge-litert", "ai-edge-quantizer")
_IMAGE_RANK = 4

RunInt8 = Callable[[bytes, NDArray[np.float32]], NDArray[np.float32]]
"""(.tflite bytes, model inputs (N, ...) before quantization) -> dequantized scores (N, C)."""


class Limits(Protocol):
    """How far a conversion may be from torch, relative to the largest score."""

    @property
    def onnx_tolerance(self) -> float:
        """For ONNX."""
        ...

    @property
    def float_tolerance(self) -> float:
        """For the float TFLite, before anything is quantized."""
        ...


def export_model(  # noqa: PLR0913, PLR0917  (one argument per thing that decides the bytes)
    module: nn.Module,
    spec: ModelSpec,
    preprocessing: Preprocessing,
    calibration_inputs: NDArray[np.float32],
    check_inputs: NDArray[np.float32],
    folder: Path,
    limits: Limits,
    *,
    run_int8: RunInt8 | None = None,
    form: Form = DEFAULT_FORM,
) -> Artifact:
    """Write `model.onnx` and `model.tflite` into `folder`, a temporary folder of the caller.

    Equal arguments and versions give equal bytes. Nothing is written unless every check passes.

    Args:
        module: maps (N, C, H, W), or (N, F), to scores; left as it is.
        spec: what `module` was built from.
        preprocessing: stored inside both files.
        calibration_inputs: (N, H, W, C) or (N, F) float32, already preprocessed; sets the ranges.
        check_inputs: the same; the conversions are compared with torch on these.
        folder: exists.
        limits: tolerances, such as the `[export]` table of a config.
        run_int8: an interpreter that runs the int8 model on `check_inputs`, to see that it works
            and to record the quantization loss.
        form: of the .tflite.

    Raises:
        OSError: the disk is full.
        ExportError: a converter failed, a conversion differs from torch by more than its limit, or
            the int8 model is not what it must be.

    """
    calibration, check = _checked(calibration_inputs), _checked(check_inputs)
    with _named(spec):
        net = copy.deepcopy(module).cpu().float().eval()
        expected = _run_torch(net, check)
        onnx, onnx_difference = _export_onnx(net, preprocessing, check, expected)
        onnx_difference.require(limits.onnx_tolerance, "the conversion to ONNX")
        float_tflite, float_difference = _export_float(net, check, expected)
        float_difference.require(limits.float_tolerance, "the conversion to float TFLite")
        tflite = _packed(float_tflite, calibration, preprocessing, form)
        model = _verified(tflite, expected, form)
        run_int8 = run_int8 if form.computes_in_int8 else None
        int8_difference = run_int8 and Difference.between(expected, run_int8(tflite, check))
        return Artifact(
            onnx=_write(folder / ONNX_NAME, onnx),
            tflite=_write(folder / TFLITE_NAME, tflite),
            onnx_opset=OPSET,
            input=TensorRecord.of(model.input),
            output=TensorRecord.of(model.output),
            score_kind=model.score_kind,
            operators=tuple(operator.name for operator in model.operators),
            parameters=sum(p.numel() for p in module.parameters() if p.requires_grad),
            macs=model.macs,
            calibration_digest=digest_of_inputs(calibration),
            calibration_samples=len(calibration),
            onnx_difference=onnx_difference,
            float_difference=float_difference,
            int8_difference=int8_difference,
            converters={name: metadata.version(name) for name in CONVERTERS},
        )


@contextlib.contextmanager
def _named(spec: ModelSpec) -> Iterator[None]:
    """Put the model's name before the message of an ExportError."""
    try:
        yield
    except ExportError as error:
        raise ExportError(f"{spec.family} {spec.width:g}: {error}") from error


@contextlib.contextmanager
def _converter(what: str) -> Iterator[None]:
    try:
        with quiet():
            yield
    except ImportError as error:
        raise ExportError(
            f"{what} needs a package that is not installed ({error}); "
            "install it with: pip install 'tinygate[export]'"
        ) from error
    except (ExportError, OSError):  # a full disk is not the model's fault
        raise
    except Exception as error:
        raise ExportError(f"{what} failed: {in_one_line(error)}") from error


def _checked(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    if inputs.ndim not in (2, _IMAGE_RANK) or len(inputs) == 0:
        raise ExportError(f"inputs must be (N, H, W, C) or (N, F), got shape {inputs.shape}")
    if inputs.dtype != np.float32 or not np.isfinite(inputs).all():
        raise ExportError(f"inputs must be finite float32, got {inputs.dtype}")
    return inputs


def _channels_first(inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    if inputs.ndim != _IMAGE_RANK:
        return inputs
    return np.ascontiguousarray(inputs.transpose(0, 3, 1, 2))


def _run_torch(net: nn.Module, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    import torch

    with torch.inference_mode():
        scores: NDArray[np.float32] = net(torch.from_numpy(_channels_first(inputs))).numpy()
    return scores


def _export_onnx(
    net: nn.Module,
    preprocessing: Preprocessing,
    check: NDArray[np.float32],
    expected: NDArray[np.float32],
) -> tuple[bytes, Difference]:
    inputs = _channels_first(check)
    with _converter("the conversion to ONNX"):
        content = to_onnx(net, inputs.shape[1:], preprocessing)
        scores = run_onnx(content, inputs)
    return content, Difference.between(expected, scores)


def _export_float(
    net: nn.Module, check: NDArray[np.float32], expected: NDArray[np.float32]
) -> tuple[bytes, Difference]:
    with _converter("the conversion to float TFLite"):
        content = to_float_tflite(net, check.shape[1:])
        scores = run_float_tflite(content, check)
    return content, Difference.between(expected, scores)


def _packed(
    float_tflite: bytes,
    calibration: NDArray[np.float32],
    preprocessing: Preprocessing,
    form: Form,
) -> bytes:
    per_tensor = form.quantization == "int8-per-tensor"
    with _converter(f"the conversion to {form.quantization}"):
        content = float_tflite
        if form.computes_in_int8:
            content = quantize(content, calibration, per_tensor=per_tensor)
        return pack(content, {METADATA_KEY: preprocessing.to_json()})


def _verified(tflite: bytes, expected: NDArray[np.float32], form: Form) -> Model:
    model = read_model(tflite)
    if form.computes_in_int8:
        require_int8(model)
    wanted = "int8" if form.computes_in_int8 else "float32"
    if model.input.dtype != wanted or model.output.dtype != wanted:
        raise ExportError(
            f"the {form.quantization} model takes {model.input.dtype} and returns "
            f"{model.output.dtype}"
        )
    if model.output.elements != expected.shape[1]:
        raise ExportError(
            f"the {form.quantization} model returns {model.output.elements} scores, torch "
            f"{expected.shape[1]}"
        )
    return model


def _write(path: Path, content: bytes) -> FileRecord:
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return FileRecord.of(path)
