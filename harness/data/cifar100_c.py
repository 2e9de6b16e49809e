"""CIFAR-100-C: the CIFAR-100 test images under 19 corruptions at 5 severities.

One `.npy` per corruption holds (50000, 32, 32, 3) uint8: the 10,000 test images of CIFAR-100, in
their order, at severity 1, then at severity 2, and so on; `labels.npy` holds the (50000,) fine
classes. Source: Hendrycks and Dietterich, "Benchmarking Neural Network Robustness to Common
Corruptions and Perturbations", ICLR 2019; published at https://zenodo.org/records/3555552.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.data.archive import Archive
from harness.data.cifar import CIFAR100, read_cifar
from harness.data.source import Source, accept_keys, required_path
from harness.data.split import Split
from harness.errors import DataError
from harness.npz import Array, array_of

if TYPE_CHECKING:
    from pathlib import Path

    from harness.config import DataConfig

CORRUPTIONS = (
    "brightness",
    "contrast",
    "defocus_blur",
    "elastic_transform",
    "fog",
    "frost",
    "gaussian_blur",
    "gaussian_noise",
    "glass_blur",
    "impulse_noise",
    "jpeg_compression",
    "motion_blur",
    "pixelate",
    "saturate",
    "shot_noise",
    "snow",
    "spatter",
    "speckle_noise",
    "zoom_blur",
)
SEVERITIES = 5

ARCHIVE = Archive(
    data="cifar100-c",
    name="CIFAR-100-C.tar",
    md5="11f0ed0f1191edbf9fa23466ae6021d3",  # as the record at Zenodo gives it
    url="https://zenodo.org/records/3555552/files/CIFAR-100-C.tar",
    inside="CIFAR-100-C",
    folder="CIFAR-100-C",
    markers=("labels.npy",),
)
_LABELS = "labels.npy"
_MAX_FILE_BYTES = 256 << 20


def read(config: DataConfig) -> Source:
    """Return clean CIFAR-100 to train on, and as test split one corruption at one severity.

    The test ids are those of the clean test images, so the answers of one model to a clean and a
    corrupted image can be paired.

    Raises:
        DataError: no `corruption` or `severity`, or one that does not exist; either data set is
            missing or damaged; the labels are not those of CIFAR-100's test images.
        InfrastructureError: a download that was asked for failed.

    """
    accept_keys(config, "path", "test_path", "download", "corruption", "severity")
    corruption, severity = _chosen(config)
    path = required_path(config)
    clean = read_cifar(CIFAR100, path, download=config.download)
    if clean.test is None:
        raise DataError(f"{path}: {clean.name} has no test split")
    where = config.test_path or path
    test = _corrupted(clean.test, where, corruption, severity, download=config.download)
    return Source(f"cifar100-c {corruption} {severity}", clean.pool, test, may_repeat=True)


def _chosen(config: DataConfig) -> tuple[str, int]:
    if config.corruption not in CORRUPTIONS:
        raise DataError(
            f"[data] corruption: got {config.corruption!r}; source 'cifar100-c' needs one of "
            f"{', '.join(CORRUPTIONS)}"
        )
    if config.severity is None:
        raise DataError(f"[data] severity: source 'cifar100-c' needs one, 1 to {SEVERITIES}")
    return config.corruption, config.severity


def _corrupted(
    clean: Split, path: Path, corruption: str, severity: int, *, download: bool
) -> Split:
    file = f"{corruption}.npy"
    found = ARCHIVE.find(path, download=download)
    files = ARCHIVE.read(found, (_LABELS, file), _MAX_FILE_BYTES)
    shape = (SEVERITIES * len(clean), *clean.images.shape[1:])
    images = _array(files[file], f"{found}: {file}", shape, np.uint8)
    labels = _array(files[_LABELS], f"{found}: {_LABELS}", shape[:1], np.integer)
    block = slice((severity - 1) * len(clean), severity * len(clean))
    _check_labels(labels[block], clean.labels, f"{found}: {_LABELS}", severity)
    return replace(clean, images=np.ascontiguousarray(images[block]))


def _array(content: bytes, where: str, shape: tuple[int, ...], dtype: type) -> Array:
    try:
        array = array_of(content, where)
    except ValueError as error:
        raise DataError(str(error)) from error
    if array.shape != shape:
        raise DataError(
            f"{where}: shape {array.shape} is not {shape}: {SEVERITIES} severities of the "
            f"{shape[0] // SEVERITIES} test images of CIFAR-100"
        )
    if not np.issubdtype(array.dtype, dtype):
        raise DataError(f"{where}: dtype {array.dtype} is not {dtype.__name__}")
    return array


def _check_labels(labels: Array, clean: NDArray[np.int64], where: str, severity: int) -> None:
    wrong = np.flatnonzero(labels != clean)
    if len(wrong):
        raise DataError(
            f"{where}: at severity {severity} label {wrong[0]} is {labels[wrong[0]]}, "
            f"CIFAR-100's test image {wrong[0]} has {clean[wrong[0]]}; the two data sets do not "
            "belong together"
        )
