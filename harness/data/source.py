"""A source: the labelled images of one data set before they are split for tinygate's purposes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.data.split import Split
from harness.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.config import DataConfig

_OWN_KEYS = (
    "path",
    "test_path",
    "download",
    "image_size",
    "corruption",
    "severity",
    "classes",
)


@dataclass(frozen=True, eq=False)
class Source:
    """The images of a data set.

    Attributes:
        name: of the data set.
        pool: every image, or every training image where `test` is given.
        test: the data set's own test split; None where one is to be drawn from `pool`.
        may_repeat: whether an image of the test split may also be a training image; published data
            sets are taken as they are.

    """

    name: str
    pool: Split
    test: Split | None = None
    may_repeat: bool = False


def required_path(config: DataConfig) -> Path:
    """Return `config.path`; DataError where it is not given."""
    if config.path is None:
        raise DataError(f"[data] path: source {config.source!r} needs one")
    return config.path


def refuse_keys(config: DataConfig, *keys: str) -> None:
    """Raise DataError for the first of `keys` that is set: this source does not read it."""
    for key in keys:
        if getattr(config, key):
            raise DataError(f"[data] {key}: source {config.source!r} does not take it; remove it")


def accept_keys(config: DataConfig, *keys: str) -> None:
    """Raise DataError for the first key set that only some sources read, and that is not in `keys`.

    The splits, their seed and the normalisation are every source's.
    """
    refuse_keys(config, *(key for key in _OWN_KEYS if key not in keys))
