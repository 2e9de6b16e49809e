"""Images with one channel that are not square are trained on as they come from their source."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from harness.config import DataConfig
from harness.data import Dataset, load_dataset
from harness.data.normalization import normalization
from harness.training.checkpoint import load_model
from harness.training.config import AugmentConfig, TrainConfig
from harness.training.train import train_model
from models import ModelSpec
from tests.harness.data.speech_writer import write_speech

AS_THEY_ARE = AugmentConfig(crop_padding=0, flip=False, cutout=0)
WIDTHS = {"scale_cnn": 4, "mobilenet_v2": 0.1}


def train(dataset: Dataset, family: str, augment: AugmentConfig, folder: Path) -> float:
    """Train one epoch; return the loss, after checking what the checkpoint answers."""
    height, width, channels = dataset.train.images.shape[1:]
    spec = ModelSpec(
        family=family,
        width=WIDTHS[family],
        in_channels=channels,
        image_size=(height, width),
        classes=len(dataset.class_names),
    )
    config = TrainConfig(epochs=1, batch_size=8, learning_rate=0.02, augment=augment, device="cpu")
    folder.mkdir()
    preprocessing = normalization(dataset.train, "train")
    trained = train_model(config, spec, dataset, preprocessing, seed=0, folder=folder)
    inputs = preprocessing.apply(dataset.test.images).transpose(0, 3, 1, 2)
    logits = load_model(trained.checkpoint).module(torch.from_numpy(inputs))
    assert logits.shape == (len(dataset.test), spec.classes)
    assert bool(torch.isfinite(logits).all())
    return trained.history[0].loss


def chance(classes: int, family: str) -> float:
    """Return the loss of a guess; one epoch is too little for 53 layers to beat it."""
    return math.log(classes) if family == "scale_cnn" else math.inf


@pytest.mark.parametrize("family", WIDTHS)
def test_grey_pictures_higher_than_wide_are_trained_on(tmp_path: Path, family: str) -> None:
    generator = np.random.default_rng(0)
    for number in range(160):
        dark = generator.integers(0, 100, (24, 14), dtype=np.uint8)
        path = tmp_path / "own" / str(number % 2) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(dark + np.uint8(120 * (number % 2))).save(path)
    config = DataConfig(source="image-folder", path=tmp_path / "own", calibration_samples=8)
    loss = train(load_dataset(config), family, AugmentConfig(), tmp_path / "run")
    assert loss < chance(2, family)


@pytest.mark.parametrize("family", WIDTHS)
def test_sound_is_trained_on_as_a_picture_of_49_by_40(tmp_path: Path, family: str) -> None:
    path = write_speech(train=12).folder(tmp_path / "speech")
    config = DataConfig(source="speech-commands", path=path, calibration_samples=8)
    dataset = load_dataset(config)
    assert dataset.train.images.shape[1:] == (49, 40, 1)
    loss = train(dataset, family, AS_THEY_ARE, tmp_path / "run")
    assert loss < chance(12, family)
