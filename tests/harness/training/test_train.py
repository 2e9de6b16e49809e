from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from export.preprocessing import Preprocessing
from harness.config import DataConfig
from harness.data import Dataset, load_dataset
from harness.data.normalization import normalization
from harness.errors import ArtifactError, DataError, InfrastructureError, UserError
from harness.training.augment import TrainingImages
from harness.training.checkpoint import load_model
from harness.training.config import AugmentConfig, TrainConfig
from harness.training.determinism import start_stream
from harness.training.history import EpochRecord, read_history
from harness.training.train import TrainedModel, train_model
from models import ModelError, ModelSpec, build

CONFIG = TrainConfig(
    epochs=5,
    batch_size=16,
    checkpoint_every_epochs=2,
    augment=AugmentConfig(crop_padding=1, flip=True, cutout=2),
    device="cpu",
)
Train = Callable[..., TrainedModel]


@pytest.fixture
def train(dataset: Dataset, preprocessing: Preprocessing, spec: ModelSpec, tmp_path: Path) -> Train:
    """Train into a named folder; keywords replace the arguments."""

    def run(folder: str, **changes: object) -> TrainedModel:
        arguments: dict[str, object] = {
            "config": CONFIG,
            "spec": spec,
            "dataset": dataset,
            "preprocessing": preprocessing,
            "seed": 3,
            "folder": tmp_path / folder,
        }
        return train_model(**(arguments | changes))  # type: ignore[arg-type]

    return run


class Killed(Exception):
    """Stands for whatever ends a process between two epochs."""


def kill_at(epoch: int) -> Callable[[EpochRecord], None]:
    def on_epoch(record: EpochRecord) -> None:
        if record.epoch == epoch:
            raise Killed

    return on_epoch


def same_files(first: TrainedModel, second: TrainedModel) -> bool:
    folders = first.checkpoint.parent, second.checkpoint.parent
    contents = [{one.name: one.read_bytes() for one in folder.iterdir()} for folder in folders]
    return contents[0] == contents[1]


def test_a_training_leaves_its_checkpoint_and_its_history_and_nothing_else(train: Train) -> None:
    trained = train("one")
    folder = trained.checkpoint.parent
    assert sorted(one.name for one in folder.iterdir()) == [
        "checkpoint.safetensors",
        "history.json",
    ]
    assert trained.history == read_history(folder / "history.json")
    assert [record.epoch for record in trained.history] == [1, 2, 3, 4, 5]
    assert trained.history[0].learning_rate == 0.1


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(train: Train) -> None:
    first, again, other = train("first"), train("again"), train("other", seed=4)
    assert same_files(first, again)
    assert first.checkpoint.read_bytes() != other.checkpoint.read_bytes()


