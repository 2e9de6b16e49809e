"""A user's own data: an `.npz` with `images`, `labels`, and where given `class_names` and `ids`.

| array         | shape                              | dtype           |
|---------------|------------------------------------|-----------------|
| `images`      | (N, H, W, C), (N, H, W) or (N, F)  | numbers         |
| `labels`      | (N,)                               | integer         |
| `class_names` | (classes,), optional               | text            |
| `ids`         | (N,), optional, unique             | integer or text |

Without `ids` the ids are the positions in the file.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.data.source import Source, accept_keys, required_path
from harness.data.split import Split, as_ids, as_images, as_labels
from harness.errors import DataError
from harness.npz import read_arrays

if TYPE_CHECKING:
    from harness.config import DataConfig

_MIN_CLASSES = 2
_MAX_CLASSES = 1_000_000


def read(config: DataConfig) -> Source:
    """Return the images of `config.path`, with those of `config.test_path` as the test split.

    Raises:
        DataError: a file is missing, damaged or malformed, or the two do not belong together.

    """
    accept_keys(config, "path", "test_path")
    path = required_path(config)
    pool = _named(path)
    if config.test_path is None:
        return Source(path.stem, pool)
    return Source(path.stem, *_as_pair(pool, _named(config.test_path), config.test_path))


def _named(path: Path) -> Split:
    """Return the split of a file; classes that it does not name are numbered."""
    split = load_npz_split(path)
    if split.class_names:
        return split
    try:
        return replace(split, class_names=_numbered(int(split.labels.max()) + 1))
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error


def load_npz_split(path: Path) -> Split:
    """Return all samples of the `.npz` at `path` as one split, named after the file.

    Raises:
        DataError: no such file, not an `.npz`, Python objects, wrong shapes or types, NaN, labels
            without a class name where the file names the classes. One line that starts with the
            path.

    """
    try:
        arrays = read_arrays(path, ["images", "labels"], ["class_names", "ids"])
    except (FileNotFoundError, ValueError) as error:
        raise DataError(str(error)) from error
    try:
        return _as_split(path.stem, arrays)
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error


def _as_split(name: str, arrays: dict[str, NDArray[Any]]) -> Split:
    images = as_images(arrays["images"])
    named = _class_names(arrays["class_names"]) if "class_names" in arrays else None
    labels = as_labels(arrays["labels"], len(images), len(named) if named else None)
    ids = as_ids(arrays["ids"] if "ids" in arrays else np.arange(len(images)), len(images))
    if int(labels.max()) >= _MAX_CLASSES:
        limit = _MAX_CLASSES - 1
        raise ValueError(f"label {labels.max()} is too high; at most {limit} is possible")
    return Split(name, images, labels, ids, named or ())


def _class_names(values: NDArray[Any]) -> tuple[str, ...]:
    if values.ndim != 1 or values.dtype.kind != "U":
        raise ValueError(
            f"class_names must be one text per class, got shape {values.shape} of {values.dtype}"
        )
    names = tuple(str(value) for value in values)
    if len(names) < _MIN_CLASSES:
        raise ValueError(f"class_names must name at least {_MIN_CLASSES} classes, got {len(names)}")
    if len(set(names)) < len(names):
        twin = next(name for index, name in enumerate(names) if name in names[:index])
        raise ValueError(f"class_names: {twin!r} occurs more than once")
    return names


def _numbered(classes: int) -> tuple[str, ...]:
    if classes < _MIN_CLASSES:
        raise ValueError(
            f"labels make {classes} classes; at least {_MIN_CLASSES} are needed "
            "(labels count from 0; class_names can name classes without a sample)"
        )
    return tuple(str(index) for index in range(classes))


def _as_pair(train: Split, test: Split, test_path: Path) -> tuple[Split, Split]:
    if (train.images.shape[1:], train.images.dtype) != (test.images.shape[1:], test.images.dtype):
        raise DataError(
            f"{test_path}: images are {test.images.shape[1:]} of {test.images.dtype}, those of "
            f"[data] path are {train.images.shape[1:]} of {train.images.dtype}"
        )
    names = _common_names(train.class_names, test.class_names)
    if names is None:
        raise DataError(
            f"{test_path}: its {len(test.class_names)} class names are not the "
            f"{len(train.class_names)} of [data] path"
        )
    return replace(train, class_names=names), replace(test, class_names=names)


def _common_names(train: tuple[str, ...], test: tuple[str, ...]) -> tuple[str, ...] | None:
    if train == test:
        return train
    if test == _numbered(len(test)) and len(test) <= len(train):
        return train
    if train == _numbered(len(train)) and len(train) <= len(test):
        return test
    return None
