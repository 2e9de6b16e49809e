from __future__ import annotations

import re

import numpy as np
import pytest

from harness.config import DataConfig
from harness.data import Dataset, Split, load_dataset
from harness.data.partition import partition
from harness.data.source import Source
from harness.errors import DataError


def split_of(sizes: list[int], names: int | None = None, seed: int = 0) -> Split:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    images = np.random.default_rng(seed).integers(0, 256, (len(labels), 8, 8, 1), dtype=np.uint8)
    classes = tuple(f"c{index}" for index in range(names or len(sizes)))
    return Split("pool", images, labels, np.arange(len(labels)), classes)


def config(**changes: object) -> DataConfig:
    return DataConfig.model_validate({"source": "npz", "calibration_samples": 10} | changes)


def parts(dataset: Dataset) -> list[Split]:
    return [dataset.train, dataset.calibration, dataset.test]


@pytest.mark.parametrize("fraction", [0.01, 0.25, 0.5, 0.9])
def test_the_splits_are_disjoint_and_nothing_is_lost(fraction: float) -> None:
    pool = split_of([101, 57, 200])
    dataset = partition(Source("own", pool), config(test_fraction=fraction))
    ids = np.concatenate([part.ids for part in parts(dataset)])
    assert sorted(ids.tolist()) == list(range(358))
    assert len(dataset.calibration) == 10
    assert len(dataset.test) == round(358 * fraction)
    assert [part.name for part in parts(dataset)] == ["train", "calibration", "test"]


def test_every_sample_keeps_its_image_and_label() -> None:
    pool = split_of([40, 40])
    for part in parts(partition(Source("own", pool), config())):
        assert np.array_equal(part.images, pool.images[part.ids.astype(int)])
        assert np.array_equal(part.labels, pool.labels[part.ids.astype(int)])


def test_each_class_gives_its_share_to_within_one() -> None:
    sizes = np.array([101, 57, 200])
    dataset = partition(Source("own", split_of(sizes.tolist())), config(calibration_samples=50))
    test = np.bincount(dataset.test.labels)
    assert (np.abs(test - sizes * 0.25) < 1).all()
    rest = sizes - test
    share = np.bincount(dataset.calibration.labels)
    assert (np.abs(share - rest * 50 / rest.sum()) < 1).all()


def test_the_seed_and_the_ids_alone_decide_who_is_drawn() -> None:
    pool = split_of([40, 40, 40])
    shuffled = pool.take(np.random.default_rng(1).permutation(120), "pool")
    one, same, other = (
        partition(Source("own", source), config(seed=seed)).digests
        for source, seed in ((pool, 0), (shuffled, 0), (pool, 1))
    )
    assert one == same
    assert all(one[name] != other[name] for name in one)


def test_the_drawn_digits_are_the_same_on_every_machine() -> None:
    dataset = load_dataset(DataConfig(source="digits"))
    assert {name: digest[:16] for name, digest in dataset.digests.items()} == {
        "train": "f13b0acd65f50777",
        "calibration": "188e0801028e0da9",
        "test": "9881c0ff73b43d48",
    }


def test_a_test_split_of_the_sources_own_stays_whole() -> None:
    test = split_of([5, 6, 7], seed=1)
    dataset = partition(Source("own", split_of([40, 40, 40]), test), config(test_fraction=0.9))
    assert np.array_equal(dataset.test.ids, test.ids)
    assert dataset.test.digest == test.digest
    assert len(dataset.train) == 110


@pytest.mark.parametrize("wanted", [45, 90, 1000])
def test_calibration_that_takes_half_of_the_training_images_is_an_error(wanted: int) -> None:
    with pytest.raises(DataError, match=f"{wanted} of 90 training images .*at most 44"):
        partition(Source("own", split_of([60, 60])), config(calibration_samples=wanted))


def test_calibration_just_below_half_is_taken() -> None:
    dataset = partition(Source("own", split_of([60, 60])), config(calibration_samples=44))
    assert (len(dataset.train), len(dataset.calibration)) == (46, 44)


@pytest.mark.parametrize(
    ("sizes", "names", "message"),
    [
        ([50, 1], 2, "class 1 ('c1') has no image in the test split (1 of 2 classes"),
        ([50, 50], 3, "class 2 ('c2') has no image in the test split (1 of 3 classes"),
    ],
)
def test_a_class_without_an_image_in_a_drawn_split_is_an_error(
    sizes: list[int], names: int, message: str
) -> None:
    with pytest.raises(DataError, match=re.escape(message)):
        partition(Source("own", split_of(sizes, names)), config())


def test_a_class_without_a_training_image_is_an_error() -> None:
    source = Source("own", split_of([50, 50], names=3), split_of([5, 5, 5], seed=1))
    with pytest.raises(DataError, match=r"class 2 .* has no image in the train split"):
        partition(source, config())


def test_a_test_image_that_was_trained_on_is_an_error() -> None:
    pool = split_of([50, 50])
    pool.images[:] = np.random.default_rng(3).permuted(pool.images, axis=0)
    pool.images[60] = pool.images[70]
    test = pool.take(np.array([60]), "test")
    test.ids[0] = 7
    with pytest.raises(DataError, match=r"1 of 1 test images are also in train.*test 7 is"):
        partition(Source("own", pool, test), config())


def test_a_published_data_set_may_repeat_an_image() -> None:
    pool = split_of([50, 50])
    source = Source("published", pool, pool.take(np.arange(100), "test"), may_repeat=True)
    assert len(partition(source, config()).test) == 100


def test_an_unknown_source_lists_the_known_ones() -> None:
    with pytest.raises(DataError, match="unknown source 'mnist'; known: digits, npz, cifar10"):
        load_dataset(DataConfig(source="mnist"))


@pytest.mark.parametrize("key", ["path", "test_path", "download"])
def test_a_key_that_a_source_does_not_read_is_an_error(key: str) -> None:
    value = True if key == "download" else "somewhere"
    with pytest.raises(DataError, match=rf"\[data\] {key}: source 'digits' does not take it"):
        load_dataset(DataConfig.model_validate({"source": "digits", key: value}))


def test_digits_are_the_real_images_at_their_native_size() -> None:
    dataset = load_dataset(DataConfig(source="digits"))
    assert sum(len(part) for part in parts(dataset)) == 1797
    assert dataset.train.images.shape[1:] == (8, 8, 1)
    assert dataset.train.images.dtype == np.uint8
    assert dataset.train.images.max() == 16
    assert dataset.class_names == tuple("0123456789")
