"""A sweep whose models two converters make files of, compared sample by sample."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from export.tf import process
from harness.cli.main import run
from harness.errors import EXIT_USER
from harness.files import sha256_of_file
from harness.pipeline.converted_twice import answered_twice, converted_twice
from harness.pipeline.finished import find_results
from harness.pipeline.stages import open_stages
from harness.predictions import Predictions
from harness.scaling.converters import converter_pairs
from tests.harness.pipeline.small import tinygate, write
from tests.harness.scaling.made import folder, model, variant
from tests.tensorflow_part import need_tensorflow

CONFIG = """
name = "two"
[data]
source = "digits"
calibration_samples = 32
[[models]]
family = "scale_cnn"
widths = [2]
[train]
epochs = 2
learning_rate = 0.05
[train.augment]
cutout = 0
[export]
converter = "tensorflow"
[evaluate]
runtimes = ["torch", "tflm"]
"""


class Silent:
    """A reporter that says nothing."""


def test_one_config_makes_both_files_runs_both_and_compares_them(tmp_path: Path) -> None:
    need_tensorflow()
    write(tmp_path, CONFIG)
    ran = tinygate(tmp_path, "evaluate", "c.toml")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    root = tmp_path / "runs" / "two"
    files = {path.parent.name.rpartition("-")[0]: path for path in root.glob("evaluate/*/*.npz")}
    assert set(files) == {
        *("scale_cnn-2-s0-torch", "scale_cnn-2-s0-tflm", "scale_cnn-2-s0-tensorflow-tflm"),
    }
    other = Predictions.load(files["scale_cnn-2-s0-tensorflow-tflm"])
    assert other.meta.model is not None
    assert (other.meta.model.converter, other.meta.model.variant) == ("tensorflow",) * 2
    analyzed = tinygate(tmp_path, "analyze", str(root))
    assert analyzed.returncode == 0, analyzed.stdout + analyzed.stderr
    assert "scale_cnn-2-s0 by tensorflow on tflm: accuracy " in analyzed.stdout
    (row,) = json.loads((root / "analysis" / "analysis.json").read_text())["tables"]["converters"][
        "rows"
    ]
    assert (row["runtime"], row["samples"]) == ("tflm", len(other))
    assert 0 <= row["largest_lsb"] < 30
    assert row["largest_lsb"] == pytest.approx(round(row["largest_lsb"]), abs=0.01 * 30)
    assert row["jaccard"] > row["independent_in_class"]
    for form in ("svg", "png"):
        assert (root / "analysis" / "figures" / f"converters.{form}").stat().st_size > 1000


def test_without_the_extra_one_line_comes_before_any_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write(tmp_path, CONFIG)
    monkeypatch.setattr(process, "is_installed", lambda: False)
    code = run(["export", str(config), "--runs", str(tmp_path / "runs")])
    assert code == EXIT_USER
    said = "".join(capsys.readouterr()).split()
    assert " ".join(said) == (
        "error: tensorflow is not installed; install it with: pip install 'tinygate[tensorflow]'"
    )
    assert not (tmp_path / "runs" / "two" / "train").exists()


def test_a_default_export_depends_on_what_it_always_did(tmp_path: Path) -> None:
    config = write(tmp_path, CONFIG)
    stages = open_stages(config, tmp_path / "runs", Silent())  # type: ignore[arg-type]
    usual, other = stages.plan.converted
    checkpoint = stages._checkpoint(usual)
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"weights")
    (checkpoint.parent / "record.json").write_text(
        json.dumps({"files": {checkpoint.name: sha256_of_file(checkpoint)}})
    )
    units = [stages._export_unit(one) for one in (usual, other)]
    assert set(units[0].inputs) == {"checkpoint", "calibration", "limits", "converters"}
    assert units[0].inputs["limits"] == {"onnx_tolerance": 1e-3, "float_tolerance": 1e-3}
    assert set(units[0].inputs["converters"]) == {
        *("torch", "onnx", "onnxscript", "litert-torch", "ai-edge-litert", "ai-edge-quantizer"),
    }
    assert units[1].inputs["form"] == {"quantization": "int8", "converter": "tensorflow"}
    assert "tensorflow-cpu" in units[1].inputs["converters"]
    assert units[0].key != units[1].key


def answered(root: Path, *models: Predictions, runtime: str = "torch") -> list[tuple[str, str]]:
    """Return runtime and model of what is compared."""
    results = find_results([folder(root, models)])
    pairs = converter_pairs(answered_twice(converted_twice(results, runtime), [root]))
    return [(one.runtime, one.name) for one in pairs]


def by_tensorflow(one: Predictions) -> Predictions:
    return variant(one, converter="tensorflow")


def test_the_runtime_asked_for_is_taken_where_it_ran_both_else_tflm(tmp_path: Path) -> None:
    models = {name: model("net", 1, 0, runtime=name) for name in ("tflm", "litert", "torch")}
    both = [
        *models.values(),
        *(by_tensorflow(models[name]) for name in ("tflm", "litert")),
        by_tensorflow(model("net", 2, 0, runtime="tflm")),  # without its counterpart
    ]
    assert answered(tmp_path / "a", *both) == [("tflm", "net-1-s0")]
    assert answered(tmp_path / "b", *both, runtime="litert") == [("litert", "net-1-s0")]
    assert answered(tmp_path / "c", models["torch"], by_tensorflow(models["tflm"])) == []


def test_a_pruned_model_is_held_against_itself(tmp_path: Path) -> None:
    plain = model("net", 1, 0, runtime="tflm")
    cut = variant(model("net", 1, 0, runtime="tflm", alpha=0.31), pruned_from=4.0)
    names = answered(tmp_path / "a", plain, cut, by_tensorflow(plain), by_tensorflow(cut))
    assert names == [("tflm", "net-1-s0"), ("tflm", "net-1 pruned-4-s0")]