@pytest.mark.parametrize(
    ("family", "width", "killed_at"),
    [
        ("scale_cnn", 2, 1),
        ("scale_cnn", 2, 2),
        ("scale_cnn", 2, 3),
        ("scale_cnn", 2, 5),
        ("mobilenet_v2", 0.1, 3),
    ],
)
def test_a_killed_training_ends_as_an_unbroken_one_bit_for_bit(
    train: Train, family: str, width: float, killed_at: int
) -> None:
    one = ModelSpec(family, width, 2, (8, 8), 3)
    unbroken = train("unbroken", spec=one)
    with pytest.raises(Killed):
        train("killed", spec=one, on_epoch=kill_at(killed_at))
    computed: list[int] = []
    resumed = train("killed", spec=one, on_epoch=lambda record: computed.append(record.epoch))
    assert computed == list(range(killed_at // 2 * 2 + 1, 6)), "from the last due checkpoint on"
    assert same_files(unbroken, resumed)


def test_the_weights_do_not_depend_on_the_threads_of_the_process(train: Train) -> None:
    trained = []
    threads = torch.get_num_threads()
    for count in (1, 2):
        torch.set_num_threads(count)
        try:
            trained.append(train(f"threads-{count}"))
        finally:
            torch.set_num_threads(threads)
    assert same_files(*trained)


def test_a_training_that_is_killed_again_and_again_ends_the_same(train: Train) -> None:
    config = CONFIG.model_copy(update={"checkpoint_every_epochs": 1})
    unbroken = train("unbroken")
    for epoch in range(1, 6):
        with pytest.raises(Killed):
            train("killed", config=config, on_epoch=kill_at(epoch))
    assert same_files(unbroken, train("killed", config=config))


SCRIPT = """
import os, signal, sys
from pathlib import Path
from harness.config import DataConfig
from harness.training.config import AugmentConfig, TrainConfig
from harness.data import load_dataset
from harness.data.normalization import normalization
from harness.training.train import train_model
from models import ModelSpec

def on_epoch(record):
    if record.epoch == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

dataset = load_dataset(DataConfig(source="digits"))
config = TrainConfig(epochs=3, checkpoint_every_epochs=1, device="cpu",
                     augment=AugmentConfig(crop_padding=1, flip=False, cutout=2))
train_model(config, ModelSpec("scale_cnn", 2, 1, (8, 8), 10), dataset,
            normalization(dataset.train, "train"), seed=0, folder=Path(sys.argv[1]),
            on_epoch=on_epoch)
"""


def test_a_process_ended_by_sigkill_leaves_what_the_next_one_finishes(
    train: Train, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "killed"), "2"]
    killed = subprocess.run(command, check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert [one.name for one in (tmp_path / "killed").iterdir()] == ["resume.safetensors"]
    digits = load_dataset(DataConfig(source="digits"))
    arguments = {
        "config": TrainConfig(
            epochs=3,
            checkpoint_every_epochs=1,
            augment=AugmentConfig(crop_padding=1, flip=False, cutout=2),
            device="cpu",
        ),
        "spec": ModelSpec("scale_cnn", 2, 1, (8, 8), 10),
        "dataset": digits,
        "preprocessing": normalization(digits.train, "train"),
        "seed": 0,
    }
    assert same_files(train("unbroken", **arguments), train("killed", **arguments))


def test_a_finished_training_is_returned_without_an_epoch(train: Train) -> None:
    first = train("one")
    before = first.checkpoint.stat().st_mtime_ns
    again = train("one", on_epoch=kill_at(1))
    assert again.history == first.history
    assert again.checkpoint.stat().st_mtime_ns == before


def test_another_config_does_not_take_a_finished_one_for_its_own(train: Train) -> None:
    first = train("one").checkpoint.read_bytes()
    longer = CONFIG.model_copy(update={"epochs": 6})
    assert len(train("one", config=longer).history) == 6
    assert train("one").checkpoint.read_bytes() == first


def test_a_resume_file_of_another_training_is_refused(train: Train) -> None:
    with pytest.raises(Killed):
        train("one", on_epoch=kill_at(3))
    with pytest.raises(ArtifactError, match="another config, data set or seed; delete it"):
        train("one", seed=4)


@pytest.mark.parametrize("damage", ["truncated", "empty", "not tensors", "missing tensor"])
def test_a_damaged_resume_file_is_one_clear_line(train: Train, tmp_path: Path, damage: str) -> None:
    from safetensors.torch import load, save

    with pytest.raises(Killed):
        train("one", on_epoch=kill_at(3))
    path = tmp_path / "one" / "resume.safetensors"
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + size])["__metadata__"]
    tensors = load(content)
    del tensors["model.classifier.weight"]
    path.write_bytes(
        {
            "truncated": content[:-10],
            "empty": b"",
            "not tensors": b"x" * 100,
            "missing tensor": save(tensors, metadata),
        }[damage]
    )
    with pytest.raises(ArtifactError, match="delete it to start this training anew") as caught:
        train("one")
    assert "\n" not in str(caught.value)


def test_torchs_state_is_as_it_was_before(train: Train) -> None:
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    train("one")
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()


