"""The files inside an archive as bytes: bounded, once each, and never written to disk."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from harness.errors import DataError

KINDS = (".tar.gz", ".tar", ".zip")
"""The archives that are read, by the end of their name."""

Limit = Callable[[str], int]
"""Name of a file -> how many bytes it may have; 0 where it is not wanted."""

_UNREADABLE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    RuntimeError,  # an encrypted member of a zip; also NotImplementedError, its compression
)


def archive_members(
    archive: Path, kind: str, inside: str, limit: Limit
) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of the wanted files of an archive of `kind`, in its order.

    Names are relative to the folder `inside` of the archive; hidden files are passed over.

    Raises:
        DataError: not an archive of that kind, a link, a device, a name that leads
            outside, a wanted file that is larger than its limit, occurs twice or ends early.

    """
    try:
        if kind == ".zip":
            yield from _zip_members(archive, inside, limit)
        else:
            yield from _tar_members(archive, kind, inside, limit)
    except _UNREADABLE as error:
        raise DataError(f"{archive}: not a readable {kind} ({error})") from error


def check_size(where: str, size_bytes: int, limit_bytes: int) -> None:
    """Raise DataError where a file is larger than such a file can be."""
    if size_bytes > limit_bytes:
        raise DataError(f"{where}: {size_bytes} bytes, more than the {limit_bytes} possible")


def _tar_members(
    archive: Path, kind: str, inside: str, limit: Limit
) -> Iterator[tuple[str, bytes]]:
    seen: set[str] = set()
    with tarfile.open(archive, "r|gz" if kind == ".tar.gz" else "r|") as tar:
        for member in tar:
            where = f"{archive}: {member.name!r}"
            name = _name(member.name, inside, where, plain=member.isreg() or member.isdir())
            limit_bytes = limit(name) if name else 0
            if not limit_bytes:
                continue
            _check_once(name, seen, where, is_file=member.isreg())
            check_size(where, member.size, limit_bytes)
            stream = tar.extractfile(member)
            yield name, _whole(stream.read() if stream else b"", member.size, where)


def _zip_members(archive: Path, inside: str, limit: Limit) -> Iterator[tuple[str, bytes]]:
    seen: set[str] = set()
    with zipfile.ZipFile(archive) as packed:
        for info in packed.infolist():
            where = f"{archive}: {info.filename!r}"
            name = _name(info.filename, inside, where, plain=True)
            limit_bytes = limit(name) if name else 0
            if not limit_bytes:
                continue
            _check_once(name, seen, where, is_file=not info.is_dir())
            check_size(where, info.file_size, limit_bytes)
            with packed.open(info) as stream:
                yield name, _whole(stream.read(info.file_size + 1), info.file_size, where)


def _name(member: str, inside: str, where: str, *, plain: bool) -> str:
    """Return the name of a member below `inside`; empty for all others and for hidden ones."""
    path = PurePosixPath(member)
    if not plain or path.is_absolute() or ".." in path.parts:
        raise DataError(f"{where} is a link, a device or leads outside the archive")
    if not path.is_relative_to(inside) or any(part[0] == "." for part in path.parts):
        return ""
    return str(path.relative_to(inside))


def _check_once(name: str, seen: set[str], where: str, *, is_file: bool) -> None:
    if name in seen or not is_file:
        raise DataError(f"{where} occurs twice or is not a file")
    seen.add(name)


def _whole(content: bytes, size_bytes: int, where: str) -> bytes:
    if len(content) != size_bytes:
        raise DataError(f"{where} ends after {len(content)} of {size_bytes} bytes")
    return content
