"""What an ONNX file holds: one graph of float32 operators and its constants, checked first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from export.errors import ExportError, in_one_line

if TYPE_CHECKING:
    import onnx

MAX_NODES = 4096
_LABEL_LENGTH = 60
_DTYPES = ("float32", "int64", "int32")
_DOMAINS = ("", "ai.onnx")
_OPSETS = range(13, 22)
"""Those whose operators mean what `export.tf` takes them for."""


@dataclass(frozen=True)
class Node:
    """One operator; an empty name among its inputs is an absent optional input."""

    index: int
    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def label(self) -> str:
        """How messages name it: a word of a foreign file is cut, and printable."""
        word = "".join(one if one.isprintable() else "?" for one in self.operator[:_LABEL_LENGTH])
        return f"operator {self.index} {word}"


@dataclass(frozen=True)
class Graph:
    """A graph of one input and one output, its nodes in running order.

    Attributes:
        input: its name.
        shape: of the input without the batch.
        output: name of the scores.
        nodes: without `Constant`.
        constants: name -> array, float32 or integers.

    """

    input: str
    shape: tuple[int, ...]
    output: str
    nodes: tuple[Node, ...]
    constants: Mapping[str, NDArray[Any]]


def read_graph(content: bytes) -> Graph:
    """Return the graph of an ONNX file.

    Raises:
        ExportError: not an ONNX file; weights in other files; another opset or domain; functions,
            subgraphs or more than `MAX_NODES` operators; more than one input or output; a type
            other than float32 and integers; a name that is read before it is written, or written
            twice.

    """
    import onnx

    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:
        raise ExportError(f"not an ONNX model ({in_one_line(error, 100)})") from error
    _check_model(model)
    graph = model.graph
    constants = dict(_constants(graph.initializer))
    nodes = []
    for index, proto in enumerate(graph.node):
        node = _node(index, proto)
        if node.operator == "Constant":
            constants.update(_constants([_value_of(node)], node.output))
        else:
            nodes.append(node)
    name, shape = _input(graph, constants)
    if len(graph.output) != 1:
        raise ExportError(f"the ONNX graph has {len(graph.output)} outputs; one is supported")
    result = Graph(name, shape, graph.output[0].name, tuple(nodes), constants)
    _check_order(result)
    return result


def _check_model(model: onnx.ModelProto) -> None:
    graph = model.graph
    if len(graph.node) > MAX_NODES:
        raise ExportError(
            f"the ONNX graph has {len(graph.node)} operators, more than the limit of {MAX_NODES}"
        )
    if model.functions or graph.sparse_initializer:
        raise ExportError("the ONNX model has functions or sparse weights; export it without them")
    for entry in model.opset_import:
        if entry.domain in _DOMAINS and entry.version not in _OPSETS:
            raise ExportError(
                f"the ONNX model is of opset {entry.version}; {_OPSETS[0]} to {_OPSETS[-1]} are "
                "supported"
            )


def _node(index: int, proto: onnx.NodeProto) -> Node:
    import onnx

    node = Node(index, proto.op_type, tuple(proto.input), "", {})
    if proto.domain not in _DOMAINS:
        raise ExportError(f"{node.label} is of the unknown domain {proto.domain[:80]!r}")
    outputs = [name for name in proto.output if name]
    if len(outputs) != 1:
        raise ExportError(f"{node.label} has {len(outputs)} outputs; one is supported")
    kinds = onnx.AttributeProto
    if any(one.type in (kinds.GRAPH, kinds.GRAPHS) for one in proto.attribute):
        raise ExportError(f"{node.label} holds a graph of its own; control flow is not supported")
    try:
        values = {one.name: onnx.helper.get_attribute_value(one) for one in proto.attribute}
    except ValueError as error:
        raise ExportError(f"{node.label}: {in_one_line(error, 100)}") from error
    return Node(index, proto.op_type, tuple(proto.input), outputs[0], values)


def _value_of(node: Node) -> onnx.TensorProto:
    import onnx

    value = node.attributes.get("value")
    if not isinstance(value, onnx.TensorProto):
        raise ExportError(f"{node.label} holds no tensor")
    return value


def _constants(
    tensors: Iterable[onnx.TensorProto], name: str | None = None
) -> Iterable[tuple[str, NDArray[Any]]]:
    import onnx

    for tensor in tensors:
        key = name or tensor.name
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise ExportError(f"{key[:80]!r} lies in another file; save the model as one file")
        try:
            values = onnx.numpy_helper.to_array(tensor)
        except Exception as error:
            raise ExportError(
                f"constant {key[:80]!r} is damaged ({in_one_line(error, 100)})"
            ) from error
        if values.dtype.name not in _DTYPES:
            raise ExportError(f"constant {key[:80]!r} is {values.dtype.name}, not float32")
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise ExportError(f"constant {key[:80]!r} holds NaN or infinity")
        yield key, values


def _input(
    graph: onnx.GraphProto, constants: Mapping[str, NDArray[Any]]
) -> tuple[str, tuple[int, ...]]:
    import onnx

    inputs = [one for one in graph.input if one.name not in constants]
    if len(inputs) != 1:
        raise ExportError(f"the ONNX graph has {len(inputs)} inputs; one is supported")
    kind = inputs[0].type.tensor_type
    if kind.elem_type != onnx.TensorProto.FLOAT:
        raise ExportError("the input of the ONNX graph is not float32")
    batch, *shape = [dim.dim_value for dim in kind.shape.dim] or [0]
    if batch not in (0, 1) or len(shape) not in (1, 3) or min(shape) < 1:
        raise ExportError(
            f"the input of the ONNX graph is {(batch, *shape)}; (N, C, H, W) or (N, F) of any N "
            "is supported"
        )
    return inputs[0].name, tuple(shape)


def _check_order(graph: Graph) -> None:
    known = {graph.input, *graph.constants}
    for node in graph.nodes:
        early = [name for name in node.inputs if name and name not in known]
        if early:
            raise ExportError(f"{node.label} reads {early[0][:80]!r} before it is written")
        if node.output in known:
            raise ExportError(f"{node.label} writes {node.output[:80]!r} again")
        known.add(node.output)
    if graph.output not in {node.output for node in graph.nodes}:
        raise ExportError("no operator of the ONNX graph computes its output")
