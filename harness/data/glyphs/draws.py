"""Random draws that belong to one sample alone: Philox keyed by the split, counted by the index.

Sample i draws the same whatever the size of the set and whoever draws it, and nothing but raw words
of the generator is used, whose stream is fixed by its authors (Salmon et al., "Parallel random
numbers: as easy as 1, 2, 3", SC 2011), so a new version of numpy changes nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.data.glyphs.difficulty import Range

_NUMBERS = 96
_WORD_BYTES = 8
_FRACTION_BITS = 53
_KEY = 0x676C797068733130  # "glyphs10"


class Draws:
    """The draws of a run of samples; each call takes the next ones, so their order is the format.

    Raises:
        RuntimeError: more was drawn than was laid in; a mistake in the program.

    """

    def __init__(self, stream: int, indices: NDArray[np.int64], noise_bytes: int) -> None:
        count = _NUMBERS + -(-noise_bytes // _WORD_BYTES)
        words = np.empty((len(indices), count), dtype=np.uint64)
        for row, index in zip(words, indices.tolist(), strict=True):
            generator = np.random.Philox(counter=[0, 0, 0, index], key=[_KEY, stream])
            row[:] = generator.random_raw(count)
        shifted = words[:, :_NUMBERS] >> np.uint64(64 - _FRACTION_BITS)
        self._numbers = shifted.astype(np.float64) / 2.0**_FRACTION_BITS
        tail = np.ascontiguousarray(words[:, _NUMBERS:], dtype="<u8")
        self._bytes = tail.view(np.uint8).astype(np.int32)
        self._next_number = self._next_byte = 0

    def between(self, limits: Range, *shape: int) -> NDArray[np.float64]:
        """Return (N, *shape) float64, uniform in [low, high)."""
        count = int(np.prod(shape, dtype=np.int64))
        start, self._next_number = self._next_number, self._next_number + count
        if self._next_number > _NUMBERS:
            raise RuntimeError(f"more than {_NUMBERS} numbers drawn")
        numbers = self._numbers[:, start : self._next_number].reshape(-1, *shape)
        return limits[0] + (limits[1] - limits[0]) * numbers

    def below(self, limit: NDArray[np.int64] | int) -> NDArray[np.int64]:
        """Return (N,) int64, uniform in 0 to `limit` - 1."""
        return (self.between((0.0, 1.0)) * limit).astype(np.int64)

    def noise(self, *shape: int) -> NDArray[np.int32]:
        """Return (N, *shape) int32, uniform in -128 to 127."""
        count = int(np.prod(shape, dtype=np.int64))
        start, self._next_byte = self._next_byte, self._next_byte + count
        if self._next_byte > self._bytes.shape[1]:
            raise RuntimeError("more noise drawn than was laid in")
        return self._bytes[:, start : self._next_byte].reshape(-1, *shape) - 128
