"""Tiny ImageNet: 200 classes of ImageNet at 64x64, from the archive or the folder extracted.

`train/<wnid>/images/*.JPEG` are the training images (500 per class), `val/images/*.JPEG` with
`val/val_annotations.txt` the test split here, since the labels of `test/` were never published.
`wnids.txt` lists the classes, `words.txt` their names. Some images are greyscale and become three
equal channels. Source: Stanford CS231n, http://cs231n.stanford.edu/tiny-imagenet-200.zip.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.data.archive import Archive
from harness.data.cache import Arrays, Expected, kept
from harness.data.picture import read_header, read_picture
from harness.data.source import Source, accept_keys, required_path
from harness.data.split import Split
from harness.errors import DataError
from harness.npz import Array

if TYPE_CHECKING:
    from harness.config import DataConfig

ARCHIVE = Archive(
    data="tiny-imagenet",
    name="tiny-imagenet-200.zip",
    md5="90528d7ca1a48142e341f4ef8d21d0de",  # Stanford gives none; that of the file it serves
    url="http://cs231n.stanford.edu/tiny-imagenet-200.zip",
    inside="tiny-imagenet-200",
    folder="tiny-imagenet-200",
    markers=("wnids.txt",),
)
SIDE = 64
_CLASSES_FILE = "wnids.txt"
_WORDS_FILE = "words.txt"
_ANNOTATIONS_FILE = "val/val_annotations.txt"
_TEXTS = (_CLASSES_FILE, _WORDS_FILE, _ANNOTATIONS_FILE)
_IMAGE_NAME = re.compile(r"(train/[^/]+|val)/images/[^/]+")
_MAX_TEXT_BYTES = 16 << 20
_MAX_IMAGE_BYTES = 1 << 20
_MIN_CLASSES = 2

_PARTS = ("train", "val")
_EXPECTED: Expected = {
    "train": (np.uint8, (None, SIDE, SIDE, 3)),
    "val": (np.uint8, (None, SIDE, SIDE, 3)),
    "train_files": (np.str_, (None,)),
    "val_files": (np.str_, (None,)),
}


def read(config: DataConfig) -> Source:
    """Return the images (N, 64, 64, 3) uint8; ids are the names of the files.

    Classes are in the order of their WordNet ids, called by id and first name
    (`n01443537 goldfish`). A folder may hold fewer classes and images than the archive: those of
    its `wnids.txt`.

    Raises:
        DataError: nothing there, another checksum, a damaged file, an image that is not 64x64, an
            image without a class or a class without a name.
        InfrastructureError: a download that was asked for failed.

    """
    accept_keys(config, "path", "download")
    found = ARCHIVE.find(required_path(config), download=config.download)
    cache = ARCHIVE.cache(found, _limit, "images")
    arrays = kept(cache, _EXPECTED, lambda: _decoded(found))
    texts = {
        name: _text(content, f"{found}: {name}")
        for name, content in ARCHIVE.read(found, _TEXTS, _MAX_TEXT_BYTES).items()
    }
    names = _class_names(texts, found)
    annotated = _annotations(texts[_ANNOTATIONS_FILE], f"{found}: {_ANNOTATIONS_FILE}")
    _check_annotated(arrays["val_files"].tolist(), annotated, found)
    wnids = {file: file.split("/")[1] for file in arrays["train_files"].tolist()}
    return Source(
        ARCHIVE.data,
        _split("train", arrays["train"], wnids, names, found),
        _split("test", arrays["val"], annotated, names, found),
        may_repeat=True,
    )


def _decoded(found: Path) -> Arrays:
    """Return the pixels `train` and `val`, (N, 64, 64, 3), and `train_files` and `val_files`."""
    pixels = {part: bytearray() for part in _PARTS}
    files: dict[str, list[str]] = {part: [] for part in _PARTS}
    for name, content in ARCHIVE.members(found, _image_limit):
        part = name.partition("/")[0]
        pixels[part] += _pixels(content, f"{found}: {name}").tobytes()
        files[part].append(name)
    arrays: Arrays = {}
    for part in _PARTS:
        order = np.argsort(files[part])
        images = np.frombuffer(pixels.pop(part), dtype=np.uint8).reshape(-1, SIDE, SIDE, 3)
        arrays[part] = images[order]
        arrays[f"{part}_files"] = np.array(files[part], dtype=np.str_)[order]
    return arrays


def _image_limit(name: str) -> int:
    return _MAX_IMAGE_BYTES if _IMAGE_NAME.fullmatch(name) else 0


def _limit(name: str) -> int:
    return _MAX_TEXT_BYTES if name in _TEXTS else _image_limit(name)


def _pixels(content: bytes, where: str) -> NDArray[np.uint8]:
    header = read_header(content, where)
    if (header.height, header.width) != (SIDE, SIDE):
        raise DataError(f"{where}: {header.height}x{header.width} pixels, not {SIDE}x{SIDE}")
    return read_picture(content, where, grey=False)


def _text(content: bytes, where: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not a text ({error.reason})") from error


def _class_names(texts: dict[str, str], found: Path) -> dict[str, str]:
    """Return wnid -> class name, sorted."""
    wnids = texts[_CLASSES_FILE].split()
    if len(set(wnids)) != len(wnids) or len(wnids) < _MIN_CLASSES:
        raise DataError(
            f"{found}: {_CLASSES_FILE}: {len(wnids)} classes, {len(set(wnids))} of them different"
        )
    rows = (line.partition("\t") for line in texts[_WORDS_FILE].splitlines())
    words = {wnid: text.partition(",")[0].strip() for wnid, _, text in rows}
    unnamed = [wnid for wnid in wnids if not words.get(wnid)]
    if unnamed:
        raise DataError(f"{found}: {_WORDS_FILE} has no name for class {unnamed[0]}")
    return {wnid: f"{wnid} {words[wnid]}" for wnid in sorted(wnids)}


def _annotations(text: str, where: str) -> dict[str, str]:
    """Return file within the data set -> wnid, of the validation images."""
    rows = [line.split("\t") for line in text.splitlines() if line.strip()]
    short = next((number for number, row in enumerate(rows, 1) if len(row) < 2), None)  # noqa: PLR2004
    annotated = {f"val/images/{row[0]}": row[1] for row in rows if len(row) > 1}
    if short is not None or len(annotated) != len(rows):
        fault = f"line {short} has no class" if short else "an image occurs twice"
        raise DataError(f"{where}: {fault}; each line is a file name, a tab and a class")
    return annotated


def _check_annotated(files: list[str], annotated: dict[str, str], found: Path) -> None:
    for name in sorted(set(files) ^ set(annotated)):
        missing = "the image is missing" if name in annotated else "it has no annotation"
        raise DataError(f"{found}: {name}: {missing}; images and {_ANNOTATIONS_FILE} must agree")


def _split(
    name: str, images: Array, wnids: dict[str, str], names: dict[str, str], found: Path
) -> Split:
    """Return the images of the files of `wnids`, both in the order of the files' names."""
    if not wnids:
        raise DataError(f"{found}: no images for the {name} split")
    index = {wnid: label for label, wnid in enumerate(names)}
    files = sorted(wnids)
    unknown = [file for file in files if wnids[file] not in index]
    if unknown:
        raise DataError(
            f"{found}: {unknown[0]}: class {wnids[unknown[0]]} is not in {_CLASSES_FILE}"
        )
    return Split(
        name=name,
        images=images,
        labels=np.array([index[wnids[file]] for file in files], dtype=np.int64),
        ids=np.array(files),
        class_names=tuple(names.values()),
    )
