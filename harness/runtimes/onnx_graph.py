"""What ONNX Runtime does not tell of a model: its last operator, and where its weights are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from export.errors import in_one_line
from harness.errors import MissingExtraError
from harness.predictions import ScoreKind

if TYPE_CHECKING:
    import onnx

_REPACKING = frozenset(
    {"Identity", "Reshape", "Flatten", "Squeeze", "QuantizeLinear", "DequantizeLinear", "Cast"}
)


def read_graph(content: bytes) -> onnx.GraphProto:
    """Return the graph of an ONNX file whose weights are all inside it.

    Raises:
        MissingExtraError: onnx is not installed.
        ValueError: not an ONNX file, or it names other files as its weights: one of hostile origin
            could so read any file.

    """
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("onnx", "runtimes") from error
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:
        raise ValueError(f"not an ONNX model ({in_one_line(error, 100)})") from error
    external = onnx.TensorProto.EXTERNAL
    if any(tensor.data_location == external for tensor in _tensors(model)):
        raise ValueError("keeps weights in other files; save it as one file")
    return model.graph


def score_kind(graph: onnx.GraphProto, output: str) -> ScoreKind:
    """Return `probabilities` where a Softmax makes `output`, repacked or not, else `logits`."""
    producers = {name: node for node in graph.node for name in node.output}
    node = producers.get(output)
    for _ in range(len(graph.node)):
        if node is None or node.op_type not in _REPACKING or not node.input:
            break
        node = producers.get(node.input[0])
    return "probabilities" if node is not None and node.op_type == "Softmax" else "logits"


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Yield every tensor of the graph, of its subgraphs and of the model's functions."""
    graphs = [model.graph]
    nodes = [node for function in model.functions for node in function.node]
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            yield from graph.initializer
            for sparse in graph.sparse_initializer:
                yield from (sparse.values, sparse.indices)
            nodes.extend(graph.node)
        for node in nodes:
            for attribute in node.attribute:
                yield from (attribute.t, *attribute.tensors)
                graphs.extend(attribute.graphs)
                if attribute.HasField("g"):
                    graphs.append(attribute.g)
        nodes.clear()
