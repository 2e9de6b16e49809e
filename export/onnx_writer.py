"""torch module -> ONNX, weights inside, dynamic batch, checked against torch by ONNX Runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from export.preprocessing import METADATA_KEY, Preprocessing

if TYPE_CHECKING:
    import onnx
    from torch import nn

OPSET = 18
INPUT_NAME = "input"
OUTPUT_NAME = "scores"
_TRACED_SAMPLES = 2  # a batch of 1 would be taken for a constant


def to_onnx(module: nn.Module, input_shape: tuple[int, ...], preprocessing: Preprocessing) -> bytes:
    """Return the ONNX file of `module`; equal modules give equal bytes.

    Args:
        module: in evaluation mode, on the CPU; takes float32 (N, *input_shape).
        input_shape: (C, H, W) or (F,), without the batch.
        preprocessing: stored in the file's metadata.

    """
    import torch

    program = torch.onnx.export(
        module,
        (torch.zeros(_TRACED_SAMPLES, *input_shape),),
        dynamo=True,
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        input_names=[INPUT_NAME],
        output_names=[OUTPUT_NAME],
        opset_version=OPSET,
        external_data=False,
        verbose=False,
    )
    if program is None:
        raise RuntimeError("torch.onnx.export returned nothing")
    model: onnx.ModelProto = program.model_proto
    _drop_traces(model)
    model.metadata_props.add(key=METADATA_KEY, value=preprocessing.to_json())
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _drop_traces(model: onnx.ModelProto) -> None:
    """Remove what the exporter notes of itself: stack traces name files of this machine."""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    graph = model.graph
    parts: list[Any] = [graph.node, graph.input, graph.output, graph.value_info, graph.initializer]
    for part in parts:
        for entry in part:
            del entry.metadata_props[:]
            entry.doc_string = ""


def run_onnx(content: bytes, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the scores (N, C) ONNX Runtime computes on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    scores: NDArray[np.float32] = session.run([OUTPUT_NAME], {INPUT_NAME: inputs})[0]
    return scores
