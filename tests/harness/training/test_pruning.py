"""A narrow network cut out of a wide one: the ordinary one, with the channels that matter."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import Tensor, nn

from export.preprocessing import Preprocessing
from harness.data import Dataset
from harness.errors import ArtifactError
from harness.training.checkpoint import load_model
from harness.training.config import AugmentConfig, TrainConfig
from harness.training.history import EpochRecord
from harness.training.pruning import IMPORTANCE, prune, pruned_start
from harness.training.train import TrainedModel, train_model
from models import ModelError, ModelSpec, build

CONFIG = TrainConfig(
    epochs=4,
    batch_size=16,
    checkpoint_every_epochs=1,
    augment=AugmentConfig(crop_padding=1, flip=False, cutout=0),
    device="cpu",
)


class TwoLayers(nn.Sequential):
    def __init__(
        self, width: float, in_channels: int, image_size: tuple[int, int], classes: int
    ) -> None:
        side = image_size[0] // 2
        super().__init__(
            nn.Conv2d(in_channels, int(width), 3, 2, 1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(int(width) * side * side, classes),
        )


class Deeper(TwoLayers):
    def __init__(
        self, width: float, in_channels: int, image_size: tuple[int, int], classes: int
    ) -> None:
        super().__init__(width, in_channels, image_size, classes)
        if width > 4:
            self.append(nn.Linear(classes, classes))


class Shortcut(TwoLayers):
    """Adds its input where the channels happen to agree, as residual networks do."""

    def __init__(
        self, width: float, in_channels: int, image_size: tuple[int, int], classes: int
    ) -> None:
        super().__init__(width, in_channels, image_size, classes)
        self.adds = width == in_channels

    def forward(self, images: Tensor) -> Tensor:
        inner = self[0](images)
        if self.adds:
            inner = inner + images[:, :, ::2, ::2]
        logits: Tensor = self[3](inner.relu().flatten(1))
        return logits


@pytest.fixture
def mine(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("own_networks")
    for one in (TwoLayers, Deeper, Shortcut):
        setattr(module, one.__name__, one)
    monkeypatch.setitem(sys.modules, "own_networks", module)


def spec_of(family: str, width: float, channels: int = 3, side: int = 32) -> ModelSpec:
    return ModelSpec(family, width, channels, (side, side), 10)


def cut(family: str, wide: float, narrow: float, side: int = 32) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    parent = build(spec_of(family, wide, side=side)).eval()
    return parent, prune(parent, spec_of(family, wide), spec_of(family, narrow, side=side))


@pytest.mark.parametrize(
    ("family", "wide", "narrow"),
    [("scale_cnn", 6, 1), ("scale_cnn", 6, 4), ("mobilenet_v2", 0.5, 0.25)],
)
def test_the_cut_network_is_the_ordinary_one_of_its_width(
    family: str, wide: float, narrow: float
) -> None:
    parent, found = cut(family, wide, narrow)
    before = {name: tensor.clone() for name, tensor in parent.state_dict().items()}
    ordinary = build(spec_of(family, narrow)).state_dict()
    shapes = {name: tensor.shape for name, tensor in found.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in ordinary.items()}
    again = prune(parent, spec_of(family, wide), spec_of(family, narrow)).state_dict()
    assert all(torch.equal(tensor, again[name]) for name, tensor in found.state_dict().items())
    assert all(torch.equal(tensor, before[name]) for name, tensor in parent.state_dict().items())


def test_channels_that_matter_are_kept_and_the_others_go() -> None:
    """Where all but a narrow network's channels are nothing, cutting them changes no answer."""
    torch.manual_seed(1)
    parent = build(spec_of("scale_cnn", 4)).eval()
    kept = torch.randperm(4)[:2]
    layers = [one for one in parent.modules() if isinstance(one, nn.Conv2d | nn.BatchNorm2d)]
    with torch.no_grad():
        for conv, norm in zip(layers[::2], layers[1::2], strict=True):
            alive = torch.zeros(len(norm.weight), dtype=torch.bool)
            step = len(alive) // 4
            for one in kept.tolist():
                alive[one * step : (one + 1) * step] = True
            conv.weight[~alive] = 0
            norm.weight[~alive] = 0
    found = prune(parent, spec_of("scale_cnn", 4), spec_of("scale_cnn", 2))
    images = torch.randn(4, 3, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(found(images), parent(images))


@pytest.mark.usefixtures("mine")
def test_a_network_of_ones_own_is_cut_too() -> None:
    parent, found = cut("own_networks:TwoLayers", 6, 4, side=8)
    assert found[0].weight.shape == (4, 3, 3, 3)
    rows = {tuple(row.flatten().tolist()) for row in parent[0].weight}
    assert all(tuple(row.flatten().tolist()) in rows for row in found[0].weight)


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize(
    ("family", "wide", "narrow", "reason"),
    [
        ("Deeper", 6, 4, "they have other layers"),
        ("Shortcut", 6, 3, "its layers are connected in another way"),
    ],
)
def test_networks_that_are_not_one_at_two_widths_are_refused_in_a_line(
    family: str, wide: float, narrow: float, reason: str
) -> None:
    with pytest.raises(
        ModelError, match=f"width {narrow} cannot be cut out of width {wide}: "
    ) as e:
        cut(f"own_networks:{family}", wide, narrow, side=8)
    assert reason in str(e.value)
    assert "\n" not in str(e.value)


class Killed(Exception):
    """Stands for whatever ends a process between two epochs."""


def test_fine_tuning_starts_from_the_cut_weights_and_goes_on_after_a_kill(
    dataset: Dataset, preprocessing: Preprocessing, spec: ModelSpec, tmp_path: Path
) -> None:
    wide = ModelSpec(spec.family, 4, spec.in_channels, spec.image_size, spec.classes)
    parent = train_model(CONFIG, wide, dataset, preprocessing, seed=3, folder=tmp_path / "wide")
    start = pruned_start(parent.checkpoint, "a" * 64, spec)

    def tune(folder: str, epochs_until_killed: int = 0) -> TrainedModel:
        def on_epoch(record: EpochRecord) -> None:
            if record.epoch == epochs_until_killed:
                raise Killed

        return train_model(
            CONFIG,
            spec,
            dataset,
            preprocessing,
            seed=3,
            folder=tmp_path / folder,
            start=start,
            on_epoch=on_epoch,
        )

    with pytest.raises(Killed):
        tune("broken", 2)
    with pytest.raises(ArtifactError, match="belongs to another config"):
        train_model(CONFIG, spec, dataset, preprocessing, seed=3, folder=tmp_path / "broken")
    whole, resumed = tune("whole"), tune("broken")
    assert whole.checkpoint.read_bytes() == resumed.checkpoint.read_bytes()
    origin = load_model(whole.checkpoint).extra["start"]
    assert isinstance(origin, dict)
    assert (origin["checkpoint"], origin["pruned_from"]) == ("a" * 64, 4)
    assert origin["importance"] == IMPORTANCE
    first = train_model(
        CONFIG, spec, dataset, preprocessing, seed=3, folder=tmp_path / "from-the-start"
    )
    assert whole.history[0].loss < first.history[0].loss
