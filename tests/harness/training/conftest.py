"""A data set and a network so small that an epoch takes milliseconds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from export.preprocessing import Preprocessing
from harness.data import Dataset, Split
from harness.data.normalization import normalization
from models import ModelSpec


def split_of(name: str, samples: int, seed: int) -> Split:
    generator = np.random.default_rng(seed)
    labels = np.arange(samples) % 3
    images = generator.integers(0, 200, (samples, 8, 8, 2))
    images[..., 0] += 25 * labels[:, None, None]
    return Split(name, images.astype(np.uint8), labels, np.arange(samples), ("a", "b", "c"))


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """A second thread only spins beside other test processes."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def dataset() -> Dataset:
    return Dataset(
        "tiny", split_of("train", 49, 0), split_of("calibration", 6, 1), split_of("test", 30, 2)
    )


@pytest.fixture
def preprocessing(dataset: Dataset) -> Preprocessing:
    return normalization(dataset.train, "train")


@pytest.fixture
def spec() -> ModelSpec:
    return ModelSpec("scale_cnn", 2, in_channels=2, image_size=(8, 8), classes=3)
