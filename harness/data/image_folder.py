"""A user's own pictures: one folder per class, `path/<class>/*.png`.

Any of PNG, JPEG, BMP, PGM, PPM and WebP, told by content, found by suffix. Hidden files are passed
over, as are the notes that file managers leave; anything else inside a class folder is an error, so
that no sample is lost unseen.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.data.folder import files_below
from harness.data.members import check_size
from harness.data.picture import MAX_BYTES, Header, read_header, read_picture
from harness.data.source import Source, accept_keys, required_path
from harness.data.split import Split
from harness.errors import DataError
from harness.npz import check_memory

if TYPE_CHECKING:
    from harness.config import DataConfig

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".ppm", ".webp")
_NOTES = frozenset({"thumbs.db", "desktop.ini"})
_MIN_CLASSES = 2
_GREY_CHANNELS, _COLOUR_CHANNELS = 1, 3

Size = tuple[int, int]


def read(config: DataConfig) -> Source:
    """Return the pictures of `path`, with those of `test_path` as the test split where given.

    Images are (N, H, W, 1) uint8 where every picture is grey, else (N, H, W, 3). Without
    `image_size` all must have one size; with it every other size is resized to it (Pillow,
    bilinear with antialiasing). Classes are the folders in natural order (`2` before `10`), ids
    `<class>/<file>`.

    Raises:
        DataError: no such folder, fewer than two classes, a class of `test_path` that `path` does
            not have, an empty folder, a file that is no picture or damaged, pictures of several
            sizes, a link that leads outside.

    """
    accept_keys(config, "path", "test_path", "image_size")
    path = required_path(config)
    folders = [path] if config.test_path is None else [path, config.test_path]
    files = [_files(folder) for folder in folders]
    names = _class_names(path, files[0])
    headers = [{name: _header(where) for name, where in found.items()} for found in files]
    size = config.image_size or _common_size(files, headers)
    grey = all(header.grey for found in headers for header in found.values())
    pool, *test = (
        _split(folder, found, names, size, grey=grey)
        for folder, found in zip(folders, files, strict=True)
    )
    return Source(path.name, pool, test[0] if test else None)


def natural(name: str) -> tuple[list[tuple[bool, int, str]], str]:
    """Return the key that sorts names with their numbers as numbers: `a2` before `a10`."""
    pieces = (piece for piece in re.split(r"([0-9]+)", name.casefold()) if piece)
    key = [(False, int(p), "") if p[0] in "0123456789" else (True, 0, p) for p in pieces]
    return key, name


def _files(folder: Path) -> dict[str, Path]:
    """Return `<class>/<file>` -> path, in natural order."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected one folder per class in it")
    try:
        found = {name: path for name, path in files_below(folder) if _is_picture(name, path)}
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error})") from error
    if not found:
        raise DataError(f"{folder}: no pictures; expected {folder}/<class>/*{SUFFIXES[0]}")
    return {name: found[name] for name in sorted(found, key=natural)}


def _is_picture(name: str, path: Path) -> bool:
    depth = name.count("/")
    if depth == 0 or path.name.lower() in _NOTES:
        return False
    if depth > 1:
        raise DataError(f"{path}: a folder within a class; expected <class>/<file>")
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(
            f"{path}: not a picture by its name ({', '.join(SUFFIXES)}); convert it, or remove it"
        )
    return True


def _class_names(folder: Path, files: dict[str, Path]) -> tuple[str, ...]:
    names = sorted({name.partition("/")[0] for name in files}, key=natural)
    empty = {one.name for one in folder.iterdir() if one.is_dir() and one.name[0] != "."} - {*names}
    if empty:
        raise DataError(f"{folder}: class {min(empty)!r} has no pictures; add some or remove it")
    if len(names) < _MIN_CLASSES:
        raise DataError(
            f"{folder}: pictures of {len(names)} class ({names[0]!r}); at least {_MIN_CLASSES} "
            "classes are needed, each in a folder of its own"
        )
    return tuple(names)


def _header(path: Path) -> Header:
    return read_header(_content(path), str(path))


def _content(path: Path) -> bytes:
    try:
        check_size(str(path), path.stat().st_size, MAX_BYTES)
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error


def _common_size(files: list[dict[str, Path]], headers: list[dict[str, Header]]) -> Size:
    """Return (H, W) of all pictures; DataError where they differ."""
    sizes = [
        (paths[name], (header.height, header.width))
        for paths, found in zip(files, headers, strict=True)
        for name, header in found.items()
    ]
    origin, size = sizes[0]
    for path, other in sizes:
        if other != size:
            raise DataError(
                f"{path}: {other[0]}x{other[1]} pixels, {origin} has {size[0]}x{size[1]}; set "
                "[data] image_size = [height, width] to resize all"
            )
    return size


def _split(
    folder: Path, files: dict[str, Path], names: tuple[str, ...], size: Size, *, grey: bool
) -> Split:
    index = {name: label for label, name in enumerate(names)}
    classes = [name.partition("/")[0] for name in files]
    unknown = [name for name in classes if name not in index]
    if unknown:
        raise DataError(f"{folder}: class {unknown[0]!r} is not among those of [data] path")
    return Split(
        name=folder.name,
        images=_images(files, size, grey=grey),
        labels=np.array([index[name] for name in classes], dtype=np.int64),
        ids=np.array(list(files)),
        class_names=names,
    )


def _images(files: dict[str, Path], size: Size, *, grey: bool) -> NDArray[np.uint8]:
    shape = (len(files), *size, _GREY_CHANNELS if grey else _COLOUR_CHANNELS)
    try:
        check_memory(math.prod(shape))
    except ValueError as error:
        raise DataError(
            f"{len(files)} pictures of {size[0]}x{size[1]}: {error}; set a smaller [data] "
            "image_size"
        ) from error
    images = np.empty(shape, dtype=np.uint8)
    for row, path in zip(images, files.values(), strict=True):
        row[:] = read_picture(_content(path), str(path), grey=grey, resize=size)
    return images
