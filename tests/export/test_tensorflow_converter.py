"""TensorFlow's own converter makes of the ONNX graph what litert-torch makes of the module."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn
from torch.nn import functional as F

from export.errors import ExportError, MissingConverterError
from export.form import Form
from export.int8_writer import run_float_tflite
from export.model import export_model
from export.onnx_writer import to_onnx
from export.preprocessing import METADATA_KEY, Preprocessing
from export.tf import process
from export.tf.folder import CALIBRATION, FLOAT, INT8, ONNX
from export.tf.folder import REFUSED as REASON
from export.tflite_file import read_model, read_model_file, require_int8
from harness.runtimes import find_runtime
from models import ModelSpec
from tests.devices.engine import native
from tests.devices.engine.compare import judge
from tests.devices.engine.oracle import Oracle
from tests.exported import LIMITS, Exported
from tests.tensorflow_part import need_tensorflow

BY_TENSORFLOW = Form(converter="tensorflow")
FAMILIES = ("scale_cnn", "mobilenet")


@pytest.fixture(params=FAMILIES)
def both(request: pytest.FixtureRequest) -> tuple[Exported, Exported]:
    """One network by litert-torch and by TensorFlow."""
    usual: Exported = request.getfixturevalue(request.param)
    other: Exported = request.getfixturevalue(f"{request.param}_tensorflow")
    return usual, other


def test_the_float_model_is_as_near_to_torch_as_the_other_converters(
    both: tuple[Exported, Exported],
) -> None:
    for one in both:
        assert one.artifact.float_difference.relative < 1e-4
        assert one.artifact.float_difference.samples == 16
    assert both[0].artifact.onnx == both[1].artifact.onnx
    assert both[0].tflite.read_bytes() != both[1].tflite.read_bytes()


def test_the_file_is_as_the_other_converters_ships(both: tuple[Exported, Exported]) -> None:
    usual, other = (one.artifact for one in both)
    content, model = read_model_file(both[1].tflite)
    require_int8(model)
    assert (other.input.shape, other.input.dtype) == (usual.input.shape, "int8")
    assert (other.output.shape, other.output.dtype) == (usual.output.shape, "int8")
    assert (other.macs, other.parameters) == (usual.macs, usual.parameters)
    assert other.input.scale == pytest.approx(usual.input.scale, rel=1e-5)
    stored = Preprocessing.from_json(model.metadata[METADATA_KEY].decode())
    assert stored == both[1].preprocessing
    base = np.frombuffer(content, np.uint8).__array_interface__["data"][0]
    for tensor in (one for one in model.tensors if one.is_constant):
        assert (
            np.frombuffer(tensor.data, np.uint8).__array_interface__["data"][0] - base
        ) % 16 == 0
    assert "litert-torch" not in other.converters
    assert {"tensorflow", "tensorflow-cpu"} & set(other.converters)


def test_no_operator_moves_axes_and_weights_have_a_scale_per_channel(
    both: tuple[Exported, Exported],
) -> None:
    _, model = read_model_file(both[1].tflite)
    assert {one.name for one in model.operators} <= {
        *("CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "PAD", "MEAN", "MAX_POOL_2D", "FULLY_CONNECTED"),
    }
    for one in model.operators:
        if one.name == "CONV_2D":
            weights = model.tensors[one.inputs[1]]
            assert len(weights.scales) == weights.shape[0]


@pytest.mark.parametrize("runtime", ["litert", "litert-ref", "tflm"])
def test_it_runs_and_is_about_as_near_to_torch_as_the_other_converters(
    both: tuple[Exported, Exported], runtime: str
) -> None:
    usual, other = both
    inputs = other.preprocessing.apply(other.images).transpose(0, 3, 1, 2)
    with torch.no_grad():
        expected = other.module(torch.from_numpy(inputs.copy())).numpy()
    errors = []
    for one in (usual, other):
        with find_runtime(runtime).load(one.tflite) as session:
            errors.append(np.sqrt(np.mean((session.predict(one.images) - expected) ** 2)))
    assert errors[1] < 2 * errors[0]
    assert errors[1] < expected.std()


def test_the_device_engine_computes_every_byte_as_tflm_does(
    both: tuple[Exported, Exported],
) -> None:
    """The kernels of a DSP core, on this host under the sanitizers."""
    model, shape = both[1].tflite.read_bytes(), both[1].artifact.input.shape[1:]
    images = np.random.default_rng(1).integers(-128, 128, (4, *shape)).astype(np.int8)
    oracle, runner = Oracle(), native.Runner(native.build("runner-dsp-sanitized"))
    try:
        answer = runner.run(model, images.tobytes())
        verdict = judge(answer, oracle.run(model, images.tobytes()))
    finally:
        oracle.close()
        runner.close()
    assert verdict == ("equal", "")
    assert len(answer.outputs) == 40


class Branches(nn.Module):
    """Every operator that is supported beyond those of our families."""

    def __init__(self) -> None:
        super().__init__()
        self.strided = nn.Conv2d(3, 6, 3, padding=1, stride=2)
        self.grouped = nn.Conv2d(6, 12, 3, padding=1, groups=3)
        self.depthwise = nn.Conv2d(12, 24, 3, padding=1, groups=12)
        self.dilated = nn.Conv2d(24, 8, 3, dilation=2)
        self.linear = nn.Linear(2 * 8 * 4 * 4, 10)

    def forward(self, x: Any) -> Any:
        x = F.avg_pool2d(F.leaky_relu(self.strided(x)), 3, 1, 1)
        x = self.depthwise(torch.tanh(self.grouped(x)))
        x = self.dilated(F.max_pool2d(F.relu(x), 3, 1, 1))
        x = torch.sigmoid(x) * x
        return self.linear(F.relu(torch.cat([x, x / 2 - 0.5], 1).flatten(1)))


class Moved(nn.Module):
    """Axes that change places, and a normalisation that no convolution takes in."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
        self.linear = nn.Linear(4 * 6 * 6, 7)

    def forward(self, x: Any) -> Any:
        x = self.norm(F.hardtanh(self.conv(x))).permute(0, 2, 3, 1)
        return F.softmax(self.linear(x.reshape(x.shape[0], -1)), 1)


