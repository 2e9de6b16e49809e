"""The files of a CIFAR data set as bytes: out of its archive, its folder, or a download.

Nothing is extracted to disk. An archive is trusted only by its checksum, and its members are still
checked: no links, no paths that lead outside, the expected files once each and of bounded size.
"""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from harness.data.download import download_archive
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.data.cifar import CifarFormat

_MAX_FILE_BYTES = 256 << 20
_CHUNK_BYTES = 1 << 20


def open_files(form: CifarFormat, path: Path, *, download: bool) -> dict[str, bytes]:
    """Return the content of every file of `form.files`, by name.

    Raises:
        DataError: see `harness.data.cifar.read_cifar`.

    """
    found = _find(form, path)
    if found is None and download:
        found = download_archive(form.archive, form.archive_md5, _archive_target(form, path))
    if found is None:
        raise DataError(
            f"{path}: no {form.name} here; expected {form.archive}, the folder {form.folder} "
            "extracted from it, or a folder with either. Set [data] download = true to fetch it"
        )
    try:
        return _from_folder(form, found) if found.is_dir() else _from_archive(form, found)
    except OSError as error:
        raise DataError(f"{found}: cannot be read ({error.strerror or error})") from error


def _find(form: CifarFormat, path: Path) -> Path | None:
    if path.is_file():
        return path
    if any((path / name).is_file() for name in form.files):
        return path
    candidates = (path / form.folder, path / form.archive)
    return next((candidate for candidate in candidates if candidate.exists()), None)


def _archive_target(form: CifarFormat, path: Path) -> Path:
    return path if path.name.endswith(".tar.gz") else path / form.archive


def _from_folder(form: CifarFormat, folder: Path) -> dict[str, bytes]:
    missing = [name for name in form.files if not (folder / name).is_file()]
    if missing:
        raise DataError(
            f"{folder}: {missing[0]} is missing; {form.name} needs {', '.join(form.files)}"
        )
    for name in form.files:
        _check_size(f"{folder}: {name}", (folder / name).stat().st_size)
    return {name: (folder / name).read_bytes() for name in form.files}


def _from_archive(form: CifarFormat, archive: Path) -> dict[str, bytes]:
    _check_md5(form, archive)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            files = _members(form, tar, archive)
    except (tarfile.TarError, zlib.error, EOFError) as error:
        raise DataError(f"{archive}: not a readable .tar.gz ({error})") from error
    missing = [name for name in form.files if name not in files]
    if missing:
        raise DataError(f"{archive}: {form.folder}/{missing[0]} is missing")
    return files


def _check_md5(form: CifarFormat, archive: Path) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    with archive.open("rb") as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            digest.update(chunk)
    if digest.hexdigest() != form.archive_md5:
        raise DataError(
            f"{archive}: checksum {digest.hexdigest()} is not {form.archive_md5} of the official "
            f"{form.archive}: truncated, tampered with, or another archive; delete it and fetch it "
            "again, or extract images of your own into a folder"
        )


def _members(form: CifarFormat, tar: tarfile.TarFile, archive: Path) -> dict[str, bytes]:
    wanted = {(form.folder, name): name for name in form.files}
    files: dict[str, bytes] = {}
    for member in tar:
        where = f"{archive}: {member.name!r}"
        parts = PurePosixPath(member.name).parts
        if not (member.isreg() or member.isdir()) or parts[:1] == ("/",) or ".." in parts:
            raise DataError(f"{where} is a link, a device or leads outside the archive")
        if parts not in wanted:
            continue
        name = wanted[parts]
        if name in files or not member.isreg():
            raise DataError(f"{where} occurs twice or is not a file")
        _check_size(where, member.size)
        files[name] = _content(tar, member, where)
    return files


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo, where: str) -> bytes:
    stream = tar.extractfile(member)
    content = stream.read() if stream else b""
    if len(content) != member.size:
        raise DataError(f"{where} ends after {len(content)} of {member.size} bytes")
    return content


def _check_size(where: str, size_bytes: int) -> None:
    if size_bytes > _MAX_FILE_BYTES:
        raise DataError(f"{where}: {size_bytes} bytes, more than the {_MAX_FILE_BYTES} possible")
