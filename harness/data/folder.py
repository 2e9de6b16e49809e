"""The files below a folder, in the same order on every machine, none of them from elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from harness.errors import DataError


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name, path) of every file below `folder`, sorted; names relative to it, with `/`.

    Hidden files and folders (a leading dot) are passed over. A link to a file within the folder is
    that file.

    Raises:
        DataError: a link that leads outside or to a folder, a broken link, or something that is
            neither file nor folder.
        OSError: a folder that cannot be listed.

    """
    yield from _below(folder, folder.resolve(), "")


def _below(folder: Path, root: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    with os.scandir(folder) as entries:
        visible = sorted((one for one in entries if one.name[0] != "."), key=lambda one: one.name)
    for entry in visible:
        path, name = Path(entry.path), prefix + entry.name
        if entry.is_symlink():
            _check_link(path, root)
        if entry.is_dir():
            yield from _below(path, root, f"{name}/")
        elif entry.is_file():
            yield name, path
        else:
            raise DataError(f"{path}: neither a file nor a folder; remove it")


def _check_link(link: Path, root: Path) -> None:
    target = link.resolve()
    if not target.is_relative_to(root):
        raise DataError(f"{link}: a link that leads outside of {root}; copy the file instead")
    if not target.is_file():
        raise DataError(f"{link}: a link to a folder or to nothing; only links to files are read")
