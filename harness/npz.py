"""Arrays from an `.npz` of any origin: nothing is executed, sizes are checked before memory."""

from __future__ import annotations

import io
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
            check_memory(sum(members[name].file_size for name in wanted))
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


def check_memory(needed_bytes: int) -> None:
    """Raise ValueError where arrays of so many bytes are larger than this machine's memory."""
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed_bytes > memory_bytes:
        raise ValueError(f"its arrays need {needed_bytes} bytes, this machine has {memory_bytes}")


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    with archive.open(info) as stream:
        _check_header(stream, info.filename, info.file_size)
    with archive.open(info) as stream:
        return np.asarray(npy.read_array(stream, allow_pickle=False))


def array_of(content: bytes, name: str) -> Array:
    """Return the array of an `.npy` file's content, after checking that it is one.

    Raises:
        ValueError: not an `.npy`, Python objects, more or fewer bytes than its header says. The
            message is one line that starts with `name`.

    """
    _check_header(io.BytesIO(content), name, len(content))
    return np.asarray(npy.read_array(io.BytesIO(content), allow_pickle=False))


def _check_header(stream: Any, name: str, file_bytes: int) -> None:
    """Raise ValueError unless an array follows that fills the file."""
    shape, dtype = _header(stream, name)
    expected_bytes = int(np.prod(shape, dtype=object)) * dtype.itemsize
    if file_bytes - stream.tell() != expected_bytes:
        raise ValueError(
            f"{name}: shape {shape} of {dtype} needs {expected_bytes} bytes, "
            f"the file has {file_bytes - stream.tell()}"
        )


def _header(stream: Any, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    try:
        version = npy.read_magic(stream)
        reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = reader(stream)
    except (ValueError, SyntaxError, TypeError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"{name}: not an array ({reason})") from error
    if dtype.hasobject:
        raise ValueError(f"{name}: holds Python objects, which are never loaded; save plain arrays")
    return shape, dtype
