from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from export.preprocessing import Preprocessing  # noqa: E402
from harness.data.split import Dataset, Split  # noqa: E402
from harness.pipeline.finished import Training  # noqa: E402
from harness.pipeline.measured import measure  # noqa: E402
from harness.pipeline.store import Store, Unit  # noqa: E402
from harness.predictions import ModelRecord  # noqa: E402
from harness.training import CHECKPOINT_NAME, HISTORY_NAME  # noqa: E402
from harness.training.checkpoint import save_model  # noqa: E402
from harness.training.history import EpochRecord, write_history  # noqa: E402
from models import ModelSpec, build  # noqa: E402

NAMES = ("a", "b", "c")


def epoch(number: int, loss: float) -> EpochRecord:
    return EpochRecord(epoch=number, learning_rate=0.1, loss=loss, accuracy=0.5)


def trained(root: Path, width: int, seed: int, family: str = "scale_cnn") -> Training:
    def work(folder: Path) -> None:
        torch.manual_seed(seed)
        spec = ModelSpec("scale_cnn", width, 1, (8, 8), 3)
        normal = Preprocessing((128.0,), (64.0,))
        save_model(folder / CHECKPOINT_NAME, build(spec), spec, seed, normal, NAMES)
        write_history(folder / HISTORY_NAME, [epoch(1, 2.0), epoch(2, 1.0 / width + seed / 100)])

    unit = Unit("train", f"{width}-{seed}", {"width": width, "seed": seed})
    folder = Store(root).build(unit, work)
    record = ModelRecord(family=family, width=width, seed=seed, parameters=100 * width**2)
    return Training(record, folder, None)


def dataset() -> Dataset:
    rng = np.random.default_rng(0)
    splits = [
        Split(
            name,
            rng.integers(0, 256, (count, 8, 8, 1), dtype=np.uint8),
            np.arange(count) % 3,
            np.arange(count),
            NAMES,
        )
        for name, count in (("train", 200), ("calibration", 10), ("test", 60))
    ]
    return Dataset("made", *splits)


def test_the_loss_is_that_of_the_last_epoch_averaged_over_seeds(tmp_path: Path) -> None:
    some = [trained(tmp_path, width, seed) for width in (4, 2) for seed in (1, 0)]
    found = measure(some, 4, None, print)
    assert [(one.width, one.models, one.epochs) for one in found.losses] == [(2, 2, 2), (4, 2, 2)]
    assert [one.loss for one in found.losses] == pytest.approx([0.505, 0.255])
    assert found.losses[0].loss_std == pytest.approx(0.01 / 2**0.5)
    assert (found.spectrum, found.ranks) == (None, ())
    assert "give --config" in found.notes[0]


def test_with_the_images_there_are_a_spectrum_and_ranks_of_every_size(tmp_path: Path) -> None:
    some = [trained(tmp_path, width, seed) for width in (2, 4) for seed in (0, 1)]
    found = measure(some, 4, dataset(), lambda _: None)
    assert found.spectrum is not None
    assert (found.spectrum.features, found.spectrum.last) == (64, 64)
    assert [(one.size, one.models) for one in found.ranks] == [
        ("scale_cnn-2", 2),
        ("scale_cnn-4", 2),
    ]
    assert all(1 <= one.features <= 8 * one.by_layer[0].channels for one in found.ranks)
    assert len(found.ranks[0].by_layer) == 8
    assert found == measure(some, 4, dataset(), lambda _: None)


def test_trainings_that_are_missing_and_classes_of_the_users_own_are_named(tmp_path: Path) -> None:
    own = trained(tmp_path, 4, 0, family="mine:Net")
    found = measure([own], 3, dataset(), lambda _: None)
    assert found.ranks == ()
    assert "2 of 3 models: their training is not in these folders" in found.notes[0]
    assert "effective rank of mine:Net" in found.notes[1]
    assert len(found.losses) == 1
