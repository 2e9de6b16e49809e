"""torch module -> float TFLite -> int8 TFLite, weights and activations, int8 input and output."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import nn

_IMAGE_RANK = 3


def to_float_tflite(module: nn.Module, input_shape: tuple[int, ...]) -> bytes:
    """Return the float32 .tflite of `module`, its image input channel-last, batch 1.

    Args:
        module: in evaluation mode, on the CPU; takes float32 (N, C, H, W) or (N, F).
        input_shape: of the .tflite, (H, W, C) or (F,), without the batch.

    """
    import litert_torch
    import torch

    if len(input_shape) == _IMAGE_RANK:
        module = litert_torch.to_channel_last_io(module, args=[0]).eval()
    converted = litert_torch.convert(module, (torch.zeros(1, *input_shape),))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "float.tflite"
        converted.export(str(path))
        return path.read_bytes()


def quantize(
    float_tflite: bytes, calibration: NDArray[np.float32], *, per_tensor: bool = False
) -> bytes:
    """Return the int8 .tflite; activation ranges are the extremes over `calibration` (N, ...).

    Weights have a scale for every output channel, or with `per_tensor` one for each tensor.
    The extremes do not depend on the order of the samples. The quantizer's own default, a moving
    average over samples, does, and forgets all but the last few dozen.
    """
    from ai_edge_quantizer import calibrator, recipe_manager
    from ai_edge_quantizer.quantizer import Quantizer
    from ai_edge_quantizer.utils import qsv_utils

    chosen = _recipe(per_tensor=per_tensor)
    manager = recipe_manager.RecipeManager()
    manager.load_quantization_recipe(chosen)
    ranges = calibrator.Calibrator(
        float_tflite, num_threads=1, qsv_update_func=qsv_utils.min_max_update
    )
    signature, argument = _signature(float_tflite)
    samples = [{argument: calibration[index : index + 1]} for index in range(len(calibration))]
    ranges.calibrate({signature: samples}, manager)
    result = Quantizer(float_tflite, chosen).quantize(
        ranges.get_model_qsvs(), enable_progress_report=False
    )
    return bytes(result.quantized_model)


def _recipe(*, per_tensor: bool) -> Any:
    """Return the quantizer's recipe of static int8 weights and activations."""
    from ai_edge_quantizer import qtyping, recipe

    chosen = recipe.static_wi8_ai8()
    if per_tensor:
        for entry in chosen:
            weights = entry["op_config"]["weight_tensor_config"]
            weights["granularity"] = qtyping.QuantGranularity.TENSORWISE
    return chosen


def run_float_tflite(content: bytes, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the scores (N, C) of a float .tflite, sample by sample on one thread."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    target = interpreter.get_output_details()[0]["index"]
    scores = []
    for index in range(len(inputs)):
        interpreter.set_tensor(source, inputs[index : index + 1])
        interpreter.invoke()
        scores.append(interpreter.get_tensor(target))
    return np.concatenate(scores)


def _signature(content: bytes) -> tuple[str, str]:
    """Return the name of the only signature and of its only argument."""
    from ai_edge_litert.interpreter import Interpreter

    signatures = Interpreter(model_content=content).get_signature_list()
    name, entry = next(iter(signatures.items()))
    return name, entry["inputs"][0]
