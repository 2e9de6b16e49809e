"""Data sets: labelled images in three disjoint splits, found by the name in a config."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from harness.data.npz import load_npz_split
from harness.data.split import Dataset, Split
from harness.errors import DataError

if TYPE_CHECKING:
    from harness.config import DataConfig
    from harness.data.source import Source

__all__ = ["SOURCES", "Dataset", "Split", "load_dataset", "load_npz_split"]

SOURCES = {
    "digits": "harness.data.digits:read",
    "npz": "harness.data.npz:read",
    "cifar10": "harness.data.cifar:read_cifar10",
    "cifar100": "harness.data.cifar:read_cifar100",
    "cifar100-c": "harness.data.cifar100_c:read",
    "tiny-imagenet": "harness.data.tiny_imagenet:read",
    "speech-commands": "harness.data.speech_commands:read",
    "image-folder": "harness.data.image_folder:read",
    "glyphs100": "harness.data.glyphs.source:read",
}
"""Name -> function from a DataConfig to a Source, imported when asked for."""


def load_dataset(config: DataConfig) -> Dataset:
    """Return the train, calibration and test splits of the configured source.

    The same config gives the same splits on every machine. Where the source has a test split of
    its own it stays whole; elsewhere a fraction of every class becomes the test split. Calibration
    images are held out of the training images, class by class.

    Raises:
        DataError: an unknown source, missing or damaged files, images or labels that make no
            sense, or too few of them for the splits asked for. One line.
        MissingExtraError: the source needs a package that is not installed.
        InfrastructureError: a download that was asked for failed, or drawn images could not be
            kept.

    """
    from harness.data.partition import partition

    if config.source not in SOURCES:
        raise DataError(
            f"[data] source: unknown source {config.source!r}; known: {', '.join(SOURCES)}"
        )
    module, _, function = SOURCES[config.source].partition(":")
    source: Source = getattr(import_module(module), function)(config)
    return partition(source, config)
