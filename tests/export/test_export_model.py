"""An export is the torch model: checked, bounded, recorded, and equal for equal inputs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from export.artifact import Artifact, digest_of_inputs
from export.errors import ExportError, InvalidModelFileError
from export.form import DEFAULT_FORM, Form, Quantization
from export.model import export_model
from export.preprocessing import METADATA_KEY, Preprocessing
from export.tflite_file import read_model_file, require_int8
from harness.runtimes.tflm import run_int8
from models import ModelSpec
from models.macs import count_macs, count_parameters
from tests.exported import LIMITS, Exported

SPEC = ModelSpec("made.by:Test", 1, 1, (1, 6), 3)


def dense(softmax: bool = False) -> nn.Module:
    torch.manual_seed(1)
    layers = [nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)]
    return nn.Sequential(*layers, *([nn.Softmax(dim=1)] if softmax else [])).eval()


def inputs(samples: int = 20) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(samples, 6)).astype(np.float32)


def export_dense(
    folder: Path, module: Any = None, limits: Any = LIMITS, run_int8: Any = None
) -> Artifact:
    folder.mkdir(exist_ok=True)
    module = module or dense()
    return export_model(
        module, SPEC, Preprocessing(), inputs(), inputs(8), folder, limits, run_int8=run_int8
    )


def test_the_record_says_what_the_files_hold(scale_cnn: Exported) -> None:
    artifact = scale_cnn.artifact
    content, model = read_model_file(scale_cnn.tflite)
    assert artifact.tflite.sha256 == hashlib.sha256(content).hexdigest()
    assert artifact.tflite.size_bytes == len(content)
    assert artifact.onnx.sha256 == hashlib.sha256(scale_cnn.onnx.read_bytes()).hexdigest()
    assert (artifact.input.shape, artifact.input.dtype) == ((1, 8, 8, 1), "int8")
    assert (artifact.output.shape, artifact.output.dtype) == ((1, 10), "int8")
    assert artifact.input.scale == model.input.scales[0]
    assert artifact.operators == tuple(operator.name for operator in model.operators)
    convolutions = {"CONV_2D", "DEPTHWISE_CONV_2D"}  # of one channel, both are the same
    assert sum(name in convolutions for name in artifact.operators) == 8
    assert artifact.score_kind == "logits"
    assert artifact.calibration_samples == 96
    calibration = scale_cnn.preprocessing.apply(scale_cnn.images)
    assert artifact.calibration_digest == digest_of_inputs(calibration)
    assert set(artifact.converters) >= {"torch", "litert-torch", "ai-edge-quantizer", "onnx"}
    assert Artifact.from_json(json.loads(json.dumps(artifact.to_json()))) == artifact


def test_sizes_are_those_of_the_torch_module(scale_cnn: Exported) -> None:
    spec = ModelSpec("scale_cnn", 2, 1, (8, 8), 10)
    assert scale_cnn.artifact.parameters == count_parameters(scale_cnn.module)
    assert scale_cnn.artifact.macs == count_macs(scale_cnn.module, spec)


def test_the_int8_model_has_per_channel_weights_and_aligned_buffers(scale_cnn: Exported) -> None:
    content, model = read_model_file(scale_cnn.tflite)
    require_int8(model)
    base = np.frombuffer(content, dtype=np.uint8).__array_interface__["data"][0]
    constants = [one for one in model.tensors if one.is_constant]
    for tensor in constants:
        start = np.frombuffer(tensor.data, dtype=np.uint8).__array_interface__["data"][0] - base
        assert start % 16 == 0
    convolutions = [one for one in model.operators if one.name == "CONV_2D"]
    assert all(len(model.tensors[op.inputs[1]].scales) > 1 for op in convolutions)
    assert {model.tensors[op.inputs[2]].dtype for op in convolutions} == {"int32"}


def test_both_files_carry_the_preprocessing_and_nothing_of_this_machine(
    scale_cnn: Exported,
) -> None:
    import onnx

    _, model = read_model_file(scale_cnn.tflite)
    stored = Preprocessing.from_json(model.metadata[METADATA_KEY].decode())
    assert stored == scale_cnn.preprocessing
    graph = onnx.load(scale_cnn.onnx)
    entries = {entry.key: entry.value for entry in graph.metadata_props}
    assert Preprocessing.from_json(entries[METADATA_KEY]) == scale_cnn.preprocessing
    for content in (scale_cnn.onnx.read_bytes(), scale_cnn.tflite.read_bytes()):
        assert b"site-packages" not in content
        assert b".py" not in content


def test_conversions_agree_with_torch_far_within_their_limits(
    scale_cnn: Exported, mobilenet: Exported
) -> None:
    for exported in (scale_cnn, mobilenet):
        for difference in (exported.artifact.onnx_difference, exported.artifact.float_difference):
            assert 0 <= difference.relative < 1e-4
            assert difference.samples == 16
        assert exported.artifact.int8_difference.samples == 16
        assert 1e-3 < exported.artifact.int8_difference.relative < 0.5


def test_mobilenet_becomes_int8_operators_only(mobilenet: Exported) -> None:
    operators = mobilenet.artifact.operators
    assert operators.count("DEPTHWISE_CONV_2D") == 17
    assert set(operators) == {
        "CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "PAD", "MEAN", "FULLY_CONNECTED",
    }  # fmt: skip


def test_equal_inputs_give_equal_bytes_and_no_noise(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = export_dense(tmp_path / "a")
    capfd.readouterr()
    second = export_dense(tmp_path / "b")
    assert first == second
    assert capfd.readouterr() == ("", "")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "model.onnx",
        "model.tflite",
    ]


def test_a_users_vector_model_with_softmax_gives_probabilities(tmp_path: Path) -> None:
    artifact = export_dense(tmp_path, dense(softmax=True))
    assert artifact.input.shape == (1, 6)
    assert artifact.score_kind == "probabilities"
    assert artifact.output.scale == 1 / 256


def test_the_module_keeps_its_mode_and_weights(tmp_path: Path) -> None:
    module = dense().train()
    before = [parameter.clone() for parameter in module.parameters()]
    export_dense(tmp_path, module)
    assert module.training
    assert all(torch.equal(a, b) for a, b in zip(before, module.parameters(), strict=True))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"onnx_tolerance": 0.0, "float_tolerance": 1.0}, "the conversion to ONNX is wrong"),
        (
            {"onnx_tolerance": 1.0, "float_tolerance": 0.0},
            "the conversion to float TFLite is wrong",
        ),
    ],
)
def test_a_conversion_beyond_its_limit_is_refused_before_anything_is_written(
    tmp_path: Path, limits: Any, message: str
) -> None:
    with pytest.raises(ExportError, match=f"made.by:Test 1: {message}: .* limit 0"):
        export_dense(tmp_path, _Slightly(), SimpleNamespace(**limits))
    assert list(tmp_path.iterdir()) == []


class _Slightly(nn.Module):
    """exp and division differ in their last bits from library to library."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = dense()

    def forward(self, values: Any) -> Any:
        return torch.softmax(self.dense(values) * 3.7, dim=1)


