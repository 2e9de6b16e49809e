"""The folder of one pipeline's results: `runs/<name>/<stage>/<unit>-<key>/`.

A unit is one piece of work (train this model, export it, run it there). Its key is the hash of all
that went in, so a changed config makes new units beside the old ones and an unchanged one finds its
results. A unit's folder appears whole, by a rename, with a `record.json` that holds the inputs and
the SHA-256 of every file; work that can resume keeps what it has in a `.partial` folder meanwhile.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.errors import BenchError, InfrastructureError, UserError
from harness.files import sha256_of_file, sha256_of_json, write_json
from harness.record import environment_record

RECORD_NAME = "record.json"
_LOCKS = ".locks"
_FORMAT = 1
_KEY_LENGTH = 12


@dataclass(frozen=True)
class Unit:
    """One piece of work: its stage, a readable name, and everything its result depends on."""

    stage: str
    name: str
    inputs: Mapping[str, Any] = field(hash=False)

    @cached_property
    def key(self) -> str:
        """The first 12 hex digits of the SHA-256 of stage and inputs."""
        content = {"format": _FORMAT, "stage": self.stage, "inputs": dict(self.inputs)}
        return sha256_of_json(content)[:_KEY_LENGTH]

    @property
    def folder_name(self) -> str:
        """`<name>-<key>`."""
        return f"{self.name}-{self.key}"


class Store:
    """The results of one pipeline on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._digests: dict[Path, dict[str, str]] = {}

    def folder(self, unit: Unit) -> Path:
        """Where the unit's result is, or will be."""
        return self.root / unit.stage / unit.folder_name

    def has(self, unit: Unit) -> bool:
        """Whether the unit's result is complete."""
        return (self.folder(unit) / RECORD_NAME).is_file()

    def build(self, unit: Unit, work: Callable[[Path], None]) -> Path:
        """Return the folder of the unit's result, calling `work(partial folder)` if there is none.

        What `work` leaves in the partial folder survives a kill and is found by the next call; it
        is removed when `work` raises a UserError, since the same inputs would raise it again; a
        BenchError is none of the inputs' making.

        Raises:
            UserError: a file of a finished unit was changed afterwards.

        """
        folder = self.folder(unit)
        if not self.has(unit):
            with self._alone(unit):
                if not self.has(unit):
                    self._make(unit, work)
        self._verify(folder)
        return folder

    def _make(self, unit: Unit, work: Callable[[Path], None]) -> None:
        folder = self.folder(unit)
        partial = folder.with_name(f".{folder.name}.partial")
        partial.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(partial)
        try:
            work(partial)
        except BenchError:
            raise
        except UserError:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        record = _record(unit, partial)
        write_json(partial / RECORD_NAME, record)
        partial.rename(folder)
        self._digests[folder] = record["files"]

    @contextlib.contextmanager
    def _alone(self, unit: Unit) -> Iterator[None]:
        """Wait for another process that makes this very unit, as one of a run before may still."""
        path = self.root / _LOCKS / f"{unit.stage}-{unit.folder_name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def digest(self, path: Path) -> str:
        """Return the SHA-256 of a file of a finished unit; it is read once per process.

        Raises:
            UserError: a file of the unit was changed afterwards.

        """
        return self._verify(path.parent)[path.name]

    def _verify(self, folder: Path) -> dict[str, str]:
        """Check every file of a finished unit against its record, once; return their digests."""
        if folder in self._digests:
            return self._digests[folder]
        files: dict[str, str] = read_record(folder)["files"]
        for name, expected in files.items():
            path = folder / name
            if not path.is_file() or sha256_of_file(path) != expected:
                raise UserError(
                    f"{path}: changed or removed since it was made (SHA-256 was "
                    f"{expected[:12]}...); delete the folder {folder} to make it again"
                )
        self._digests[folder] = files
        return files

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the store for this process; the lock ends with the process, however it ends.

        Raises:
            InfrastructureError: another process holds it.

        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("a+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InfrastructureError(
                    f"{self.root}: in use by another tinygate (process {_holder(handle.name)}); "
                    "wait for it or choose another --runs folder"
                ) from error
            handle.truncate(0)
            handle.write(str(os.getpid()))
            handle.flush()
            _remove_leftovers(self.root)
            yield


def _remove_leftovers(folder: Path) -> None:
    """Remove what a write that was killed left: no record may list it."""
    for path in folder.rglob(".*.tmp*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def read_record(folder: Path) -> dict[str, Any]:
    """Return the record of a finished unit; UserError where it is damaged."""
    path = folder / RECORD_NAME
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(record["files"], dict):
            raise TypeError("files")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path}: damaged ({error}); delete the folder {folder} to make it again"
        ) from error
    return record


def _record(unit: Unit, folder: Path) -> dict[str, Any]:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != RECORD_NAME)
    return {
        "format": _FORMAT,
        "stage": unit.stage,
        "name": unit.name,
        "key": unit.key,
        "inputs": dict(unit.inputs),
        "files": {str(path.relative_to(folder)): sha256_of_file(path) for path in files},
        "environment": environment_record(),
    }


def _holder(lock: str) -> str:
    with contextlib.suppress(OSError):
        return Path(lock).read_text() or "unknown"
    return "unknown"
