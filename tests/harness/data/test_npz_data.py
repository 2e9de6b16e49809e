from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from harness.config import DataConfig
from harness.data import load_dataset, load_npz_split
from harness.errors import DataError

Write = Callable[..., Path]


def test_a_whole_file_is_one_split_named_after_it(write_npz: Write) -> None:
    split = load_npz_split(write_npz("holdout.npz"))
    assert (split.name, len(split), split.images.shape) == ("holdout", 60, (60, 5, 4, 2))
    assert np.array_equal(split.ids, np.arange(60))
    assert split.class_names == ()


def test_class_names_and_ids_are_taken_where_given(write_npz: Write) -> None:
    ids = [f"image-{index}" for index in range(60)]
    split = load_npz_split(write_npz(class_names=["ape", "bee", "cow", "doe"], ids=ids))
    assert split.class_names == ("ape", "bee", "cow", "doe")
    assert split.ids.tolist() == ids


def test_images_without_a_channel_axis_get_one(write_npz: Write) -> None:
    images = np.random.default_rng(0).random((60, 6, 6))
    split = load_npz_split(write_npz(images=images))
    assert split.images.shape == (60, 6, 6, 1)
    assert split.images.dtype == np.float32


def test_one_file_is_split_and_a_second_file_is_the_test_split(write_npz: Write) -> None:
    path, test_path = write_npz(), write_npz("test.npz", seed=1)
    drawn = load_dataset(DataConfig(source="npz", path=path, calibration_samples=5))
    assert [len(drawn.train), len(drawn.calibration), len(drawn.test)] == [40, 5, 15]
    given = load_dataset(
        DataConfig(source="npz", path=path, test_path=test_path, calibration_samples=5)
    )
    assert [len(given.train), len(given.calibration), len(given.test)] == [55, 5, 60]
    assert given.test.digest == load_npz_split(test_path).digest


def test_class_names_of_one_file_name_both(write_npz: Write) -> None:
    path = write_npz(class_names=["ape", "bee", "cow"])
    config = DataConfig(
        source="npz", path=path, test_path=write_npz("test.npz", seed=1), calibration_samples=5
    )
    assert load_dataset(config).class_names == ("ape", "bee", "cow")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": None}, "array 'images' is missing"),
        ({"labels": None}, "array 'labels' is missing"),
        ({"images": np.zeros((60, 4))[:, :0]}, "no samples or no pixels: shape (60, 0)"),
        ({"images": np.zeros((0, 4, 4)), "labels": np.zeros(0, int)}, "no samples"),
        ({"images": np.zeros(60)}, "must be (N, H, W, C), (N, H, W) or (N, F)"),
        ({"images": np.zeros((60, 4, 4, 1), complex)}, "must be numbers, got dtype complex128"),
        ({"images": np.full((60, 4, 4), np.nan)}, "NaN"),
        ({"images": np.full((60, 4, 4), 1e300)}, "beyond float32"),
        ({"labels": np.arange(59) % 3}, "labels must have shape (60,), got (59,)"),
        ({"labels": np.arange(60) % 3.0}, "labels must be integers, got dtype float64"),
        ({"labels": np.arange(60) % 3 - 1}, "label -1 is out of range"),
        ({"labels": np.arange(60) + 2**40}, "is too high; at most 999999 is possible"),
        ({"class_names": ["ape", "bee"]}, "label 2 is out of range 0 to 1"),
        ({"class_names": ["ape", "bee", "ape"]}, "'ape' occurs more than once"),
        ({"class_names": [["ape", "bee", "cow"]]}, "one text per class, got shape (1, 3)"),
        ({"class_names": [1, 2, 3]}, "one text per class"),
        ({"ids": np.zeros(60, int)}, "id 0 occurs more than once"),
        ({"ids": np.arange(3)}, "ids must have shape (60,), got (3,)"),
    ],
)
def test_arrays_that_make_no_sense_are_one_clear_line(
    write_npz: Write, arrays: dict[str, object], message: str
) -> None:
    with np.errstate(over="ignore"):
        path = write_npz(**arrays)
        with pytest.raises(DataError, match=re.escape(message)) as caught:
            load_npz_split(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


class _Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("executed"),))  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["images", "labels", "class_names", "ids"])
def test_pickled_objects_are_never_loaded(
    write_npz: Write, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_npz(**{name: np.array([_Bomb()] * 60, dtype=object)})
    with pytest.raises(DataError, match="holds Python objects, which are never loaded"):
        load_npz_split(path)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_one_clear_line(write_npz: Write, kept: float) -> None:
    path = write_npz()
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(DataError, match=r"not a readable \.npz file") as caught:
        load_npz_split(path)
    assert "\n" not in str(caught.value)


def test_a_flipped_bit_in_the_pixels_is_noticed(write_npz: Write) -> None:
    path = write_npz()
    content = bytearray(path.read_bytes())
    content[1000] ^= 4
    path.write_bytes(content)
    with pytest.raises(DataError, match="CRC"):
        load_npz_split(path)


def test_a_sweep_needs_two_classes_where_a_test_set_may_hold_one(write_npz: Write) -> None:
    path = write_npz(labels=np.zeros(60, int))
    assert len(load_npz_split(path)) == 60
    with pytest.raises(DataError, match="labels make 1 classes; at least 2 are needed"):
        load_dataset(DataConfig(source="npz", path=path))


def test_a_missing_file_or_path_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.npz: no such file"):
        load_dataset(DataConfig(source="npz", path=tmp_path / "nothing.npz"))
    with pytest.raises(DataError, match=r"\[data\] path: source 'npz' needs one"):
        load_dataset(DataConfig(source="npz"))


@pytest.mark.parametrize(
    ("test_arrays", "message"),
    [
        ({"images": np.zeros((60, 5, 4, 1), np.uint8)}, "images are (5, 4, 1) of uint8"),
        ({"images": np.zeros((60, 5, 4, 2), np.float32)}, "images are (5, 4, 2) of float32"),
        ({"class_names": ["ape", "bee", "cow"]}, "its 3 class names are not the 3 of"),
    ],
)
def test_two_files_that_do_not_belong_together_are_an_error(
    write_npz: Write, test_arrays: dict[str, object], message: str
) -> None:
    config = DataConfig(
        source="npz",
        path=write_npz(class_names=["dog", "eel", "fox"]),
        test_path=write_npz("test.npz", seed=1, **test_arrays),
    )
    with pytest.raises(DataError, match=re.escape(message)):
        load_dataset(config)


def test_the_same_file_for_training_and_test_is_an_error(write_npz: Write) -> None:
    path = write_npz()
    config = DataConfig(source="npz", path=path, test_path=path, calibration_samples=5)
    with pytest.raises(DataError, match="60 of 60 test images are also in train or calibration"):
        load_dataset(config)
