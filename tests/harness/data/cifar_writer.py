"""CIFAR data sets in the real binary format, written small."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.data.cifar import CifarFormat

Images = NDArray[np.uint8]


@dataclasses.dataclass(frozen=True)
class CifarFiles:
    """What a test wrote: the format, the images by file, and the file contents by name."""

    form: CifarFormat
    images: dict[str, Images]
    labels: dict[str, NDArray[np.uint8]]
    contents: dict[str, bytes]

    def folder(self, parent: Path) -> Path:
        folder = parent / self.form.folder
        folder.mkdir(parents=True)
        for name, content in self.contents.items():
            (folder / name).write_bytes(content)
        return folder

    def archive(self, path: Path, extra: list[tarfile.TarInfo] | None = None) -> CifarFormat:
        """Write a .tar.gz laid out as the official one; return the format with its checksum."""
        with tarfile.open(path, "w:gz") as tar:
            folder = tarfile.TarInfo(self.form.folder)
            folder.type = tarfile.DIRTYPE
            tar.addfile(folder)
            for name, content in self.contents.items():
                member = tarfile.TarInfo(f"{self.form.folder}/{name}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
            for member in extra or []:
                tar.addfile(member, io.BytesIO(b"x" * member.size))
        return with_checksum(self.form, path)


def with_checksum(form: CifarFormat, archive: Path) -> CifarFormat:
    digest = hashlib.md5(archive.read_bytes(), usedforsecurity=False).hexdigest()
    return dataclasses.replace(form, archive_md5=digest)


def write_cifar(form: CifarFormat, per_file: int) -> CifarFiles:
    generator = np.random.default_rng(form.classes)
    names = "\n".join(f"class_{index}" for index in range(form.classes))
    files = CifarFiles(form, {}, {}, {form.names: f"{names}\n\n".encode(), "readme.html": b"<p>"})
    for name in (*form.train, *form.test):
        images = generator.integers(0, 256, (per_file, 32, 32, 3), dtype=np.uint8)
        labels = np.arange(per_file, dtype=np.uint8) % form.classes
        coarse = np.full((per_file, form.label_bytes - 1), 19, dtype=np.uint8)
        planes = images.transpose(0, 3, 1, 2).reshape(per_file, -1)
        records = np.concatenate([coarse, labels[:, None], planes], axis=1)
        files.images[name], files.labels[name] = images, labels
        files.contents[name] = records.tobytes()
    return files
