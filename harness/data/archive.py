"""A published data set on disk: its archive, the folder extracted from it, or a download of it.

An archive is trusted only by its checksum; a folder may hold files of one's own in the same layout.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.data.download import download_archive
from harness.data.folder import files_below
from harness.data.members import KINDS, Limit, archive_members, check_size
from harness.errors import DataError

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Archive:
    """Where the files of a published data set are.

    Attributes:
        data: name of the data set.
        name: file name of the archive: `.tar`, `.tar.gz` or `.zip`.
        md5: of that archive.
        url: where it is published.
        inside: the folder within the archive that holds the files; empty where it has none.
        folder: name of the folder that extracting gives.
        markers: files in that folder, any of which tells that a folder is the data set.

    """

    data: str
    name: str
    md5: str
    url: str
    inside: str
    folder: str
    markers: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The suffix of the archive's official name."""
        return next(kind for kind in KINDS if self.name.endswith(kind))

    def find(self, path: Path, *, download: bool) -> Path:
        """Return the archive or folder at or in `path`, downloading the archive if asked to.

        Raises:
            DataError: there is neither, and no download was asked for.
            InfrastructureError: the download failed.
            MissingExtraError: torchvision is needed for the download and not installed.

        """
        found = self._existing(path)
        if found is None and download:
            target = path if path.name.endswith(self.kind) else path / self.name
            found = download_archive(self.url, self.md5, target)
        if found is None:
            raise DataError(
                f"{path}: no {self.data} here; expected {self.name}, the folder {self.folder} "
                "extracted from it, or a folder with either. Set [data] download = true to fetch it"
            )
        return found

    def _existing(self, path: Path) -> Path | None:
        if path.is_file():
            return path
        if any((path / name).is_file() for name in self.markers):
            return path
        candidates = (path / self.folder, path / self.name)
        return next((candidate for candidate in candidates if candidate.exists()), None)

    def members(self, found: Path, limit: Limit) -> Iterator[tuple[str, bytes]]:
        """Yield (name, content) of every file for which `limit` allows a size.

        Names are relative to the data set's folder, with `/`. Folders are read in the order of
        their names, archives in their own; nothing is extracted to disk.

        Raises:
            DataError: an archive with another checksum or damaged, a file beyond its limit, a link
                or name that leads outside, a file that cannot be read.

        """
        try:
            if found.is_dir():
                yield from _folder_members(found, limit)
            else:
                self.check(found)
                yield from archive_members(found, self.kind, self.inside, limit)
        except OSError as error:
            raise DataError(f"{found}: cannot be read ({error.strerror or error})") from error

    def read(self, found: Path, names: tuple[str, ...], limit_bytes: int) -> dict[str, bytes]:
        """Return the content of the files called `names`, all of which must be there.

        Raises:
            DataError: as `members`, and where a file is missing.

        """
        if found.is_dir():
            self._check_present(found, [one for one in names if (found / one).is_file()], names)
            return _named_in_folder(found, names, limit_bytes)
        wanted = frozenset(names)
        files = dict(self.members(found, lambda name: limit_bytes if name in wanted else 0))
        self._check_present(found, files, names)
        return files

    def _check_present(self, found: Path, present: Collection[str], names: tuple[str, ...]) -> None:
        missing = [name for name in names if name not in present]
        if missing:
            raise DataError(
                f"{found}: {missing[0]} is missing; {self.data} needs {', '.join(names)}"
            )

    def cache(self, found: Path, limit: Limit, what: str) -> Path:
        """Return where to keep `what` is made of the files that `limit` wants.

        A hidden `.npz` in the folder of the archive, or in the folder extracted from it, named by
        the checksum of the archive, or by a digest of the folder's files.

        Raises:
            DataError: as `members`.

        """
        if found.is_file():
            self.check(found)
            return found.parent / f".{what}-{self.md5}.npz"
        digest = hashlib.blake2b(digest_size=16)
        for name, content in self.members(found, limit):
            digest.update(f"{name} {len(content)} ".encode())
            digest.update(content)
        return found / f".{what}-{digest.hexdigest()}.npz"

    def check(self, archive: Path) -> None:
        """Raise DataError where the checksum of the file `archive` is not the official one."""
        digest = hashlib.md5(usedforsecurity=False)
        with archive.open("rb") as handle:
            while chunk := handle.read(_CHUNK_BYTES):
                digest.update(chunk)
        if digest.hexdigest() != self.md5:
            raise DataError(
                f"{archive}: checksum {digest.hexdigest()} is not {self.md5} of the official "
                f"{self.name}: truncated, tampered with, or another archive; delete it and fetch "
                "it again, or extract files of your own into a folder"
            )


def _named_in_folder(folder: Path, names: tuple[str, ...], limit_bytes: int) -> dict[str, bytes]:
    try:
        for name in names:
            check_size(f"{folder}: {name}", (folder / name).stat().st_size, limit_bytes)
        return {name: (folder / name).read_bytes() for name in names}
    except OSError as error:
        raise DataError(f"{folder}: cannot be read ({error.strerror or error})") from error


def _folder_members(folder: Path, limit: Limit) -> Iterator[tuple[str, bytes]]:
    for name, path in files_below(folder):
        limit_bytes = limit(name)
        if limit_bytes:
            check_size(f"{folder}: {name}", path.stat().st_size, limit_bytes)
            yield name, path.read_bytes()
