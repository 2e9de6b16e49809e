"""The input tensors of images, encoded as they are asked for."""

from __future__ import annotations

import functools
import threading

import numpy as np
from numpy.typing import NDArray

from harness.runtimes.model_input import ModelInput

_CHUNK_SAMPLES = 256
_CHUNKS = 4


class EncodedImages:
    """Images (N, ...) as the bytes of a model's input tensor; a few chunks are in memory at once.

    Raises:
        ArtifactError: the images do not have the shape the model takes.

    """

    def __init__(self, model_input: ModelInput, images: NDArray[np.generic]) -> None:
        self._input = model_input
        self._images = images
        self._lock = threading.Lock()
        self._chunk = functools.lru_cache(_CHUNKS)(self._encoded)
        self._chunk(0)

    def sample(self, position: int) -> bytes:
        """Return the input tensor's bytes of one image; any thread may ask."""
        chunk, at = divmod(position, _CHUNK_SAMPLES)
        with self._lock:
            return bytes(self._chunk(chunk)[at].tobytes())

    def _encoded(self, chunk: int) -> NDArray[np.generic]:
        start = chunk * _CHUNK_SAMPLES
        return self._input.encode(self._images[start : start + _CHUNK_SAMPLES])
