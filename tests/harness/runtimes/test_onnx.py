"""ONNX models from elsewhere: either layout, fixed batches, integer images, softmax endings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from harness.errors import ArtifactError
from harness.runtimes import find_runtime
from tests.exported import Exported

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 4, 3, 2), dtype=np.uint8)


def saved(
    tmp_path: Path,
    shape: tuple[int, ...],
    nodes: Any = (),
    dtype: Any = TensorProto.FLOAT,
    output: Any = ("N", "C"),
) -> Path:
    """Write a model that flattens its input, casts it to float and applies `nodes`."""
    first = [
        helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["f"], ["y" if not nodes else "h"], axis=1),
    ]
    graph = helper.make_graph(
        [*first, *nodes],
        "made",
        [helper.make_tensor_value_info("x", dtype, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, output)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    path = tmp_path / "made.onnx"
    onnx.save(model, path)
    return path


def answers(path: Path, images: Any = IMAGES) -> Any:
    with find_runtime("onnxruntime").load(path) as session:
        return session.predict(images), session.kind


FIRST = IMAGES.transpose(0, 3, 1, 2).reshape(5, -1)
LAST = IMAGES.reshape(5, -1)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (("N", 2, 4, 3), FIRST),
        ((1, 2, 4, 3), FIRST),
        (("N", 2, "H", "W"), FIRST),
        (("N", 4, 3, 2), LAST),
        ((1, 4, 3, 2), LAST),
        (("N", "H", "W", 2), LAST),
    ],
)
def test_the_models_shape_says_where_the_channels_are(
    tmp_path: Path, shape: tuple[int, ...], expected: Any
) -> None:
    scores, kind = answers(saved(tmp_path, shape))
    np.testing.assert_array_equal(scores, expected)
    assert kind == "logits"


@pytest.mark.parametrize("shape", [("N", "A", "B", "C"), (None, None, None, None)])
def test_a_shape_that_fits_both_layouts_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ArtifactError, match="channels first and last"):
        answers(saved(tmp_path, shape))


@pytest.mark.parametrize("shape", [("N", 3, 4, 3), ("N", 24), ("N", 4, 3)])
def test_a_shape_that_fits_neither_is_refused_with_both(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ArtifactError, match=r"the model takes images of shape .*, the data has"):
        answers(saved(tmp_path, shape))


def test_integer_models_take_integer_images_as_they_are(tmp_path: Path) -> None:
    path = saved(tmp_path, ("N", 4, 3, 2), dtype=TensorProto.UINT8)
    np.testing.assert_array_equal(answers(path)[0], LAST)
    with pytest.raises(ArtifactError, match="takes uint8 images, the data is float32"):
        answers(path, IMAGES.astype(np.float32))


def test_a_softmax_ending_means_probabilities_even_when_repacked(tmp_path: Path) -> None:
    softmax = helper.make_node("Softmax", ["h"], ["s"], axis=1)
    scores, kind = answers(
        saved(tmp_path, ("N", 4, 3, 2), [softmax, helper.make_node("Identity", ["s"], ["y"])])
    )
    assert kind == "probabilities"
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)


def test_a_fixed_batch_other_than_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="fixed batch of 4"):
        answers(saved(tmp_path, (4, 4, 3, 2)))


def test_a_truncated_export_is_refused(tmp_path: Path, scale_cnn: Exported) -> None:
    content = scale_cnn.onnx.read_bytes()
    path = tmp_path / "cut.onnx"
    for length in (10, len(content) // 2, len(content) - 5):
        path.write_bytes(content[:length])
        with pytest.raises(
            ArtifactError, match=r"not an ONNX model|ONNX Runtime refuses the model"
        ):
            find_runtime("onnxruntime").load(path)


@pytest.mark.parametrize("hidden", [False, True])
def test_weights_in_other_files_are_refused(tmp_path: Path, hidden: bool) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(96))
    weights = helper.make_tensor("w", TensorProto.FLOAT, [24], bytes(96), raw=True)
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value=str(secret))
    constant = helper.make_node("Constant", [], ["w"], value=weights)
    add = helper.make_node("Add", ["h", "w"], ["y"])
    path = saved(tmp_path, ("N", 4, 3, 2), [constant, add] if hidden else [add])
    model = onnx.load(path, load_external_data=False)
    if not hidden:
        model.graph.initializer.append(weights)
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ArtifactError, match="keeps weights in other files"):
        find_runtime("onnxruntime").load(path)
