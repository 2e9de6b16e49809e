from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from export.preprocessing import Preprocessing
from harness.data import Split
from harness.data.normalization import normalization
from harness.errors import DataError


def split_of(images: np.ndarray) -> Split:
    count = len(images)
    return Split("train", images, np.arange(count) % 2, np.arange(count), ("a", "b"))


@pytest.mark.parametrize("shape", [(2500, 3, 2, 3), (1024, 2, 2, 1), (1025, 6)])
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.float32])
def test_mean_and_deviation_are_those_of_each_channel(
    shape: tuple[int, ...], dtype: type[np.generic]
) -> None:
    images = (np.random.default_rng(0).random(shape) * 100).astype(dtype)
    reference = StandardScaler().fit(images.reshape(-1, shape[-1]).astype(np.float64))
    found = normalization(split_of(images), "train")
    np.testing.assert_allclose(found.mean, reference.mean_, rtol=1e-12)
    np.testing.assert_allclose(found.std, reference.scale_, rtol=1e-12)


def test_normalised_images_have_mean_0_and_deviation_1() -> None:
    images = np.random.default_rng(0).integers(0, 256, (500, 8, 8, 3), dtype=np.uint8)
    normalised = normalization(split_of(images), "train").apply(images)
    assert normalised.mean(axis=(0, 1, 2)) == pytest.approx(np.zeros(3), abs=1e-5)
    assert normalised.std(axis=(0, 1, 2)) == pytest.approx(np.ones(3), abs=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e-30, -3e8])
def test_a_constant_channel_gets_deviation_1(value: float) -> None:
    images = np.random.default_rng(0).random((5001, 2, 2, 2)).astype(np.float32)
    images[..., 1] = value
    found = normalization(split_of(images), "train")
    assert found.std[1] == 1.0
    assert found.mean[1] == pytest.approx(np.float32(value))
    assert np.isfinite(found.apply(images)).all()


def test_none_leaves_images_as_they_are() -> None:
    assert normalization(split_of(np.ones((4, 2, 2, 1))), "none") == Preprocessing()


def test_vectors_of_too_many_features_are_one_clear_line() -> None:
    images = np.ones((2, 5000), dtype=np.float32)
    with pytest.raises(DataError, match="cannot be normalised by channel: mean has 5000 channels"):
        normalization(split_of(images), "train")
