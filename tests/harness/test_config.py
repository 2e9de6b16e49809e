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
