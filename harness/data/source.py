"""A source: the labelled images of one data set before they are split for tinygate's purposes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.data.split import Split
from harness.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.config import DataConfig

_EVERY_SOURCES = frozenset({"source", "test_fraction", "calibration_samples", "seed", "normalize"})


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


def accept_keys(config: DataConfig, *keys: str) -> None:
    """Raise DataError for the first key that is set, is not every source's and not in `keys`."""
    known = _EVERY_SOURCES.union(keys)
    for key, field in type(config).model_fields.items():
        if key not in known and getattr(config, key) != field.default:
            raise DataError(f"[data] {key}: source {config.source!r} does not take it; remove it")
