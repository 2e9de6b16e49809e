"""Images reach the input tensor by one unambiguous way, or not at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from export.preprocessing import Preprocessing
from harness.errors import ArtifactError
from harness.runtimes.model_input import ModelInput
from harness.runtimes.quantization import Quantization

GREY = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3, 1)


@pytest.mark.parametrize(
    ("images", "shape"),
    [
        (GREY, (4, 3, 1)),
        (GREY[..., 0], (4, 3, 1)),
        (GREY, (4, 3)),
        (GREY, (12,)),
        (GREY.reshape(2, 12), (12,)),
    ],
)
def test_one_channel_images_fit_with_without_and_flat(images: Any, shape: tuple[int, ...]) -> None:
    encoded = ModelInput(shape).encode(images)
    assert encoded.shape == (2, *shape)
    assert encoded.dtype == np.float32
    np.testing.assert_array_equal(encoded.ravel(), GREY.ravel())


@pytest.mark.parametrize(
    ("images", "shape"),
    [
        (np.zeros((2, 4, 3, 2)), (24,)),  # rows, or channel planes?
        (np.zeros((2, 4, 3, 2)), (2, 4, 3)),
        (np.zeros((2, 4, 3, 1)), (3, 4, 1)),
        (np.zeros((2, 12)), (4, 3, 1)),
        (np.zeros((2, 4, 3, 1)), (4, 4, 1)),
        (np.zeros((2, 5)), (6,)),
    ],
)
def test_anything_else_is_refused_with_both_shapes(images: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ArtifactError, match=r"the model takes images of shape .*, the data has"):
        ModelInput(shape).encode(images)


def test_preprocessing_comes_before_quantization() -> None:
    fed = ModelInput((4, 3, 1), "int8", Quantization(0.5, 3), Preprocessing((10.0,), (2.0,)))
    expected = np.clip(
        np.trunc((GREY / 1.0 - 10) / 2 / 0.5 + np.copysign(0.5, GREY - 10.0)) + 3, -128, 127
    )
    np.testing.assert_array_equal(fed.encode(GREY), expected.astype(np.int8))


def test_int8_images_are_the_input_bytes_of_an_int8_model_without_preprocessing() -> None:
    images = GREY.view(np.int8) - np.int8(12)
    np.testing.assert_array_equal(
        ModelInput((4, 3, 1), "int8", Quantization(0.5, 3)).encode(images), images
    )
    processed = ModelInput((4, 3, 1), "int8", Quantization(1.0, 0), Preprocessing((1.0,), (1.0,)))
    np.testing.assert_array_equal(processed.encode(images), images - 1)


def test_channels_unlike_those_trained_on_are_refused() -> None:
    fed = ModelInput((4, 3, 1), preprocessing=Preprocessing((0.0,) * 3, (1.0,) * 3))
    with pytest.raises(ArtifactError, match="images have 1 channels"):
        fed.encode(GREY)
