"""Boards with MLPerf Tiny firmware as a runtime: TFLM's scores, honest about what is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from tflite_micro.python.tflite_micro import runtime as tflite_micro

from harness.cli.main import run
from harness.data.split import Split
from harness.errors import ArtifactError, BenchError, InfrastructureError, UserError
from harness.evaluation import evaluate
from harness.gate.verdict import Evidence
from harness.predictions import DeviceRecord, Predictions
from harness.runtimes import find_runtime
from harness.runtimes.device import DeviceRuntime
from tests.devices.mlperf_tiny.stand_in import Model, Quirks, Server, serving
from tests.made_tflite import Made, Op, T

SAMPLES = 12
_DEQUANTIZE, _FULLY_CONNECTED = 6, 9


@pytest.fixture(scope="module")
def tflite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network with the input of ic01: 32 x 32 RGB, as uint8 less 128."""
    source = np.random.default_rng(1)
    tensors = [
        T((1, 32, 32, 3), "int8", 1.0, -128),
        T((1, 10), "int8", 0.37, 5),
        T((10, 3072), "int8", 0.001, data=source.integers(-127, 128, (10, 3072), np.int8)),
        T((10,), "int32", 0.001, data=source.integers(-4000, 4000, 10, np.int32)),
    ]
    options = schema.FullyConnectedOptionsT()
    path = tmp_path_factory.mktemp("ic01") / "model.tflite"
    path.write_bytes(Made(tensors, [Op(_FULLY_CONNECTED, [0, 2, 3], [1], 8, options)]).pack())
    return path


@pytest.fixture
def model(tflite: Path) -> Model:
    interpreter = tflite_micro.Interpreter.from_bytes(tflite.read_bytes(), arena_size=1 << 16)

    def infer(tensor: bytes) -> bytes:
        interpreter.set_input(np.frombuffer(tensor, np.int8).reshape(1, 32, 32, 3), 0)
        interpreter.invoke()
        return bytes(interpreter.get_output(0).tobytes())

    return Model("ic01", 3072, infer, 0.37, 5)


@pytest.fixture
def board(model: Model) -> Iterator[Server]:
    with serving(model, Quirks(vendor="NUCLEO-L4R5ZI", inference_us=1234)) as server:
        yield server


def split() -> Split:
    images = np.random.default_rng(2).integers(0, 256, (SAMPLES, 32, 32, 3), np.uint8)
    ids = np.arange(SAMPLES)
    return Split("test", images, ids % 10, ids, ())


def expected(tflite: Path) -> Predictions:
    with find_runtime("tflm").load(tflite) as session:
        return evaluate(session, split())


def asked(tflite: Path, *urls: str, protocol: str = "mlperf-tiny") -> Predictions:
    with DeviceRuntime(urls, protocol=protocol).load(tflite) as session:
        return evaluate(session, split())


@pytest.mark.parametrize("protocol", ["mlperf-tiny", "mlperf-tiny:uint8,no-readback"])
def test_every_score_equals_tflms(tflite: Path, board: Server, protocol: str) -> None:
    found = asked(tflite, board.url, protocol=protocol)
    assert np.array_equal(found.scores, expected(tflite).scores)
    assert found.meta.runtime is not None
    assert found.meta.runtime.version == protocol


def test_two_boards_share_the_samples(tflite: Path, model: Model) -> None:
    with serving(model) as one, serving(model) as other:
        found = asked(tflite, one.url, other.url)
        assert one.firmware.inferences + other.firmware.inferences == SAMPLES
    assert np.array_equal(found.scores, expected(tflite).scores)


def test_the_record_says_microseconds_and_that_the_model_is_not_verified(
    tflite: Path, board: Server
) -> None:
    found = asked(tflite, board.url)
    assert found.meta.device == DeviceRecord(
        board="NUCLEO-L4R5ZI",
        core="",
        emulated=False,
        firmware="ULPMark for tinyML Firmware V0.0.1 ic01",
        engine="mlperf-tiny",
        unique_ids=("0" * 32,),
        count_unit="microseconds",
        count_per_sample=1234,
        artifact_verified=False,
    )
    assert found.meta.device.latency_s == 1234e-6
    assert Evidence.of(found).caveat == (
        "not verified on the device: the firmware of NUCLEO-L4R5ZI cannot say which model it runs"
    )


def test_evaluate_on_the_command_line(
    tflite: Path, board: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked_for, out = split(), tmp_path / "p.npz"
    np.savez(
        tmp_path / "d.npz", images=asked_for.images, labels=asked_for.labels, ids=asked_for.ids
    )
    files = ["--model", str(tflite), "--data", str(tmp_path / "d.npz"), "--out", str(out)]
    device = ["--runtime", "device", "--device", board.url, "--protocol", "mlperf-tiny"]
    assert run(["evaluate", *files, *device]) == 0
    printed = capsys.readouterr().out
    assert "artifact not verified on the device" in printed
    assert "latency_s" in printed
    assert np.array_equal(Predictions.load(out).scores, expected(tflite).scores)


def test_a_board_of_another_name_is_refused(tflite: Path, board: Server) -> None:
    runtime = DeviceRuntime([board.url], board="nucleo_f446re", protocol="mlperf-tiny")
    with pytest.raises(BenchError, match="expected board nucleo_f446re, this is 'NUCLEO-L4R5ZI'"):
        runtime.load(tflite)


def test_a_board_with_another_model_is_not_believed(tflite: Path, model: Model) -> None:
    model.scale *= 1.37
    with (
        serving(model) as server,
        pytest.raises(InfrastructureError, match=r"is no output of scale .* another model"),
    ):
        asked(tflite, server.url)


def test_an_unknown_protocol_is_refused() -> None:
    for text in ("mlperf", "mlperf-tiny:int4", "tinygate:uint8", "mlperf-tiny:uint8,"):
        with pytest.raises(UserError, match=r"unknown protocol .* known: tinygate, mlperf-tiny"):
            DeviceRuntime(["/dev/ttyACM0"], protocol=text)
    with pytest.raises(UserError, match="two encodings"):
        DeviceRuntime(["/dev/ttyACM0"], protocol="mlperf-tiny:int8,uint8")


def test_a_model_with_float_output_is_refused(board: Server, tmp_path: Path) -> None:
    path = tmp_path / "float.tflite"
    tensors = [T((1, 4), scale=0.5), T((1, 4), "float32")]
    path.write_bytes(Made(tensors, [Op(_DEQUANTIZE, [0], [1])]).pack())
    with pytest.raises(ArtifactError, match="its output float32; over mlperf-tiny both must be"):
        DeviceRuntime([board.url], protocol="mlperf-tiny").load(path)
