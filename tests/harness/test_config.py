from __future__ import annotations

from pathlib import Path

import pytest

from harness.config import load_config
from harness.errors import ConfigError

MINIMAL = """
name = "mine"
[data]
source = "npz"
path = "data/mine.npz"
[[models]]
family = "scale_cnn"
widths = [4, 8]
"""

GATE = """
[gate]
runtime = "tflm"
target = { family = "scale_cnn", width = 4 }
[[gate.checks]]
metric = "accuracy"
limit = 0.9
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "c.toml"
    path.write_text(text)
    return path


def test_the_defaults_are_the_papers_protocol(tmp_path: Path) -> None:
    train = load_config(write(tmp_path, MINIMAL)).train
    assert train.of_the_result() == {
        "epochs": 200,
        "batch_size": 128,
        "learning_rate": 0.1,
        "final_learning_rate": 1e-5,
        "momentum": 0.9,
        "weight_decay": 5e-4,
        "threads": 1,
        "augment": {"crop_padding": 4, "flip": True, "cutout": 8},
    }


def test_paths_are_relative_to_the_config(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, MINIMAL))
    assert config.data.path == tmp_path / "data" / "mine.npz"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINIMAL + "[trian]\nepochs = 3\n", "unknown key 'trian'; did you mean 'train'?"),
        (MINIMAL + "[train]\nepoch = 3\n", "train: unknown key 'epoch'; did you mean 'epochs'?"),
        (MINIMAL + "[train]\nepochs = 0\n", "train.epochs: .* greater than or equal to 1, got 0"),
        (MINIMAL + "[train]\nepochs = 'x'\n", "train.epochs: .*valid integer.*got 'x'"),
        (MINIMAL + "[train]\nlearning_rate = nan\n", "train.learning_rate: .*finite"),
        (MINIMAL.replace("[4, 8]", "[4, 4]"), "models.0.widths: values must not repeat"),
        (MINIMAL.replace("[4, 8]", "[]"), "models.0.widths: .*at least 1 item"),
        (MINIMAL.replace('"mine"', '"../mine"'), "name: .*pattern.*got '../mine'"),
        (MINIMAL + GATE.replace("= 4", "= 5"), "width 5 is not among"),
        (MINIMAL + GATE.replace("tflm", "tflx"), "gate.runtime 'tflx' is not among"),
        (MINIMAL + GATE.replace("accuracy", "acuracy"), "unknown metric; did you mean 'accuracy'"),
        (
            MINIMAL.replace("scale_cnn", "resnet"),
            "models.0.family: unknown family; known: scale_cnn",
        ),
        (MINIMAL + "[evaluate]\nruntimes = ['device']\n", "evaluate.devices names none"),
        ("name = ", "not a TOML file"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_file_key_and_value(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        load_config(write(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "c.toml"))


def test_a_missing_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.toml")


SAMPLED = """
[evaluate]
runtimes = ["tflm", "device"]
devices = ["qemu://mps2-an386"]
device_samples = 100
[gate]
runtime = "tflm"
target = { family = "scale_cnn", width = 4 }
[[gate.checks]]
metric = "parity"
reference = "device"
limit = 0.05
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"tflm", "device"]', '"tflm"]', "evaluate.device_samples needs 'device'"),
        ('runtime = "tflm"', 'runtime = "device"', "set gate.runtime = 'tflm'"),
        ('reference = "device"', 'reference = "tflm"', "needs a check that the device and its"),
        ("device_samples = 100", "device_samples = 0", "evaluate.device_samples"),
    ],
)
def test_a_device_that_answers_a_part_needs_its_twin_and_a_check_that_they_agree(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = MINIMAL + SAMPLED
    assert load_config(write(tmp_path, text)).evaluate.device_samples == 100
    with pytest.raises(ConfigError, match=said):
        load_config(write(tmp_path, text.replace(old, new)))


PRUNED = """
[[models]]
family = "scale_cnn"
widths = [4]
pruned_from = 8
"""


def test_a_pruned_model_is_fine_tuned_for_half_the_epochs_from_the_full_rate(
    tmp_path: Path,
) -> None:
    config = load_config(write(tmp_path, MINIMAL + PRUNED))
    assert [one.pruned_from for one in config.models] == [None, 8]
    tuning = config.prune.fine_tuning(config.train)
    assert (tuning.epochs, tuning.learning_rate) == (100, 0.1)
    asked = load_config(write(tmp_path, MINIMAL + "[prune]\nepochs = 7\nlearning_rate = 1e-6\n"))
    tuning = asked.prune.fine_tuning(asked.train)
    assert (tuning.epochs, tuning.learning_rate, tuning.final_learning_rate) == (7, 1e-6, 1e-6)
    assert tuning.augment == asked.train.augment


def test_the_limits_of_an_export_are_all_that_names_the_usual_one(tmp_path: Path) -> None:
    """What was exported before other forms could be asked for stays found."""
    export = load_config(write(tmp_path, MINIMAL)).export
    assert export.limits() == {"onnx_tolerance": 1e-3, "float_tolerance": 1e-3}
    assert [form.name for form in export.forms] == [""]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[export]\nquantize = ['float']\n", "'int8' must be among them"),
        ("[export]\nquantize = ['int8', 'int8']\n", "values must not repeat"),
        ("[export]\nquantize = ['int8', 'int4']\n", "export.quantize.1: .*'int4'"),
        (
            "[export]\nquantize = ['int8', 'float']\n[evaluate]\nruntimes = ['tflm']\n",
            "export.quantize has 'float', which runs on litert and litert-ref alone",
        ),
        (PRUNED.replace("8", "4"), "width 4 cannot be cut out of width 4"),
        (
            PRUNED.replace("8", "16") + "seeds = [0, 1]\n",
            r"pruned from width 16, but no \[\[models\]\] table trains that width with the seeds "
            r"\[0, 1\]",
        ),
        (
            GATE.replace("width = 4", "width = 4, pruned_from = 8"),
            "gate.target scale_cnn width 4 pruned from 8 is not among",
        ),
        (
            GATE.replace("width = 4", "width = 4, quantization = 'int8-per-tensor'"),
            "gate.target.quantization 'int8-per-tensor' is not among export.quantize",
        ),
        (
            "[export]\nquantize = ['int8', 'float']\n"
            + GATE.replace("width = 4", "width = 4, quantization = 'float'"),
            "gate.runtime 'tflm' does not run the float .tflite of gate.target; use one of litert",
        ),
    ],
)
def test_what_cannot_be_made_smaller_so_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        load_config(write(tmp_path, MINIMAL + text))
    assert "\n" not in str(error.value)
