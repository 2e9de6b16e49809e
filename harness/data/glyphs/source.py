"""glyphs100 as a data set: its two splits out of the cache, drawn where they are not there."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from harness.data.glyphs.cache import cache_folder, stored
from harness.data.glyphs.characters import CHARACTERS
from harness.data.glyphs.difficulty import STANDARD
from harness.data.glyphs.generate import TEST_STREAM, TRAIN_STREAM, labels_of
from harness.data.source import Source, accept_keys
from harness.data.split import Split

if TYPE_CHECKING:
    from pathlib import Path

    from harness.config import DataConfig


def read(config: DataConfig) -> Source:
    """Return both splits, images (N, 32, 32, 3) uint8, ids the positions within each split.

    `config.path` is the folder of the cache, by default one of the user's. The images are drawn
    once, in some minutes, and read from there afterwards.

    Raises:
        DataError: matplotlib's fonts are missing or other ones.
        InfrastructureError: the cache cannot be written, or a process that draws died.

    """
    accept_keys(config, "path", "train_samples", "test_samples")
    folder = cache_folder(config.path)
    return Source(
        "glyphs100",
        _split(folder, "train", TRAIN_STREAM, config.train_samples),
        _split(folder, "test", TEST_STREAM, config.test_samples),
    )


def class_name(character: str) -> str:
    """Return a letter or digit itself, and of a sign its name in Unicode, such as `vertical line`.

    Those names never change, and none breaks a table, a file name or a command.
    """
    return character if character.isalnum() else unicodedata.name(character).lower()


def _split(folder: Path, name: str, stream: int, samples: int) -> Split:
    return Split(
        name=name,
        images=stored(folder, name, stream, samples, STANDARD),
        labels=labels_of(samples),
        ids=np.arange(samples),
        class_names=tuple(class_name(character) for character in CHARACTERS),
    )
