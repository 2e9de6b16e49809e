"""Scikit-learn's handwritten digits: 1,797 real grey images of 8x8 that ship with the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.data.source import Source, accept_keys
from harness.data.split import Split
from harness.errors import MissingExtraError

if TYPE_CHECKING:
    from harness.config import DataConfig

_CLASSES = 10


def read(config: DataConfig) -> Source:
    """Return the digits: (1797, 8, 8, 1) uint8 of 0 to 16, ids the index in scikit-learn's order.

    Raises:
        DataError: the config gives a path.
        MissingExtraError: scikit-learn is not installed.

    """
    accept_keys(config)
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "train") from error
    bunch = load_digits()
    pool = Split(
        name="digits",
        images=bunch.images[..., np.newaxis].astype(np.uint8),
        labels=bunch.target.astype(np.int64),
        ids=np.arange(len(bunch.target)),
        class_names=tuple(str(digit) for digit in range(_CLASSES)),
    )
    return Source("digits", pool)