def vector() -> nn.Module:
    convolution = nn.Conv2d(2, 3, 3, padding=1)
    return nn.Sequential(
        nn.Unflatten(1, (2, 3, 4)), convolution, nn.Flatten(), nn.Sigmoid(), nn.Linear(36, 3)
    )


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "branches": (Branches, (3, 16, 16)),
    "moved": (Moved, (3, 8, 8)),
    "vector": (vector, (24,)),
    "dense": (lambda: nn.Sequential(nn.Linear(6, 5), nn.ReLU6(), nn.Linear(5, 3)), (6,)),
}


def dense_export(folder: Path) -> Any:
    torch.manual_seed(1)
    module = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)).eval()
    inputs = np.random.default_rng(0).normal(size=(20, 6)).astype(np.float32)
    folder.mkdir()
    spec = ModelSpec("made.by:Test", 1, 1, (1, 6), 3)
    return export_model(
        module, spec, Preprocessing(), inputs, inputs[:8], folder, LIMITS, form=BY_TENSORFLOW
    )


def test_equal_inputs_give_equal_bytes_and_no_noise(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    need_tensorflow()
    first = dense_export(tmp_path / "a")
    assert first == dense_export(tmp_path / "b")
    assert capfd.readouterr() == ("", "")
    content = (tmp_path / "a" / "model.tflite").read_bytes()
    assert not any(word in content for word in (b"site-packages", b".py", b"/tmp"))


def test_without_tensorflow_one_line_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "is_installed", lambda: False)
    with pytest.raises(MissingConverterError) as caught:
        dense_export(tmp_path / "a")
    assert str(caught.value) == (
        "tensorflow is not installed; install it with: pip install 'tinygate[tensorflow]'"
    )
    assert list((tmp_path / "a").iterdir()) == []


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import os; os.abort()", "TensorFlow ended with SIGABRT: it printed nothing"),
        ("raise SystemExit('no\\nroom')", r"TensorFlow failed \(exit code 1\): no; room"),
    ],
)
def test_a_converter_that_dies_is_named_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, message: str
) -> None:
    monkeypatch.setattr(process, "is_installed", lambda: True)
    monkeypatch.setattr(process, "_COMMAND", (sys.executable, "-c", program))
    with pytest.raises(ExportError, match=message):
        dense_export(tmp_path / "a")
    assert list((tmp_path / "a").iterdir()) == []


def graph(
    nodes: list[Any], constants: dict[str, np.ndarray], shape: tuple[int, ...] = (2, 8, 8)
) -> bytes:
    """Return an ONNX file of `nodes`, from `input` to `scores`."""
    named = [onnx.numpy_helper.from_array(one, key) for key, one in constants.items()]
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)],
        named,
    )
    opset = [helper.make_opsetid("", 18)]
    content: bytes = helper.make_model(made, opset_imports=opset).SerializeToString()
    return content


def one(operator: str, *constants: str, **attributes: Any) -> list[Any]:
    return [helper.make_node(operator, ["input", *constants], ["scores"], **attributes)]