class _Unconvertible(nn.Module):
    def forward(self, values: Any) -> Any:
        return torch.linalg.svd(values.reshape(-1, 2, 3))[1].sum() + values[:, :3]


def test_an_operator_without_conversion_is_one_line_and_shows_the_converters_words(
    tmp_path: Path,
) -> None:
    with pytest.raises(ExportError) as caught:
        export_dense(tmp_path, _Unconvertible())
    message = str(caught.value)
    assert message.startswith("made.by:Test 1: the conversion to ")
    assert "\n" not in message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "given", [np.zeros((0, 6), np.float32), np.zeros((2, 6)), np.full((2, 6), np.nan, np.float32)]
)
def test_inputs_that_calibrate_nothing_are_refused(tmp_path: Path, given: Any) -> None:
    with pytest.raises(ExportError, match="inputs must be"):
        export_model(dense(), SPEC, Preprocessing(), given, inputs(4), tmp_path, LIMITS)


def test_a_network_that_returns_nan_is_refused(tmp_path: Path) -> None:
    module = dense()
    with torch.no_grad():
        module[0].bias.fill_(float("nan"))
    with pytest.raises(ExportError, match="NaN or infinity"):
        export_dense(tmp_path, module)


def test_the_int8_model_is_run_where_an_interpreter_is_given(tmp_path: Path) -> None:
    calls = []

    def run_int8(content: Any, samples: Any) -> Any:
        calls.append((content[4:8], samples.shape))
        return torch.nn.Module.__call__(dense(), torch.from_numpy(samples)).detach().numpy() + 0.5

    artifact = export_dense(tmp_path, run_int8=run_int8)
    assert calls == [(b"TFL3", (8, 6))]
    assert artifact.int8_difference.largest == pytest.approx(0.5)


@pytest.mark.parametrize("content", [None, {}, {"format": 2}, [1], "x"])
def test_a_record_that_is_not_one_is_refused(content: Any) -> None:
    with pytest.raises(InvalidModelFileError, match="not an artifact record"):
        Artifact.from_json(content)


def test_a_form_is_the_same_network_with_other_weights(tmp_path: Path) -> None:
    scales: dict[str, list[int]] = {}
    names: tuple[Quantization, ...] = ("int8", "int8-per-tensor", "float")
    for name in names:
        folder = tmp_path / name
        folder.mkdir()
        given = (dense(), SPEC, Preprocessing(), inputs(), inputs(8), folder, LIMITS)
        artifact = export_model(*given, run_int8=run_int8, form=Form(name))
        _, model = read_model_file(folder / "model.tflite")
        weights = [model.tensors[one.inputs[1]] for one in model.operators]
        scales[name] = [len(one.scales) for one in weights]
        assert (artifact.int8_difference is None) == (name == "float")
        assert artifact.input.dtype == ("float32" if name == "float" else "int8")
    assert scales == {"int8": [5, 3], "int8-per-tensor": [1, 1], "float": [0, 0]}


def test_a_form_is_named_by_what_differs_from_the_default() -> None:
    assert DEFAULT_FORM.name == ""
    assert Form("int8-per-tensor", "tensorflow").name == "int8-per-tensor+tensorflow"
    assert not Form("float").computes_in_int8
