from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.data import Split


def a_split(ids: np.ndarray) -> Split:
    images = np.random.default_rng(0).integers(0, 256, (50, 4, 3, 2), dtype=np.uint8)
    return Split("test", images, np.arange(50) % 4, ids, ("a", "b", "c", "d"))


@pytest.mark.parametrize("ids", [np.arange(50), np.array([f"s{index}" for index in range(50)])])
def test_the_digest_does_not_depend_on_order_or_storage(ids: np.ndarray) -> None:
    split = a_split(ids)
    shuffled = split.take(np.random.default_rng(1).permutation(50), "another name")
    as_float = replace(shuffled, images=shuffled.images.astype(np.float32))
    assert split.digest == shuffled.digest == as_float.digest
    assert len(split.digest) == 64


@pytest.mark.parametrize("changed", ["pixel", "label", "id", "sample", "shape"])
def test_the_digest_depends_on_every_part(changed: str) -> None:
    split = a_split(np.arange(50))
    images, labels, ids = split.images.copy(), split.labels.copy(), split.ids.copy()
    images[49, 3, 2, 1] ^= 1
    labels[49] += 1
    ids[49] = 50
    other = {
        "pixel": replace(split, images=images),
        "label": replace(split, labels=labels),
        "id": replace(split, ids=ids),
        "sample": split.take(np.arange(49), "test"),
        "shape": replace(split, images=split.images.reshape(50, 3, 4, 2)),
    }[changed]
    assert other.digest != split.digest
