"""CIFAR-10 and CIFAR-100 in the binary distribution format, from the archive or its folder.

A file is a run of records without a header. A record is the label bytes (CIFAR-10: class;
CIFAR-100: coarse class, fine class), then 3,072 pixels: the red, green and blue planes of 32x32,
row by row. Class names are the lines of a text file. Source: the data sets' own page,
https://www.cs.toronto.edu/~kriz/cifar.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.data.archive import Archive
from harness.data.source import Source, accept_keys, required_path
from harness.data.split import Split
from harness.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.config import DataConfig

_CHANNELS = 3
_SIDE = 32
_PIXEL_BYTES = _CHANNELS * _SIDE * _SIDE
_PAGE = "https://www.cs.toronto.edu/~kriz/"
_MAX_FILE_BYTES = 256 << 20


@dataclass(frozen=True)
class CifarFormat:
    """Where the images of one of the two data sets are, and what they look like.

    Attributes:
        name: of the data set.
        archive: file name of the official archive.
        archive_md5: of that archive, as torchvision and the data sets' page give it.
        folder: the one folder inside the archive.
        train, test: the record files of the two splits.
        names: the text file with the class names, in the order of the labels.
        classes: how many.
        label_bytes: before the pixels of each record; the last of them is the class.
        page: the address that the archive lies below.

    """

    name: str
    archive: str
    archive_md5: str
    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    names: str
    classes: int
    label_bytes: int
    page: str = _PAGE

    @property
    def published(self) -> Archive:
        """The archive that the files come in."""
        return Archive(
            data=self.name,
            name=self.archive,
            md5=self.archive_md5,
            url=self.page + self.archive,
            inside=self.folder,
            folder=self.folder,
            markers=self.files,
        )

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that is read."""
        return (*self.train, *self.test, self.names)

    @property
    def record_bytes(self) -> int:
        """Size of one image with its labels."""
        return self.label_bytes + _PIXEL_BYTES


CIFAR10 = CifarFormat(
    name="cifar10",
    archive="cifar-10-binary.tar.gz",
    archive_md5="c32a1d4ab5d03f1284b67883e8d87530",
    folder="cifar-10-batches-bin",
    train=tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
    test=("test_batch.bin",),
    names="batches.meta.txt",
    classes=10,
    label_bytes=1,
)
CIFAR100 = CifarFormat(
    name="cifar100",
    archive="cifar-100-binary.tar.gz",
    archive_md5="03b5dce01913d631647c71ecec9e9cb8",
    folder="cifar-100-binary",
    train=("train.bin",),
    test=("test.bin",),
    names="fine_label_names.txt",
    classes=100,
    label_bytes=2,
)


def read_cifar10(config: DataConfig) -> Source:
    """Return CIFAR-10; see `read_cifar`."""
    return _read_configured(CIFAR10, config)


def read_cifar100(config: DataConfig) -> Source:
    """Return CIFAR-100 with its 100 fine classes; see `read_cifar`."""
    return _read_configured(CIFAR100, config)


def _read_configured(form: CifarFormat, config: DataConfig) -> Source:
    accept_keys(config, "path", "download")
    return read_cifar(form, required_path(config), download=config.download)


def read_cifar(form: CifarFormat, path: Path, *, download: bool = False) -> Source:
    """Return the images (N, 32, 32, 3) uint8 of both splits, ids the positions within each split.

    `path` is the archive, the folder extracted from it, or a folder that holds either. An archive
    is read only if its checksum is the official one. A folder may hold any whole number of records
    in the same files, so images of one's own can be written in the format. With `download` the
    archive is fetched first where there is neither.

    Raises:
        DataError: nothing there, an archive with another checksum, a file that is missing or not a
            whole number of records, a label or class names that the data set does not have.
        InfrastructureError: the download failed.
        MissingExtraError: torchvision is needed for the download and not installed.

    """
    archive = form.published
    found = archive.find(path, download=download)
    files = archive.read(found, form.files, _MAX_FILE_BYTES)
    names = _class_names(form, files[form.names], f"{path}: {form.names}")
    train, test = (
        _split(form, {file: files[file] for file in members}, name, names, path)
        for name, members in (("train", form.train), ("test", form.test))
    )
    return Source(form.name, train, test, may_repeat=True)


def _split(
    form: CifarFormat, files: dict[str, bytes], name: str, names: tuple[str, ...], path: Path
) -> Split:
    records = np.concatenate(
        [_records(form, content, f"{path}: {file}") for file, content in files.items()]
    )
    planes = records[:, form.label_bytes :].reshape(-1, _CHANNELS, _SIDE, _SIDE)
    return Split(
        name=name,
        images=np.ascontiguousarray(planes.transpose(0, 2, 3, 1)),
        labels=records[:, form.label_bytes - 1].astype(np.int64),
        ids=np.arange(len(records)),
        class_names=names,
    )


def _records(form: CifarFormat, content: bytes, where: str) -> NDArray[np.uint8]:
    if not content or len(content) % form.record_bytes:
        raise DataError(
            f"{where}: {len(content)} bytes is not a whole number of records of "
            f"{form.record_bytes} bytes; the file is truncated or not {form.name} in the binary "
            "format"
        )
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, form.record_bytes)
    labels = records[:, form.label_bytes - 1]
    wrong = np.flatnonzero(labels >= form.classes)
    if len(wrong):
        raise DataError(
            f"{where}: record {wrong[0]} has label {labels[wrong[0]]}, {form.name} has 0 to "
            f"{form.classes - 1}; the file is damaged"
        )
    return records


def _class_names(form: CifarFormat, content: bytes, where: str) -> tuple[str, ...]:
    try:
        lines = content.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not a text of class names ({error.reason})") from error
    names = tuple(line.strip() for line in lines if line.strip())
    if len(set(names)) != form.classes or len(names) != form.classes:
        raise DataError(
            f"{where}: {len(names)} names, {len(set(names))} of them different; {form.name} has "
            f"{form.classes} classes"
        )
    return names
