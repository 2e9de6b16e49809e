"""Arrays from an `.npz` of any origin: nothing is executed, sizes are checked before memory."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

Array = NDArray[Any]

_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,  # an encrypted member; also NotImplementedError, an unknown compression
)


def read_arrays(
    path: Path, required: Iterable[str], optional: Iterable[str] = ()
) -> dict[str, Array]:
    """Return the named arrays of `path`; the optional ones only where present.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not an `.npz`, an array is missing, damaged, holds Python objects, or is
            larger than this machine's memory. The message is one line that starts with the path.

    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive)
            wanted = _wanted(members, list(required), list(optional))
            _check_memory(sum(members[name].file_size for name in wanted))
            return {name: _read(archive, members[name]) for name in wanted}
    except _UNREADABLE as error:
        raise ValueError(f"{path}: not a readable .npz file ({error})") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    infos = archive.infolist()
    members = {info.filename.removesuffix(".npy"): info for info in infos}
    if len(members) != len(infos):
        raise ValueError("an array name occurs twice")
    return members


def _wanted(
    members: dict[str, zipfile.ZipInfo], required: list[str], optional: list[str]
) -> list[str]:
    missing = [name for name in required if name not in members]
    if missing:
        raise ValueError(
            f"array {missing[0]!r} is missing; found {sorted(members)}, needed {required}"
        )
    return required + [name for name in optional if name in members]


def _check_memory(needed_bytes: int) -> None:
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed_bytes > memory_bytes:
        raise ValueError(f"its arrays need {needed_bytes} bytes, this machine has {memory_bytes}")


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    with archive.open(info) as stream:
        shape, dtype = _header(stream, info.filename)
        expected_bytes = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if info.file_size - stream.tell() != expected_bytes:
            raise ValueError(
                f"{info.filename}: shape {shape} of {dtype} needs {expected_bytes} bytes, "
                f"the file has {info.file_size - stream.tell()}"
            )
    with archive.open(info) as stream:
        return np.asarray(npy.read_array(stream, allow_pickle=False))


def _header(stream: Any, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    try:
        version = npy.read_magic(stream)
        reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = reader(stream)
    except (ValueError, SyntaxError, TypeError) as error:
        raise ValueError(f"{name}: not an array ({error})") from error
    if dtype.hasobject:
        raise ValueError(f"{name}: holds Python objects, which are never loaded; save plain arrays")
    return shape, dtype
