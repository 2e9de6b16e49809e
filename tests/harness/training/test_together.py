from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from harness.config import DataConfig
from harness.data import Dataset, load_dataset
from harness.data.normalization import normalization
from harness.errors import ArtifactError, UserError
from harness.training.checkpoint import load_model
from harness.training.config import AugmentConfig, TrainConfig
from harness.training.history import EpochRecord, read_history
from harness.training.task import Task
from harness.training.together import folder_of, train_together
from harness.training.train import train_model
from models import ModelSpec

SEEDS = (3, 0, 7)
CONFIG = TrainConfig(
    epochs=3,
    learning_rate=0.01,
    checkpoint_every_epochs=2,
    augment=AugmentConfig(crop_padding=1, flip=True, cutout=2),
    device="cpu",
)


class Killed(Exception):
    """Stands for whatever ends a process between two epochs."""


def kill_at(epoch: int) -> Callable[[Sequence[EpochRecord]], None]:
    def on_epoch(records: Sequence[EpochRecord]) -> None:
        if records[0].epoch == epoch:
            raise Killed

    return on_epoch


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset(DataConfig(source="digits"))


def task_on(
    digits: Dataset, family: str = "scale_cnn", width: float = 4, **changes: object
) -> Task:
    config = CONFIG.model_copy(update=changes)
    spec = ModelSpec(family, width, 1, (8, 8), 10)
    return Task(config, spec, digits, normalization(digits.train, "train"))


def test_each_seed_ends_where_it_ends_alone(digits: Dataset, tmp_path: Path) -> None:
    task = task_on(digits, epochs=2)  # later, a tie that rounds otherwise may part them
    together = train_together(task, SEEDS, tmp_path / "together")
    for seed, found in zip(SEEDS, together, strict=True):
        folder = tmp_path / f"alone-{seed}"
        alone = train_model(
            task.config, task.spec, digits, task.preprocessing, seed=seed, folder=folder
        )
        for expected, record in zip(alone.history, found.history, strict=True):
            assert (record.epoch, record.learning_rate) == (expected.epoch, expected.learning_rate)
            assert record.loss == pytest.approx(expected.loss, rel=1e-3)
            assert record.accuracy == pytest.approx(expected.accuracy, abs=2e-3)
        one, other = load_model(alone.checkpoint), load_model(found.checkpoint)
        assert (one.seed, one.spec, one.class_names) == (other.seed, other.spec, other.class_names)
        weights = other.module.state_dict()
        for name, tensor in one.module.state_dict().items():
            limit = 1e-3 * float(tensor.abs().max())
            torch.testing.assert_close(weights[name], tensor, rtol=0, atol=limit, msg=name)


def test_seeds_differ_in_their_first_epoch_already(digits: Dataset, tmp_path: Path) -> None:
    trained = train_together(task_on(digits, epochs=1), SEEDS, tmp_path)
    assert len({one.history[0].loss for one in trained}) == len(SEEDS)


def test_every_seed_has_its_own_files_and_nothing_else_is_left(
    digits: Dataset, tmp_path: Path
) -> None:
    trained = train_together(task_on(digits), SEEDS, tmp_path)
    assert sorted(files(tmp_path)) == sorted(
        f"s{seed}/{name}" for seed in SEEDS for name in ("checkpoint.safetensors", "history.json")
    )
    for seed, one in zip(SEEDS, trained, strict=True):
        assert one.checkpoint.parent == folder_of(tmp_path, seed)
        assert one.history == read_history(one.checkpoint.with_name("history.json"))
        assert [record.epoch for record in one.history] == [1, 2, 3]


@pytest.mark.parametrize(
    ("family", "width", "killed_at"),
    [("scale_cnn", 2, 1), ("scale_cnn", 2, 2), ("scale_cnn", 2, 3), ("mobilenet_v2", 0.1, 3)],
)
def test_a_killed_training_ends_as_an_unbroken_one_bit_for_bit(
    digits: Dataset, tmp_path: Path, family: str, width: float, killed_at: int
) -> None:
    few = Dataset(
        "few", digits.train.take(np.arange(140), "train"), digits.calibration, digits.test
    )
    task = task_on(few, family, width)
    train_together(task, SEEDS, tmp_path / "unbroken")
    with pytest.raises(Killed):
        train_together(task, SEEDS, tmp_path / "killed", kill_at(killed_at))
    train_together(task, SEEDS, tmp_path / "killed")
    assert files(tmp_path / "unbroken") == files(tmp_path / "killed")


def test_a_kill_between_two_checkpoints_is_made_good(digits: Dataset, tmp_path: Path) -> None:
    task = task_on(digits, epochs=1)
    train_together(task, SEEDS, tmp_path)
    unbroken = files(tmp_path)
    (folder_of(tmp_path, SEEDS[-1]) / "checkpoint.safetensors").unlink()
    train_together(task, SEEDS, tmp_path)
    assert files(tmp_path) == unbroken


def test_a_finished_training_is_returned_without_an_epoch(digits: Dataset, tmp_path: Path) -> None:
    task = task_on(digits, epochs=1)
    first = train_together(task, SEEDS, tmp_path)
    again = train_together(task, SEEDS, tmp_path, kill_at(1))
    assert [one.history for one in again] == [one.history for one in first]


def test_a_resume_file_of_other_seeds_is_refused(digits: Dataset, tmp_path: Path) -> None:
    task = task_on(digits, checkpoint_every_epochs=1)
    with pytest.raises(Killed):
        train_together(task, SEEDS, tmp_path, kill_at(1))
    with pytest.raises(ArtifactError, match="another config, data set or seed; delete it"):
        train_together(task, (*SEEDS[:2], 8), tmp_path)


def test_a_seed_that_diverges_is_named(digits: Dataset, tmp_path: Path) -> None:
    task = task_on(digits, learning_rate=1e30)
    with pytest.raises(UserError, match=r"scale_cnn width 4 seed 3: loss or weights .* epoch 1 of"):
        train_together(task, SEEDS, tmp_path)


def test_a_seed_given_twice_is_one_line(digits: Dataset, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"seeds \[1, 1\]: a seed is trained once"):
        train_together(task_on(digits), (1, 1), tmp_path)


def test_a_cuda_device_trains_each_seed_as_alone(digits: Dataset, tmp_path: Path) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device on this machine")
    task = task_on(digits, device="cuda", epochs=1)
    for seed, found in zip(SEEDS, train_together(task, SEEDS, tmp_path / "t"), strict=True):
        alone = train_model(
            task.config,
            task.spec,
            digits,
            task.preprocessing,
            seed=seed,
            folder=tmp_path / f"{seed}",
        )
        assert found.history[0].loss == pytest.approx(alone.history[0].loss, rel=1e-3)
