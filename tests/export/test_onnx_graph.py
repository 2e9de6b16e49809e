"""An ONNX file is hostile until checked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.errors import ExportError
from export.onnx_graph import MAX_NODES, read_graph


def model(*nodes: onnx.NodeProto, opset: int = 18) -> onnx.ModelProto:
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.ones((3, 2), np.float32), "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def product() -> onnx.ModelProto:
    return model(helper.make_node("MatMul", ["input", "w"], ["scores"]))


def test_a_graph_has_its_nodes_constants_and_attributes() -> None:
    held = helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.float32([2])))
    scaled = helper.make_node("Mul", ["m", "c"], ["y"])
    leaky = helper.make_node("LeakyRelu", ["y"], ["scores"], alpha=0.25)
    made = model(helper.make_node("MatMul", ["input", "w"], ["m"]), held, scaled, leaky)
    graph = read_graph(made.SerializeToString())
    assert (graph.input, graph.shape, graph.output) == ("input", (3,), "scores")
    assert [(one.index, one.operator) for one in graph.nodes] == [
        (0, "MatMul"),
        (2, "Mul"),
        (3, "LeakyRelu"),
    ]
    assert graph.nodes[-1].attributes == {"alpha": 0.25}
    assert {key: value.tolist() for key, value in graph.constants.items()} == {
        "w": [[1, 1]] * 3,
        "c": [2],
    }


def external(made: onnx.ModelProto) -> None:
    tensor = made.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def short(made: onnx.ModelProto) -> None:
    made.graph.initializer[0].dims[0] = 1 << 40


def double(made: onnx.ModelProto) -> None:
    made.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ones((3, 2)), "w"))


def infinite(made: onnx.ModelProto) -> None:
    weights = np.full((3, 2), np.inf, np.float32)
    made.graph.initializer[0].CopyFrom(numpy_helper.from_array(weights, "w"))


def loop(made: onnx.ModelProto) -> None:
    made.graph.node[0].attribute.append(helper.make_attribute("body", made.graph))


def two_inputs(made: onnx.ModelProto) -> None:
    made.graph.input.append(helper.make_tensor_value_info("b", TensorProto.FLOAT, [1, 3]))


def two_outputs(made: onnx.ModelProto) -> None:
    made.graph.output.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [3, 2]))


def unknown_side(made: onnx.ModelProto) -> None:
    made.graph.input[0].type.tensor_type.shape.dim[1].dim_param = "features"


def fixed_batch(made: onnx.ModelProto) -> None:
    made.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 8


def integer_input(made: onnx.ModelProto) -> None:
    made.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64


def early(made: onnx.ModelProto) -> None:
    made.graph.node[0].input[0] = "scores"


def again(made: onnx.ModelProto) -> None:
    made.graph.node.append(made.graph.node[0])


def other_output(made: onnx.ModelProto) -> None:
    made.graph.output[0].name = "w"


def foreign(made: onnx.ModelProto) -> None:
    made.graph.node[0].domain = "com.example"


def unprintable(made: onnx.ModelProto) -> None:
    made.graph.node[0].op_type = "\n\x1b[2J" + "x" * 1000
    made.graph.node[0].input[0] = "\n"


def function(made: onnx.ModelProto) -> None:
    made.functions.add(name="MatMul", domain="ai.onnx")


def many(made: onnx.ModelProto) -> None:
    made.graph.node.extend([made.graph.node[0]] * MAX_NODES)


def old(made: onnx.ModelProto) -> None:
    made.opset_import[0].version = 7


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (external, "'w' lies in another file"),
        (short, "constant 'w' is damaged"),
        (double, "constant 'w' is float64, not float32"),
        (infinite, "constant 'w' holds NaN or infinity"),
        (loop, "operator 0 MatMul holds a graph of its own"),
        (two_inputs, "has 2 inputs; one is supported"),
        (two_outputs, "has 2 outputs; one is supported"),
        (unknown_side, r"the input of the ONNX graph is \(0, 0\)"),
        (fixed_batch, r"the input of the ONNX graph is \(8, 3\)"),
        (integer_input, "the input of the ONNX graph is not float32"),
        (early, "operator 0 MatMul reads 'scores' before it is written"),
        (again, "operator 1 MatMul writes 'scores' again"),
        (other_output, "no operator of the ONNX graph computes its output"),
        (foreign, "operator 0 MatMul is of the unknown domain 'com.example'"),
        (unprintable, r"^operator 0 \?\?\[2Jx{55} reads '\\n' before it is written$"),
        (function, "has functions or sparse weights"),
        (many, f"has {MAX_NODES + 1} operators, more than the limit of {MAX_NODES}"),
        (old, "is of opset 7; 13 to 21 are supported"),
    ],
)
def test_an_odd_graph_is_refused_in_one_line(
    spoil: Callable[[onnx.ModelProto], None], message: str
) -> None:
    made = product()
    spoil(made)
    with pytest.raises(ExportError, match=message) as caught:
        read_graph(made.SerializeToString())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08" * 4096])
def test_a_file_that_is_no_onnx_is_refused(content: bytes) -> None:
    with pytest.raises(ExportError, match="ONNX"):
        read_graph(content)


def test_no_bytes_of_a_file_flipped_or_cut_do_more_than_be_refused() -> None:
    whole = product().SerializeToString()
    rng = np.random.default_rng(0)
    for _ in range(500):
        spoilt = bytearray(whole)
        for place in rng.integers(0, len(whole), rng.integers(1, 5)):
            spoilt[place] ^= int(rng.integers(1, 256))
        content = bytes(spoilt[: rng.integers(1, len(whole) + 1)])
        try:
            read_graph(content)
        except ExportError as error:
            assert "\n" not in str(error)
