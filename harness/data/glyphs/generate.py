"""The images of glyphs100 by their index, on all cores."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from harness.data.glyphs.characters import CHARACTERS
from harness.data.glyphs.difficulty import Difficulty
from harness.data.glyphs.distance_field import Fields, slots_of
from harness.data.glyphs.draws import Draws
from harness.data.glyphs.render import CHANNELS, NOISE_BYTES, SIDE, render
from harness.errors import InfrastructureError
from harness.processes import die_with_parent

TRAIN_STREAM, TEST_STREAM = 0, 1

_BATCH = 250  # images that are drawn at once; 250 keep the arrays in the cache of a core
_CHUNK = 2000  # images that are handed to a process at once


@dataclass(frozen=True)
class Chunk:
    """Samples `start` to `stop` of a stream."""

    stream: int
    difficulty: Difficulty
    start: int
    stop: int

    def batches(self) -> list[Chunk]:
        """Return the chunk in parts that are drawn at once."""
        starts = range(self.start, self.stop, _BATCH)
        return [
            Chunk(self.stream, self.difficulty, start, min(start + _BATCH, self.stop))
            for start in starts
        ]


def labels_of(samples: int) -> NDArray[np.int64]:
    """Return (N,) labels: the classes in turn."""
    return np.arange(samples, dtype=np.int64) % len(CHARACTERS)


def generate(
    stream: int, samples: int, difficulty: Difficulty, *, workers: int | None = None
) -> NDArray[np.uint8]:
    """Return images (N, 32, 32, 3) uint8 of samples 0 to `samples` - 1 of a stream.

    A sample depends on its stream, its index and the difficulty alone: the first images of a large
    set are those of a small one.

    Raises:
        DataError: matplotlib's fonts cannot be read.
        InfrastructureError: a worker process died.

    """
    chunks = [
        Chunk(stream, difficulty, start, min(start + _CHUNK, samples))
        for start in range(0, samples, _CHUNK)
    ]
    workers = min(workers or _cores(), len(chunks))
    parts = [draw(chunks[0])] if workers == 1 == len(chunks) else _in_processes(chunks, workers)
    return np.concatenate(parts)


def draw(chunk: Chunk) -> NDArray[np.uint8]:
    """Return the images of a chunk."""
    images = np.empty((chunk.stop - chunk.start, SIDE, SIDE, CHANNELS), dtype=np.uint8)
    for batch in chunk.batches():
        images[batch.start - chunk.start : batch.stop - chunk.start] = _draw_batch(batch)
    return images


def _draw_batch(chunk: Chunk) -> NDArray[np.uint8]:
    indices = np.arange(chunk.start, chunk.stop)
    labels = indices % len(CHARACTERS)
    draws = Draws(chunk.stream, indices, NOISE_BYTES)
    slots, counts = slots_of()
    chosen = slots[labels, draws.below(counts[labels])]
    return render(_fields(), chosen, draws, chunk.difficulty)


@lru_cache(maxsize=1)
def _fields() -> Fields:
    return Fields()


def _in_processes(chunks: list[Chunk], workers: int) -> list[NDArray[np.uint8]]:
    context = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(
            workers, context, initializer=die_with_parent, initargs=(os.getpid(),)
        ) as pool:
            return list(pool.map(draw, chunks))
    except BrokenProcessPool as error:
        raise InfrastructureError(
            "a process that draws glyphs100 died (killed, or out of memory); run the same command "
            "again"
        ) from error


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
