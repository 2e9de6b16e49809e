"""The known model of `device check` is a sound .tflite, and its expected answers are TFLM's."""

import hashlib
import math
import zlib

import numpy as np
import pytest

from devices.check import int8, model
from devices.check.flatbuffer import Scalar, Table, vector, written
from export.tflite_file import read_model
from export.tflite_model import require_int8

SAMPLES = 64


def test_the_expected_answers_are_those_of_tflm() -> None:
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    interpreter = runtime.Interpreter.from_bytes(model.content())
    shape = (1, model.SIZE, model.SIZE, model.CHANNELS)
    for index in range(SAMPLES):
        image = np.frombuffer(model.sample(index), np.int8).reshape(shape)
        interpreter.set_input(image, 0)
        interpreter.invoke()
        assert interpreter.get_output(0).tobytes() == model.expected(index).output


def test_the_expected_operators_are_those_of_tflm() -> None:
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    kind = runtime.InterpreterConfig.kPreserveAllTensors
    interpreter = runtime.Interpreter.from_bytes(model.content(), intrepreter_config=kind)
    image = np.frombuffer(model.sample(1), np.int8)
    interpreter.set_input(image.reshape(1, model.SIZE, model.SIZE, model.CHANNELS), 0)
    interpreter.invoke()
    found = [interpreter.GetTensor(tensor, 0)["tensor_data"].tobytes() for tensor in (3, 4, 7)]
    wanted = model.expected(1).operators
    assert [(len(one), zlib.crc32(one)) for one in found] == [one[1:] for one in wanted]


def test_no_answer_hangs_on_how_an_engine_rounds() -> None:
    """Kernels differ in the last place where an accumulator falls near a half: none does."""
    nearest = []

    def watched(values: np.ndarray, scale: float) -> np.ndarray:
        exact = np.asarray(values, float) * scale
        nearest.append(np.abs(exact - np.floor(exact) - 0.5).min())
        return original(values, scale)

    original = int8.rescaled
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(int8, "rescaled", watched)
        for index in range(33):
            model.expected(index)
    assert len(nearest) == 33 * (model.FILTERS + 1)
    assert min(nearest) > 1e-6


def test_answers_are_spread_over_the_classes_and_seldom_clamped() -> None:
    outputs = np.array(
        [np.frombuffer(model.expected(index).output, np.int8) for index in range(SAMPLES)]
    )
    assert len({one.tobytes() for one in outputs}) == SAMPLES
    assert len(set(outputs.argmax(axis=1))) >= 3
    assert np.mean((outputs == -128) | (outputs == 127)) < 0.05


def test_the_file_is_an_int8_model_of_three_operators_and_little_memory() -> None:
    read = read_model(model.content())
    require_int8(read)
    assert [one.name for one in read.operators] == ["CONV_2D", "MAX_POOL_2D", "FULLY_CONNECTED"]
    assert read.input.size_bytes == model.INPUT_BYTES
    assert len(model.content()) < 6 * 1024
    assert read.activation_bytes < 4 * 1024


def test_the_file_is_the_same_on_every_host() -> None:
    digest = hashlib.sha256(model.content()).hexdigest()
    assert digest == "290d11e71af517851e1ed1d082c297908cccca36655a8d7d2264a3d3f36bbb7d"


def test_weights_and_biases_lie_where_the_schema_promises() -> None:
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    content = model.content()
    read = schema.Model.GetRootAsModel(content, 0)
    assert content[4:8] == b"TFL3"
    found = [read.Buffers(index).DataAsNumpy() for index in range(1, read.BuffersLength())]
    assert [len(one) for one in found] == [288, 32, 40, 2880]
    for one in found:
        start = one.ctypes.data - np.frombuffer(content, np.uint8).ctypes.data
        assert start % 16 == 0


def test_a_table_keeps_its_numbers_at_their_own_alignment() -> None:
    table = Table({0: Scalar("b", -5), 2: Scalar("i", -70000), 5: vector("q", [1, -2])})
    content = written(table, b"TEST")
    position = int.from_bytes(content[:4], "little")
    vtable = position - int.from_bytes(content[position : position + 4], "little", signed=True)
    words = np.frombuffer(content[vtable : vtable + 16], "<u2")
    assert words.tolist() == [16, 13, 12, 0, 4, 0, 0, 8]
    assert np.frombuffer(content[position + 4 : position + 8], "<i4")[0] == -70000
    target = position + 8 + int.from_bytes(content[position + 8 : position + 12], "little")
    assert (target + 4) % 8 == 0
    assert np.frombuffer(content[target + 4 : target + 20], "<i8").tolist() == [1, -2]


@pytest.mark.parametrize(
    ("scale", "mantissa", "shift"),
    [(0.5, 1 << 30, 0), (0.1, 1717986918, -3), (2.0**-32, 1 << 30, -31), (1 - 2**-40, 1 << 30, 1)],
)
def test_multipliers_are_those_of_the_specification(
    scale: float, mantissa: int, shift: int
) -> None:
    assert int8.quantized_multiplier(scale) == (mantissa, shift)


def test_accumulators_are_rounded_twice() -> None:
    known = [(1000, 0.1, 100), (5, 0.5, 3), (-5, 0.5, -2), (6, 0.25, 2), (-6, 0.25, -2)]
    for value, scale, wanted in known:
        assert int8.rescaled(np.array([value]), scale).tolist() == [wanted]
    assert math.isclose(int8.rescaled(np.array([10**6]), 0.3)[0], 300000)
