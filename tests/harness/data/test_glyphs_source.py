"""glyphs100 through a config: its splits, its keys, and a training from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from harness.cli.main import run
from harness.config import DataConfig, load_config
from harness.data import Dataset, load_dataset
from harness.data.glyphs.difficulty import STANDARD
from harness.data.glyphs.generate import TEST_STREAM, generate
from harness.errors import ConfigError, DataError

CONFIG = """
name = "glyphs"
[data]
source = "glyphs100"
path = "glyphs"
train_samples = 400
test_samples = 100
calibration_samples = 100
[[models]]
family = "scale_cnn"
widths = [2]
[train]
epochs = 1
[train.augment]
flip = false
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the images of `CONFIG` are drawn, once."""
    folder = tmp_path_factory.mktemp("glyphs100")
    (folder / "c.toml").write_text(CONFIG)
    return folder


def load(folder: Path, seed: int = 0) -> Dataset:
    config = load_config(folder / "c.toml").data
    return load_dataset(config.model_copy(update={"seed": seed}))


def test_the_default_is_50000_to_train_and_10000_to_test_with() -> None:
    config = DataConfig(source="glyphs100")
    assert (config.train_samples, config.test_samples) == (50_000, 10_000)


def test_a_config_gives_three_balanced_splits_with_a_test_split_of_its_own(folder: Path) -> None:
    dataset = load(folder)
    assert dataset.name == "glyphs100"
    for split, each in ((dataset.train, 3), (dataset.calibration, 1), (dataset.test, 1)):
        assert np.bincount(split.labels).tolist() == [each] * 100
        assert split.images.dtype == np.uint8
        assert split.images.shape == (100 * each, 32, 32, 3)
    assert np.array_equal(dataset.test.images, generate(TEST_STREAM, 100, STANDARD))
    assert len(set(dataset.class_names)) == 100


def test_the_seed_draws_the_calibration_images_and_leaves_the_test_split(folder: Path) -> None:
    first, again, other = (load(folder, seed) for seed in (0, 0, 1))
    assert again.digests == first.digests
    assert other.test.digest == first.test.digest
    assert other.calibration.digest != first.calibration.digest


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train_samples = 0", "data.train_samples: .*greater than or equal to 1, got 0"),
        ("test_samples = 1000001", "data.test_samples: .*less than or equal to 1000000"),
        ("train_samples = 1.5", "data.train_samples: "),
        ("samples = 5", "data: unknown key 'samples'"),
    ],
)
def test_a_wrong_size_is_one_line(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(CONFIG.replace("train_samples = 400\ntest_samples = 100", line))
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_too_few_images_for_every_class_are_one_line(tmp_path: Path) -> None:
    config = DataConfig(
        source="glyphs100",
        path=tmp_path,
        train_samples=60,
        test_samples=20,
        calibration_samples=10,
    )
    with pytest.raises(DataError, match="50 of 100 classes have none"):
        load_dataset(config)


@pytest.mark.filterwarnings("default")  # MLflow's database layer deprecates freely
def test_a_model_is_trained_from_the_command_line(folder: Path) -> None:
    assert run(["train", str(folder / "c.toml"), "--runs", str(folder / "runs")]) == 0
    (record,) = folder.glob("runs/glyphs/train/*/record.json")
    assert json.loads(record.read_text())["inputs"]["data"] == load(folder).train.digest
    assert (record.parent / "checkpoint.safetensors").is_file()
