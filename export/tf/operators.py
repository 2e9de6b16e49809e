"""Every ONNX operator that has a counterpart in TensorFlow here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from export.errors import ExportError, in_one_line
from export.onnx_graph import Graph, Node
from export.tf import elementwise, vectors, windows
from export.tf.value import IMAGE_RANK, Operand, Value, image_of

Convert = Callable[[Node, Sequence[Operand | None]], Value]

OPERATORS: Mapping[str, Convert] = {
    "Add": elementwise.binary(tf.add),
    "AveragePool": windows.average_pool,
    "BatchNormalization": elementwise.batch_normalization,
    "Clip": elementwise.clip,
    "Concat": vectors.concat,
    "Conv": windows.conv,
    "Div": elementwise.binary(tf.divide),
    "Flatten": vectors.flatten,
    "Gemm": vectors.gemm,
    "GlobalAveragePool": vectors.global_average_pool,
    "Identity": elementwise.unary(tf.identity),
    "LeakyRelu": elementwise.leaky_relu,
    "MatMul": vectors.matmul,
    "MaxPool": windows.max_pool,
    "Mul": elementwise.binary(tf.multiply),
    "ReduceMean": vectors.reduce_mean,
    "Relu": elementwise.unary(tf.nn.relu),
    "Reshape": vectors.reshape,
    "Sigmoid": elementwise.unary(tf.sigmoid),
    "Softmax": elementwise.softmax,
    "Sub": elementwise.binary(tf.subtract),
    "Tanh": elementwise.unary(tf.tanh),
    "Transpose": vectors.transpose,
}
"""ONNX operator -> what makes its value from those of its inputs; a constant comes as an array."""


def check_operators(graph: Graph) -> None:
    """Raise ExportError where the graph has an operator that is not in `OPERATORS`."""
    for node in graph.nodes:
        if node.operator not in OPERATORS:
            raise ExportError(
                f"{node.label} has no counterpart here; known: {', '.join(OPERATORS)}"
            )


def compute(graph: Graph, images: Any) -> Any:
    """Return the scores (1, C) that the graph computes for a tensor (1, H, W, C) or (1, F).

    Raises:
        ExportError: an operator with shapes or settings that TensorFlow does not have; the message
            names it.

    """
    first = (
        image_of(images) if len(images.shape) == IMAGE_RANK else Value((1, *graph.shape), images)
    )
    values: dict[str, Operand] = {**graph.constants, graph.input: first}
    for node in graph.nodes:
        operands = [values[name] if name else None for name in node.inputs]
        values[node.output] = _value(node, operands)
    scores = values[graph.output]
    if not isinstance(scores, Value) or len(scores.shape) != 2:  # noqa: PLR2004  (N, C)
        raise ExportError(f"the ONNX graph returns {list(scores.shape)}, not (N, C) scores")
    return scores.in_onnx_order()


def _value(node: Node, operands: Sequence[Operand | None]) -> Value:
    if not operands:
        raise ExportError(f"{node.label} has no input")
    try:
        return OPERATORS[node.operator](node, operands)
    except ExportError as error:
        raise ExportError(f"{node.label} {error}") from error
    except (ValueError, TypeError, KeyError, IndexError, tf.errors.OpError) as error:
        raise ExportError(f"{node.label}: {in_one_line(error, 200)}") from error