WEIGHTS = np.ones((4, 2, 3, 3), np.float32)
REFUSED = {
    "an unknown operator": (
        one("Erf"),
        {},
        "operator 0 Erf has no counterpart here; known: Add, ",
    ),
    "weights of other channels": (
        one("Conv", "w", kernel_shape=[3, 3]),
        {"w": np.ones((4, 3, 3, 3), np.float32)},
        r"operator 0 Conv has weights \[4, 3, 3, 3\] in 1 groups for 2 channels",
    ),
    "a window larger than the image": (
        one("Conv", "w", kernel_shape=[3, 3], dilations=[9, 9]),
        {"w": WEIGHTS},
        r"operator 0 Conv has a window of \[19, 19\] on an image of \[8, 8\]",
    ),
    "a gigantic padding": (
        one("Conv", "w", kernel_shape=[3, 3], pads=[1 << 40] * 4),
        {"w": WEIGHTS},
        "operator 0 Conv has pads .* four of 0 to 4096 are supported",
    ),
    "a stride of 0": (
        one("Conv", "w", kernel_shape=[3, 3], strides=[0, 0]),
        {"w": WEIGHTS},
        r"operator 0 Conv has strides \[0, 0\]; two of 1 to 4096",
    ),
    "pooling with a padding TensorFlow lacks": (
        one("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        {},
        r"operator 0 MaxPool pads \[1, 1, 1, 1\]; TensorFlow's MAX_POOL_2D",
    ),
    "a sum over the batch": (
        one("ReduceMean", "a"),
        {"a": np.array([0], np.int64)},
        "operator 0 ReduceMean averages over the batch",
    ),
    "an axis that is not there": (
        one("ReduceMean", "a"),
        {"a": np.array([7], np.int64)},
        "operator 0 ReduceMean names axis 7 of 4",
    ),
    "a shape that does not fit": (
        one("Reshape", "s"),
        {"s": np.array([-1, 7], np.int64)},
        r"operator 0 Reshape reshapes \[1, 2, 8, 8\] to \[18, 7\]",
    ),
    "samples that become features": (
        one("Reshape", "s"),
        {"s": np.array([2, 64], np.int64)},
        r"operator 0 Reshape computes \[2, 64\], which is not of one sample",
    ),
    "a tensor of gigabytes": (
        one("Add", "b"),
        {"b": np.zeros((1, 1 << 21, 1, 1), np.float32)},
        "operator 0 Add",
    ),
    "scores that are an image": (one("Relu"), {}, r"returns \[1, 2, 8, 8\], not \(N, C\) scores"),
}


def network_inputs(name: str) -> tuple[nn.Module, torch.Tensor, np.ndarray]:
    """Return a network, samples as torch takes them, and as a .tflite takes them."""
    make, shape = NETWORKS[name]
    torch.manual_seed(0)
    module, samples = make().eval(), torch.randn(12, *shape)
    inputs = samples.numpy()
    return module, samples, inputs.transpose(0, 2, 3, 1).copy() if inputs.ndim == 4 else inputs


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each network and each graph to refuse; one process converts them all."""
    need_tensorflow()
    root = tmp_path_factory.mktemp("converted")
    for name in NETWORKS:
        module, _, inputs = network_inputs(name)
        content = to_onnx(module, NETWORKS[name][1], Preprocessing())
        leave(root / name, content, inputs)
    for name, (nodes, constants, _) in REFUSED.items():
        leave(root / name, graph(nodes, constants), np.zeros((1, 8, 8, 2), np.float32))
    program = "import sys; from export.tf.worker import *; [main(Path(p)) for p in sys.argv[1:]]"
    command = [sys.executable, "-c", program, *map(str, sorted(root.iterdir()))]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    return root


def leave(folder: Path, content: bytes, calibration: np.ndarray) -> None:
    folder.mkdir()
    (folder / ONNX).write_bytes(content)
    np.save(folder / CALIBRATION, calibration)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_users_network_keeps_its_scores(name: str, converted: Path) -> None:
    module, samples, inputs = network_inputs(name)
    with torch.no_grad():
        expected = module(samples).numpy()
    require_int8(read_model((converted / name / INT8).read_bytes()))
    scores = run_float_tflite((converted / name / FLOAT).read_bytes(), inputs)
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", REFUSED)
def test_a_graph_that_cannot_be_converted_is_refused_in_one_line(
    name: str, converted: Path
) -> None:
    said = (converted / name / REASON).read_text()
    assert re.search(REFUSED[name][2], said), said
    assert "\n" not in said
    assert not (converted / name / FLOAT).exists()
