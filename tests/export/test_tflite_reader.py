"""The reader parses what interpreters take and refuses, in one line, what would crash them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from export.errors import InvalidModelFileError
from export.tflite_file import read_model, read_model_file, require_int8
from tests.exported import Exported
from tests.made_tflite import Made, Op, T, dense_model, quantize_model, softmax_model


def refused(content: bytes) -> str:
    with pytest.raises(InvalidModelFileError) as caught:
        read_model(content)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_dense_layer_is_read_whole() -> None:
    model = read_model(dense_model().pack())
    assert [operator.name for operator in model.operators] == ["FULLY_CONNECTED"]
    assert (model.input.shape, model.input.dtype, model.input.scales) == ((1, 4), "int8", (0.5,))
    assert (model.output.shape, model.output.zero_points) == ((1, 3), (0,))
    assert bytes(model.tensors[2].data) == bytes(range(12))
    assert model.macs == 12
    assert model.score_kind == "logits"
    require_int8(model)


def test_an_export_is_read_as_its_interpreter_sees_it(scale_cnn: Exported) -> None:
    from ai_edge_litert.interpreter import Interpreter

    content, model = read_model_file(scale_cnn.tflite)
    interpreter = Interpreter(model_content=content)
    for detail in interpreter.get_tensor_details():
        ours = model.tensors[detail["index"]]
        assert ours.shape == tuple(detail["shape"])
        assert ours.dtype == np.dtype(detail["dtype"]).name
        theirs = detail["quantization_parameters"]
        np.testing.assert_array_equal(np.float32(ours.scales), theirs["scales"])
        np.testing.assert_array_equal(ours.zero_points, theirs["zero_points"])
    names = [one["op_name"] for one in interpreter._get_ops_details()]
    assert [operator.name for operator in model.operators] == names


def test_a_softmax_ending_means_probabilities_even_when_repacked() -> None:
    made = softmax_model(4)
    assert read_model(made.pack()).score_kind == "probabilities"
    made.tensors += [T((1, 4), "float32")]
    made.operators += [Op(6, [1], [2])]
    made.outputs = [2]
    model = read_model(made.pack())
    assert model.score_kind == "probabilities"
    require_int8(model)


def test_float_input_and_output_may_only_meet_quantize_and_dequantize() -> None:
    require_int8(read_model(quantize_model(4, 0.1, 0).pack()))
    with pytest.raises(InvalidModelFileError, match="operator 0 FULLY_CONNECTED computes in float"):
        require_int8(read_model(dense_model(dtype="float32").pack()))


def test_other_integers_are_not_int8() -> None:
    for dtype in ("uint8", "int16"):
        made = Made([T((1, 4), dtype, 0.1), T((1, 4), dtype, 0.1)], [Op(22, [0], [1])])
        with pytest.raises(InvalidModelFileError, match=f"its input is {dtype}"):
            require_int8(read_model(made.pack()))


@pytest.mark.parametrize(
    ("scale", "zero_point"), [(None, 0), (0.0, 0), (-1.0, 0), (0.1, 128), (0.1, -129)]
)
def test_int8_needs_a_positive_scale_and_an_int8_zero_point(
    scale: float | None, zero_point: int
) -> None:
    made = dense_model()
    made.tensors[0].scale, made.tensors[0].zero_point = scale, zero_point
    with pytest.raises(InvalidModelFileError, match="its input has"):
        require_int8(read_model(made.pack()))


@pytest.mark.parametrize(
    "content",
    [b"", b"TFL3", b"\0" * 64, b"PK\x03\x04" + b"x" * 100, b"\x1c\0\0\0TFL3", b"\xff" * 64],
)
def test_what_is_not_a_model_is_refused(content: Any) -> None:
    refused(content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: setattr(m.tensors[2], "shape", (3, 5)), "needs 15 bytes, its buffer has 12"),
        (lambda m: setattr(m.tensors[0], "shape", (1, -1)), "sizes must be positive"),
        (lambda m: setattr(m.tensors[1], "shape", (0, 3)), "sizes must be positive"),
        (lambda m: setattr(m.tensors[0], "shape", (1 << 20, 1 << 20)), "more than the limit"),
        (lambda m: setattr(m.tensors[0], "shape", (1,) * 9), "rank at most 8"),
        (lambda m: setattr(m, "inputs", [0, 1]), "has 2 inputs"),
        (lambda m: setattr(m, "inputs", [9]), "names tensor 9 of 4"),
        (lambda m: setattr(m, "inputs", [2]), "its input is a constant"),
        (lambda m: setattr(m, "outputs", []), "has 0 outputs"),
        (lambda m: setattr(m, "outputs", [0]), "no operator computes its output"),
        (lambda m: setattr(m.operators[0], "inputs", [0, 7, 3]), "names tensor 7 of 4"),
        (lambda m: setattr(m.operators[0], "inputs", [0, -2, 3]), "names tensor -2 of 4"),
        (lambda m: setattr(m.operators[0], "inputs", [0]), "has no weights"),
        (lambda m: setattr(m.operators[0], "inputs", [1, 2, 3]), "before it is written"),
        (lambda m: setattr(m.operators[0], "outputs", [2]), "overwrites tensor 2"),
        (lambda m: setattr(m.operators[0], "outputs", []), "no input or no output"),
        (lambda m: setattr(m.operators[0], "code", 250), "code 250 is not in the schema"),
        (lambda m: setattr(m.operators[0], "code", 170), "StableHLO is not supported"),
        (lambda m: m.operators.clear(), "no operator computes its output"),
    ],
)
def test_a_graph_that_would_crash_an_interpreter_is_refused(
    change: Callable[[Made], None], message: str
) -> None:
    made = dense_model()
    change(made)
    assert message in refused(made.pack())


def test_truncation_anywhere_is_refused_or_harmless(scale_cnn: Exported) -> None:
    content = scale_cnn.tflite.read_bytes()
    lengths = [*range(0, 400, 7), *range(400, len(content), len(content) // 150)]
    for length in lengths:
        try:
            read_model(content[:length])
        except InvalidModelFileError:
            continue
        pytest.fail(f"{length} of {len(content)} bytes were taken for a model")


def test_flipped_bytes_are_refused_or_parse(scale_cnn: Exported) -> None:
    rng = random.Random(0)  # noqa: S311  (which bytes to flip is no secret)
    content = scale_cnn.tflite.read_bytes()
    taken = 0
    for _ in range(600):
        damaged = bytearray(content)
        for _ in range(rng.choice([1, 1, 2, 8])):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        try:
            require_int8(read_model(bytes(damaged)))
            taken += 1
        except InvalidModelFileError as error:
            assert "\n" not in str(error)
    assert 0 < taken < 600


def test_a_vector_claimed_by_many_tensors_is_refused() -> None:
    made = dense_model()
    made.metadata = {f"m{index}": b"" for index in range(4)}
    content = bytearray(made.pack() + bytes(200_000))
    assert read_model(bytes(content))  # trailing bytes alone are harmless
    big = Made([T((1, 60_000)), T((1, 60_000))], [Op(22, [0], [1])])
    big.metadata = {"shared": bytes(60_000)}
    shared = _claim_one_buffer(big, 500)
    assert "overlap" in refused(shared)


def _claim_one_buffer(made: Made, entries: int) -> bytes:
    """Return a file whose metadata name one buffer many times over."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(made.pack(), 0)
    buffer = model.metadata[0].buffer
    model.metadata = []
    for index in range(entries):
        entry = schema.MetadataT()
        entry.name, entry.buffer = f"m{index}", buffer
        model.metadata.append(entry)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def test_twenty_megabytes_are_read_in_a_moment() -> None:
    made = dense_model(features=20_000, classes=1000)
    content = made.pack()
    started_s = time.perf_counter()
    assert read_model(content).macs == 20_000_000
    assert len(content) > 20_000_000
    assert time.perf_counter() - started_s < 1


@pytest.mark.parametrize("what", ["missing", "folder"])
def test_a_path_without_a_file_is_one_line_with_the_path(tmp_path: Path, what: str) -> None:
    path = tmp_path if what == "folder" else tmp_path / "none.tflite"
    with pytest.raises(InvalidModelFileError, match="no such file"):
        read_model_file(path)
