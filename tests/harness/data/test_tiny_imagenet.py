from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.config import DataConfig
from harness.data import load_dataset, tiny_imagenet
from harness.data.picture import read_picture
from harness.data.tiny_imagenet import ARCHIVE
from harness.errors import DataError

WNIDS = ("n02124075", "n01443537", "n04067472")
TRAIN, VAL = 8, 2


def jpeg(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def flat(value: int, *, grey: bool = False) -> bytes:
    return jpeg(np.full((64, 64) if grey else (64, 64, 3), value, dtype=np.uint8))


@pytest.fixture
def contents() -> dict[str, bytes]:
    """Three classes; image k of class c is of the value 60 * c + k; the first of each is grey."""
    files = {"train/n02124075/n02124075_boxes.txt": b"n02124075_0.JPEG\t0\t32\t44\t62\n"}
    rows = []
    for label, wnid in enumerate(WNIDS):
        for number in range(TRAIN):
            name = f"train/{wnid}/images/{wnid}_{number}.JPEG"
            files[name] = flat(60 * label + number, grey=number == 0)
        for number in range(VAL):
            name = f"val_{VAL * label + number}.JPEG"
            files[f"val/images/{name}"] = flat(60 * label + TRAIN + number)
            rows.append(f"{name}\t{wnid}\t0\t32\t44\t62\n")
    files["test/images/test_0.JPEG"] = b"never read"
    files["val/val_annotations.txt"] = "".join(rows).encode()
    files["wnids.txt"] = "\n".join(WNIDS).encode() + b"\n"
    files["words.txt"] = (
        b"n01443537\tgoldfish, Carassius auratus\nn02124075\tEgyptian cat\n"
        b"n04067472\treel\nn00000001\tsomething else\n"
    )
    return files


def folder(root: Path, contents: dict[str, bytes]) -> Path:
    for name, content in contents.items():
        path = root / "tiny-imagenet-200" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def archive(root: Path, contents: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> Path:
    path = root / ARCHIVE.name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("tiny-imagenet-200/", b"")
        for name, content in reversed(contents.items()):
            packed.writestr(f"tiny-imagenet-200/{name}", content)
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setattr(tiny_imagenet, "ARCHIVE", replace(ARCHIVE, md5=digest))
    return path


def config(path: Path, **changes: object) -> DataConfig:
    given = {"source": "tiny-imagenet", "path": path, "calibration_samples": 6}
    return DataConfig.model_validate(given | changes)


def test_val_is_the_test_split_and_classes_are_sorted_by_wordnet_id(
    contents: dict[str, bytes], tmp_path: Path
) -> None:
    dataset = load_dataset(config(folder(tmp_path, contents)))
    names = ("n01443537 goldfish", "n02124075 Egyptian cat", "n04067472 reel")
    assert dataset.class_names == names
    assert (len(dataset.train), len(dataset.calibration), len(dataset.test)) == (18, 6, 6)
    assert dataset.test.ids.tolist() == [f"val/images/val_{number}.JPEG" for number in range(6)]
    assert dataset.test.labels.tolist() == [1, 1, 0, 0, 2, 2]
    assert dataset.test.images.shape == (6, 64, 64, 3)
    assert dataset.test.images.dtype == np.uint8
    expected = [60 * label + TRAIN + number for label in range(3) for number in range(VAL)]
    assert np.allclose(dataset.test.images.mean(axis=(1, 2, 3)), expected, atol=1)


def test_a_grey_image_becomes_three_equal_channels(
    contents: dict[str, bytes], tmp_path: Path
) -> None:
    dataset = load_dataset(config(folder(tmp_path, contents)))
    images = np.concatenate([dataset.train.images, dataset.calibration.images])
    ids = np.concatenate([dataset.train.ids, dataset.calibration.ids]).tolist()
    image = images[ids.index("train/n01443537/images/n01443537_0.JPEG")]
    assert np.array_equal(image, np.full((64, 64, 3), 60, dtype=np.uint8))


def test_the_zip_gives_what_its_folder_gives(
    contents: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extracted = load_dataset(config(folder(tmp_path / "a", contents)))
    (tmp_path / "b").mkdir()
    path = archive(tmp_path / "b", contents, monkeypatch)
    for one in (path, path.parent):
        assert load_dataset(config(one)).digests == extracted.digests
    cache = f".images-{tiny_imagenet.ARCHIVE.md5}.npz"
    assert {one.name for one in path.parent.iterdir()} == {ARCHIVE.name, cache}


def test_pictures_are_decoded_once_and_again_when_one_changes(
    contents: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[str] = []

    def counted(content: bytes, where: str, *, grey: bool) -> np.ndarray:
        decoded.append(where)
        return read_picture(content, where, grey=grey)

    monkeypatch.setattr(tiny_imagenet, "read_picture", counted)
    root = folder(tmp_path, contents)
    first = load_dataset(config(root))
    assert load_dataset(config(root)).digests == first.digests
    assert len(decoded) == 30
    (root / "tiny-imagenet-200" / "val/images/val_0.JPEG").write_bytes(flat(7))
    assert load_dataset(config(root)).test.digest != first.test.digest
    assert len(decoded) == 60


def test_an_archive_with_another_checksum_is_refused(
    contents: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive(tmp_path, contents, monkeypatch)
    with path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(DataError, match=r"checksum .* is not .* of the official tiny-imagenet-200"):
        load_dataset(config(path))


TRAIN_0 = "train/n01443537/images/n01443537_0.JPEG"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (TRAIN_0, b"", "not a readable picture"),
        (TRAIN_0, b"no picture", "not a readable picture .*unknown kind of file"),
        (TRAIN_0, flat(3)[:400], "damaged, its pixels cannot be read|not a readable picture"),
        (TRAIN_0, jpeg(np.zeros((64, 63, 3), np.uint8)), "64x63 pixels, not 64x64"),
        (TRAIN_0, b"x" * ((1 << 20) + 1), "1048577 bytes, more than the 1048576 possible"),
        ("val/images/more.JPEG", flat(3), "val/images/more.JPEG: it has no annotation"),
        ("val/images/val_3.JPEG", None, "val/images/val_3.JPEG: the image is missing"),
        ("train/n99999999/images/a.JPEG", flat(3), "class n99999999 is not in wnids.txt"),
        ("wnids.txt", b"n01443537\nn01443537\n", "2 classes, 1 of them different"),
        ("wnids.txt", b"", "0 classes"),
        ("wnids.txt", b"\xff\xfe", "not a text"),
        ("words.txt", b"n01443537\tgoldfish\n", "words.txt has no name for class n02124075"),
        ("words.txt", None, "words.txt is missing"),
        ("val/val_annotations.txt", b"val_0.JPEG n01443537\n", "line 1 has no class"),
        ("val/val_annotations.txt", b"a\tn01443537\na\tn01443537\n", "an image occurs twice"),
        ("val/val_annotations.txt", None, "val_annotations.txt is missing"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line_that_names_it(
    contents: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    content: bytes | None,
    message: str,
    packed: bool,
) -> None:
    if content is None:
        del contents[file]
    else:
        contents[file] = content
    where = archive(tmp_path, contents, monkeypatch) if packed else folder(tmp_path, contents)
    with pytest.raises(DataError, match=message) as caught:
        load_dataset(config(where))
    assert "\n" not in str(caught.value)


def test_a_link_to_a_file_elsewhere_is_refused(contents: dict[str, bytes], tmp_path: Path) -> None:
    root = folder(tmp_path, contents)
    (tmp_path / "outside.JPEG").write_bytes(flat(3))
    link = root / "tiny-imagenet-200" / "train" / "n01443537" / "images" / "b.JPEG"
    link.symlink_to(tmp_path / "outside.JPEG")
    with pytest.raises(DataError, match=r"b\.JPEG: a link that leads outside"):
        load_dataset(config(root))


@pytest.mark.parametrize(("part", "split"), [("train", "train"), ("val", "test")])
def test_a_part_without_images_is_refused(
    contents: dict[str, bytes], tmp_path: Path, part: str, split: str
) -> None:
    kept = {name: one for name, one in contents.items() if not name.startswith(f"{part}/images")}
    kept = {name: one for name, one in kept.items() if f"{part}/n" not in name}
    kept["val/val_annotations.txt"] = b"" if part == "val" else contents["val/val_annotations.txt"]
    with pytest.raises(DataError, match=f"no images for the {split} split"):
        load_dataset(config(folder(tmp_path, kept)))


def test_data_that_are_not_there_say_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected tiny-imagenet-200\.zip.*download = true"):
        load_dataset(config(tmp_path))
