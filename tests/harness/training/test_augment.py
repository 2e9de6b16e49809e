from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from export.preprocessing import Preprocessing
from harness.data import Dataset, Split
from harness.errors import DataError, UserError
from harness.training.augment import TrainingImages
from harness.training.config import AugmentConfig

CPU = torch.device("cpu")
PLAIN = AugmentConfig(crop_padding=0, flip=False, cutout=0)


def images_of(split: Split, preprocessing: Preprocessing, augment: AugmentConfig) -> TrainingImages:
    return TrainingImages(split, preprocessing, augment, CPU)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("padding", "flip", "cutout"),
    [(0, False, 0), (4, False, 0), (0, True, 0), (0, False, 3), (2, True, 4), (4, True, 7)],
)
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.float32])
def test_each_image_is_what_torchvision_makes_of_it_one_at_a_time(
    dataset: Dataset,
    preprocessing: Preprocessing,
    padding: int,
    flip: bool,
    cutout: int,
    dtype: type[np.generic],
) -> None:
    augment = AugmentConfig(crop_padding=padding, flip=flip, cutout=cutout)
    train = dataset.train
    split = Split("train", train.images.astype(dtype), train.labels, train.ids, train.class_names)
    images = images_of(split, preprocessing, augment)
    plan = images.draw(generator())
    batch = torch.cat([part for part, _ in images.batches(plan, 16)])
    for place in range(len(split)):
        raw = torch.from_numpy(split.images[plan.sample[place]]).permute(2, 0, 1)
        one = v2.functional.pad(raw, [padding] * 4, fill=0)
        one = v2.functional.crop(one, int(plan.top[place]), int(plan.left[place]), 8, 8)
        one = v2.functional.horizontal_flip(one) if plan.mirrored[place] else one
        expected = preprocessing.apply(one.permute(1, 2, 0).numpy()[None])[0]
        top = int(plan.cut_row[place]) - cutout // 2
        left = int(plan.cut_column[place]) - cutout // 2
        if cutout:
            expected[max(top, 0) : top + cutout, max(left, 0) : left + cutout] = 0.0
        assert np.array_equal(batch[place].permute(1, 2, 0).numpy(), expected)


def test_without_augmentation_the_model_sees_the_preprocessed_images_bit_for_bit(
    dataset: Dataset, preprocessing: Preprocessing
) -> None:
    images = images_of(dataset.train, preprocessing, PLAIN)
    plan = images.draw(generator())
    batch = torch.cat([part for part, _ in images.batches(plan, 8)])
    expected = preprocessing.apply(dataset.train.images[plan.sample.numpy()])
    assert np.array_equal(batch.permute(0, 2, 3, 1).numpy(), expected)
    assert batch.is_contiguous(memory_format=torch.channels_last)


def test_an_epoch_uses_each_image_once_with_its_label(
    dataset: Dataset, preprocessing: Preprocessing
) -> None:
    images = images_of(dataset.train, preprocessing, AugmentConfig(cutout=2))
    plan = images.draw(generator())
    labels = torch.cat([part for _, part in images.batches(plan, 10)])
    assert sorted(plan.sample.tolist()) == list(range(49))
    assert np.array_equal(labels.numpy(), dataset.train.labels[plan.sample.numpy()])


@pytest.mark.parametrize(
    ("batch_size", "sizes"),
    [(16, [16, 16, 17]), (48, [49]), (49, [49]), (100, [49]), (20, [20, 20, 9])],
)
def test_no_batch_holds_a_single_image(
    dataset: Dataset, preprocessing: Preprocessing, batch_size: int, sizes: list[int]
) -> None:
    images = images_of(dataset.train, preprocessing, PLAIN)
    batches = images.batches(images.draw(generator()), batch_size)
    assert [len(labels) for _, labels in batches] == sizes


def test_every_shift_side_and_centre_is_drawn(preprocessing: Preprocessing) -> None:
    count = 4000
    split = Split(
        "train",
        np.zeros((count, 8, 8, 2), np.uint8),
        np.zeros(count, np.int64),
        np.arange(count),
        ("a", "b"),
    )
    plan = images_of(split, preprocessing, AugmentConfig(crop_padding=2, cutout=3)).draw(
        generator()
    )
    for drawn, values in (
        (plan.top, 5),
        (plan.left, 5),
        (plan.mirrored.long(), 2),
        (plan.cut_row, 8),
        (plan.cut_column, 8),
    ):
        counts = torch.bincount(drawn, minlength=values).double()
        assert len(counts) == values
        expected = count / values
        chi_square = float(((counts - expected) ** 2 / expected).sum())
        assert chi_square < 30, "a uniform draw exceeds this once in 10,000 at 7 degrees"


def test_a_plan_follows_from_the_generator(dataset: Dataset, preprocessing: Preprocessing) -> None:
    images = images_of(dataset.train, preprocessing, AugmentConfig(cutout=2))
    first, same, other = (images.draw(generator(seed)).sample for seed in (0, 0, 1))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("key", ["crop_padding", "cutout"])
def test_an_augmentation_as_large_as_the_image_is_an_error(
    dataset: Dataset, preprocessing: Preprocessing, key: str
) -> None:
    augment = PLAIN.model_copy(update={key: 8})
    with pytest.raises(UserError, match=rf"{key}: 8 pixels is the whole of a 8x8 image"):
        images_of(dataset.train, preprocessing, augment)


def test_vectors_and_single_images_cannot_be_trained_on(
    dataset: Dataset, preprocessing: Preprocessing
) -> None:
    train = dataset.train
    vectors = Split("train", train.images.reshape(49, -1), train.labels, train.ids, ("a",))
    with pytest.raises(DataError, match=r"training needs images \(N, H, W, C\)"):
        images_of(vectors, preprocessing, PLAIN)
    with pytest.raises(DataError, match="at least 2 images, got 1"):
        images_of(train.take(np.array([0]), "train"), preprocessing, PLAIN)
