from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.config import DataConfig, load_config
from harness.data import Dataset, load_dataset
from harness.data.image_folder import SUFFIXES, natural
from harness.errors import ConfigError, DataError


def picture(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    options = {"lossless": True} if kind == "WEBP" else {}
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def drawn(seed: int, shape: tuple[int, ...] = (9, 12, 3)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes of ten 9x12 pictures in colour."""
    for label, name in enumerate(("class10", "class2", "Class1")):
        for number in range(10):
            write(tmp_path, f"own/{name}/{number}.png", picture(drawn(100 * label + number)))
    return tmp_path / "own"


def config(path: Path, **changes: object) -> DataConfig:
    given = {"source": "image-folder", "path": path, "calibration_samples": 4}
    return DataConfig.model_validate(given | changes)


def joined(dataset: Dataset) -> dict[str, np.ndarray]:
    parts = (dataset.train, dataset.calibration, dataset.test)
    return {str(one): part.images[at] for part in parts for at, one in enumerate(part.ids)}


def test_every_picture_is_there_pixel_by_pixel_in_natural_order(folder: Path) -> None:
    dataset = load_dataset(config(folder))
    assert dataset.name == "own"
    assert dataset.class_names == ("Class1", "class2", "class10")
    images = joined(dataset)
    assert len(images) == 30
    assert np.array_equal(images["class10/7.png"], drawn(7))
    assert np.array_equal(images["Class1/0.png"], drawn(200))
    assert np.unique(dataset.test.labels).tolist() == [0, 1, 2]
    for part in (dataset.train, dataset.calibration, dataset.test):
        assert part.images.dtype == np.uint8
        assert [one.partition("/")[0] for one in part.ids] == [
            dataset.class_names[label] for label in part.labels
        ]


def test_the_same_folder_elsewhere_gives_the_same_splits(folder: Path, tmp_path: Path) -> None:
    first = load_dataset(config(folder))
    for path in sorted(folder.glob("*/*"), reverse=True):
        write(tmp_path / "copy", str(path.relative_to(folder)), path.read_bytes())
    assert load_dataset(config(tmp_path / "copy")).digests == first.digests
    assert load_dataset(config(folder, seed=1)).digests != first.digests


def test_names_sort_with_their_numbers_as_numbers() -> None:
    names = ["a10", "a2", "A1", "b", "10", "9", "a02", "a2b", "²"]
    assert sorted(names, key=natural) == ["9", "10", "A1", "a02", "a2", "a2b", "a10", "b", "²"]


def test_every_format_is_read_and_the_suffix_in_any_case(tmp_path: Path) -> None:
    pixels = drawn(0)
    kinds = {"png": "PNG", "bmp": "BMP", "ppm": "PPM", "webp": "WEBP", "PNG": "PNG"}
    for number, (suffix, kind) in enumerate(kinds.items()):
        write(tmp_path, f"a/{number}.{suffix}", picture(pixels ^ np.uint8(number), kind))
    for suffix, value in (("jpg", 80), ("JPEG", 90)):
        write(tmp_path, f"a/7.{suffix}", picture(np.full((9, 12, 3), value, np.uint8), "JPEG"))
    for number in range(9):
        write(tmp_path, f"b/{number}.png", picture(drawn(10 + number)))
    images = joined(load_dataset(config(tmp_path, calibration_samples=2)))
    for number, suffix in enumerate(kinds):
        assert np.array_equal(images[f"a/{number}.{suffix}"], pixels ^ np.uint8(number))
    assert np.array_equal(images["a/7.JPEG"], np.full((9, 12, 3), 90))


@pytest.mark.parametrize("mode", ["1", "L", "LA"])
def test_pictures_without_colour_have_one_channel(tmp_path: Path, mode: str) -> None:
    for number in range(16):
        stream = io.BytesIO()
        Image.fromarray(drawn(number, (9, 12))).convert(mode).save(stream, "PNG")
        write(tmp_path, f"{number % 2}/{number}.png", stream.getvalue())
    images = joined(load_dataset(config(tmp_path)))
    assert {image.shape for image in images.values()} == {(9, 12, 1)}
    if mode != "1":
        assert np.array_equal(images["1/3.png"][..., 0], drawn(3, (9, 12)))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_one_picture_in_colour_gives_all_of_them_three_channels(tmp_path: Path, mode: str) -> None:
    for number in range(16):
        write(tmp_path, f"{number % 2}/{number}.png", picture(drawn(number, (9, 12))))
    colour = Image.fromarray(np.full((9, 12, 3), (204, 0, 51), np.uint8)).convert(mode)
    stream = io.BytesIO()
    colour.save(stream, "PNG")
    write(tmp_path, "0/colour.png", stream.getvalue())
    images = joined(load_dataset(config(tmp_path)))
    assert np.array_equal(images["1/3.png"], np.repeat(drawn(3, (9, 12, 1)), 3, axis=2))
    assert np.array_equal(images["0/colour.png"], np.full((9, 12, 3), (204, 0, 51)))


def test_pictures_of_several_sizes_need_a_size_and_get_it(folder: Path) -> None:
    odd = write(folder, "class2/odd.png", picture(np.full((20, 30, 3), 77, np.uint8)))
    with pytest.raises(DataError, match=r"9x12.*image_size = \[height, width\]"):
        load_dataset(config(folder))
    images = joined(load_dataset(config(folder, image_size=[9, 12])))
    assert np.array_equal(images["class10/7.png"], drawn(7))
    assert np.array_equal(images[f"class2/{odd.name}"], np.full((9, 12, 3), 77))
    other = joined(load_dataset(config(folder, image_size=(10, 8))))
    assert {image.shape for image in other.values()} == {(10, 8, 3)}


def test_a_test_folder_is_the_test_split(folder: Path, tmp_path: Path) -> None:
    write(tmp_path, "test/class2/x.png", picture(drawn(900)))
    write(tmp_path, "test/Class1/y.png", picture(drawn(901)))
    dataset = load_dataset(config(folder, test_path=tmp_path / "test"))
    assert dataset.test.ids.tolist() == ["Class1/y.png", "class2/x.png"]
    assert dataset.test.labels.tolist() == [0, 1]
    assert len(dataset.train) + len(dataset.calibration) == 30


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("new/x.png", picture(drawn(900)), "class 'new' is not among those of"),
        ("class2/x.png", picture(drawn(900, (8, 12, 3))), "8x12 pixels, .* has 9x12"),
        ("class2/x.png", picture(drawn(7)), "are also in train or calibration"),
    ],
)
def test_a_test_folder_that_does_not_belong_is_refused(
    folder: Path, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    write(tmp_path, f"test/{name}", content)
    with pytest.raises(DataError, match=message):
        load_dataset(config(folder, test_path=tmp_path / "test"))


def test_hidden_files_notes_and_files_beside_the_classes_are_passed_over(folder: Path) -> None:
    before = load_dataset(config(folder)).digests
    for name in ("class2/.hidden.png", ".git/x.png", "class2/Thumbs.db", "README.txt", "stray.png"):
        write(folder, name, b"no picture")
    assert load_dataset(config(folder)).digests == before


def png_header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    head = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    data = b"IDAT" + zlib.compress(bytes(1000))
    tail = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return b"\x89PNG\r\n\x1a\n" + head + tail


def animated() -> bytes:
    stream = io.BytesIO()
    frames = [Image.fromarray(drawn(number)) for number in range(3)]
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    return stream.getvalue()


def gif() -> bytes:
    return picture(drawn(0, (9, 12)), "GIF")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.png", b"", "not a readable picture"),
        ("x.png", b"text", "not a readable picture .*unknown kind of file"),
        ("x.png", gif(), "not a readable picture"),
        ("x.png", picture(drawn(3))[:-40], "damaged, its pixels cannot be read"),
        ("x.png", picture(drawn(3))[:20], "not a readable picture"),
        ("x.png", png_header(9000, 9000), "9000x9000 pixels, at most 33554432 are read"),
        ("x.png", png_header(12000, 12000), "not a readable picture .*decompression bomb"),
        ("x.png", png_header(2**30, 2**30), "not a readable picture .*decompression bomb"),
        ("x.png", picture(drawn(3).astype(np.uint16)[..., 0]), "'I;16' do not fit 8 bits"),
        ("x.webp", animated(), "an animation of 3 frames"),
        ("x.jpg", picture(drawn(3), "JPEG")[:300], "not a readable picture|damaged"),
        ("x.txt", b"notes", r"x\.txt: not a picture by its name"),
        ("x.gif", gif(), r"x\.gif: not a picture by its name"),
        ("deeper/x.png", picture(drawn(3)), "a folder within a class"),
    ],
)
def test_a_file_that_is_not_a_whole_picture_is_named_in_one_line(
    folder: Path, name: str, content: bytes, message: str
) -> None:
    path = write(folder, f"class2/{name}", content)
    with pytest.raises(DataError, match=message) as caught:
        load_dataset(config(folder))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_no_damage_of_a_picture_is_more_than_a_data_error(suffix: str, tmp_path: Path) -> None:
    kind = {".png": "PNG", ".bmp": "BMP", ".webp": "WEBP"}.get(suffix, "JPEG")
    whole = picture(drawn(1), "PPM" if suffix in (".ppm", ".pgm") else kind)
    generator = np.random.default_rng(0)
    for number in range(9):
        write(tmp_path, f"a/{number}.png", picture(drawn(number)))
        write(tmp_path, f"b/{number}.png", picture(drawn(50 + number)))
    refused = 0
    for _ in range(60):
        damaged = bytearray(whole)
        for at in generator.integers(0, len(whole), 3):
            damaged[at] = generator.integers(0, 256)
        write(tmp_path, f"b/x{suffix}", bytes(damaged[: generator.integers(1, len(whole) + 1)]))
        try:
            load_dataset(config(tmp_path, image_size=(9, 12)))
        except DataError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 0


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    write(tmp_path, "outside.png", picture(drawn(900)))
    (folder / "class2" / "x.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(DataError, match=r"x\.png: a link that leads outside"):
        load_dataset(config(folder))


def test_an_unreadable_file_is_named(folder: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads every file")
    (folder / "class2" / "3.png").chmod(0)
    with pytest.raises(DataError, match=r"3\.png: cannot be read"):
        load_dataset(config(folder))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "no pictures; expected .*<class>"),
        (["a/x.png"], "pictures of 1 class"),
        (["x.png", "y.png"], "no pictures; expected .*<class>"),
        (["a/x.png", "b/y.png", "c/.hidden"], "class 'c' has no pictures"),
    ],
)
def test_a_folder_without_two_classes_of_pictures_is_refused(
    tmp_path: Path, names: list[str], message: str
) -> None:
    for name in names:
        write(tmp_path, name, picture(drawn(0)))
    with pytest.raises(DataError, match=message):
        load_dataset(config(tmp_path))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere: no such folder"):
        load_dataset(config(tmp_path / "nowhere"))


@pytest.mark.parametrize("size", ["[0, 8]", "[8]", "8", "[8, 5000]", "[8, 8, 3]"])
def test_a_size_that_is_none_is_refused_with_the_config(tmp_path: Path, size: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(
        f'name = "x"\n[data]\nsource = "image-folder"\nimage_size = {size}\n'
        '[[models]]\nfamily = "scale_cnn"\nwidths = [4]\n'
    )
    with pytest.raises(ConfigError, match="image_size"):
        load_config(path)
