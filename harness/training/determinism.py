"""The same result for the same seed: torch's deterministic algorithms and streams of numbers."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import numpy as np
import torch

WEIGHTS_STREAM = 0
"""The stream that draws the initial weights; epoch e draws from stream e."""


@contextlib.contextmanager
def deterministic(device: torch.device, threads: int) -> Iterator[None]:
    """Allow only deterministic algorithms on `threads` threads, and put all back as it was.

    On one machine the same operations on the same number of threads then give the same bits.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS starts
    enabled = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    benchmark = torch.backends.cudnn.benchmark
    threads_before = torch.get_num_threads()
    devices = [device] if device.type == "cuda" else []
    try:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True)
        torch.backends.cudnn.benchmark = False
        with torch.random.fork_rng(devices):
            yield
    finally:
        torch.set_num_threads(threads_before)
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
        torch.backends.cudnn.benchmark = benchmark


def start_stream(seed: int, stream: int) -> torch.Generator:
    """Return a CPU generator for `stream` of `seed`, and seed torch's own generators for it too.

    A stream depends on these two numbers alone, so an epoch draws the same numbers whether the
    epochs before it ran in this process or in one that was killed.
    """
    own, shared = np.random.SeedSequence((seed, stream)).generate_state(2, np.uint64)
    torch.manual_seed(int(shared))
    return torch.Generator().manual_seed(int(own))