def test_without_augmentation_the_weights_are_those_of_a_plain_torch_loop(
    train: Train, dataset: Dataset, preprocessing: Preprocessing, spec: ModelSpec
) -> None:
    plain = AugmentConfig(crop_padding=0, flip=False, cutout=0)
    trained = train("one", config=CONFIG.model_copy(update={"augment": plain}))
    with torch.random.fork_rng():
        start_stream(3, 0)
        module = build(spec)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=5, eta_min=1e-5)
    inputs = torch.from_numpy(preprocessing.apply(dataset.train.images)).permute(0, 3, 1, 2)
    labels = torch.from_numpy(dataset.train.labels)
    images = TrainingImages(dataset.train, preprocessing, plain, torch.device("cpu"))
    for epoch in range(1, 6):
        with torch.random.fork_rng():
            order = images.draw(start_stream(3, epoch)).sample
        losses = []
        for batch in (order[:16], order[16:32], order[32:]):
            optimizer.zero_grad()
            loss = F.cross_entropy(module(inputs[batch]), labels[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item() * len(batch))
        scheduler.step()
        assert trained.history[epoch - 1].loss == pytest.approx(sum(losses) / 49, rel=1e-4)
    found = load_model(trained.checkpoint).module.state_dict()
    for name, tensor in module.state_dict().items():
        torch.testing.assert_close(found[name], tensor, rtol=1e-3, atol=1e-4)


def test_the_checkpoint_says_what_it_was_trained_with(train: Train, dataset: Dataset) -> None:
    loaded = load_model(train("one").checkpoint)
    assert loaded.class_names == dataset.class_names
    assert loaded.extra["train_digest"] == dataset.train.digest
    assert loaded.extra["train"] == CONFIG.of_the_result()


def test_the_digits_are_learned(train: Train) -> None:
    digits = load_dataset(DataConfig(source="digits"))
    preprocessing = normalization(digits.train, "train")
    trained = train(
        "digits",
        config=TrainConfig(
            epochs=6, augment=AugmentConfig(crop_padding=1, flip=False, cutout=0), device="cpu"
        ),
        spec=ModelSpec("scale_cnn", 8, 1, (8, 8), 10),
        dataset=digits,
        preprocessing=preprocessing,
    )
    module = load_model(trained.checkpoint).module
    inputs = torch.from_numpy(preprocessing.apply(digits.test.images)).permute(0, 3, 1, 2)
    with torch.no_grad():
        answers = module(inputs).argmax(dim=1).numpy()
    assert np.mean(answers == digits.test.labels) > 0.85
    assert trained.history[-1].loss < 0.5 * trained.history[0].loss
    assert trained.history[-1].accuracy > trained.history[0].accuracy


@pytest.mark.parametrize("rate", [1e4, 1e30])
def test_a_loss_that_is_not_finite_names_the_epoch_and_what_to_lower(
    train: Train, tmp_path: Path, rate: float
) -> None:
    diverging = CONFIG.model_copy(update={"learning_rate": rate, "weight_decay": 10.0})
    with pytest.raises(UserError, match=r"scale_cnn width 2 seed 3: .* in epoch \d of 5") as caught:
        train("one", config=diverging)
    assert f"lower [train] learning_rate, now {rate:g}" in str(caught.value)
    assert not (tmp_path / "one" / "checkpoint.safetensors").exists()


def test_the_first_loss_is_that_of_guessing(train: Train) -> None:
    frozen = CONFIG.model_copy(update={"learning_rate": 1e-12, "final_learning_rate": 0.0})
    assert train("one", config=frozen).history[0].loss == pytest.approx(math.log(3), abs=0.5)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"spec": ModelSpec("scale_cnn", 2, 1, (8, 8), 3)}, DataError, "takes 8x8 with 1 channels"),
        ({"spec": ModelSpec("scale_cnn", 2, 2, (9, 8), 3)}, DataError, "the model takes 9x8"),
        ({"spec": ModelSpec("scale_cnn", 2, 2, (8, 8), 4)}, ModelError, "4 classes for data with"),
        (
            {"config": CONFIG.model_copy(update={"device": "tpu"})},
            UserError,
            "'tpu' is not auto, cpu or cuda",
        ),
        (
            {"config": CONFIG.model_copy(update={"device": "cuda:99"})},
            UserError,
            r"'cuda:99' asked for, torch sees \d+ CUDA devices; use auto or cpu",
        ),
    ],
)
def test_what_cannot_be_trained_is_one_clear_line(
    train: Train, changes: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        train("one", **changes)


def test_a_full_disk_is_not_the_users_config(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("harness.training.tensors.write_bytes", full)
    with pytest.raises(InfrastructureError, match=r"resume\.safetensors: cannot be written"):
        train("one")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")
def test_cuda_trains_resumably_and_for_a_seed(train: Train) -> None:
    config = CONFIG.model_copy(update={"device": "cuda"})
    unbroken = train("unbroken", config=config)
    with pytest.raises(Killed):
        train("killed", config=config, on_epoch=kill_at(3))
    assert same_files(unbroken, train("killed", config=config))
