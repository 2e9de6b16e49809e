"""Arrays that are slow to make, kept in a file beside the data they were made from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from harness.files import atomic_path
from harness.npz import Array, read_arrays

Arrays = dict[str, Array]
Expected = dict[str, tuple[type[np.generic], tuple[int | None, ...]]]
"""Name of an array -> its dtype and shape; None stands for any length."""


def kept(path: Path, expected: Expected, make: Callable[[], Arrays]) -> Arrays:
    """Return the arrays of the `.npz` at `path`; made and written where it does not hold them.

    A file that is damaged, or holds anything but what is expected, is made anew. Where the file
    cannot be written (no permission, no space) there is none, and the arrays are returned all the
    same. The name of the file must change with whatever the arrays depend on.
    """
    with suppress(FileNotFoundError, ValueError):
        return _read(path, expected)
    arrays = make()
    with suppress(OSError), atomic_path(path) as temporary:
        np.savez(temporary, **arrays)  # type: ignore[arg-type]  # names are not allow_pickle
    return arrays


def _read(path: Path, expected: Expected) -> Arrays:
    arrays = read_arrays(path, expected)
    for name, (dtype, shape) in expected.items():
        found = arrays[name]
        lengths = tuple(
            got if wanted is None else wanted
            for got, wanted in zip(found.shape, shape, strict=False)
        )
        if (
            not np.issubdtype(found.dtype, dtype)
            or lengths != found.shape
            or len(shape) != found.ndim
        ):
            raise ValueError(f"{path}: {name} is {found.shape} of {found.dtype}")
    return arrays
