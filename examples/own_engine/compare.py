"""Loads a network into firmware with the engine of this folder and compares it with numpy.

Usage: compare.py URL, as docs/how-to/own-firmware.md shows.
"""

import sys

import numpy as np
from dense_model import drawn_network, pack, run

from devices.client import connect

SAMPLES = 100
WIDTHS = (64, 48, 32, 10)


def main(url: str) -> int:
    """Return 0 where every answer is numpy's, else 1."""
    layers = drawn_network(WIDTHS, seed=1)
    codes = np.random.default_rng(2).integers(-128, 128, (SAMPLES, WIDTHS[0]), np.int8)
    with connect(url) as device:
        info = device.load(pack(layers, output_scale=0.25))
        answers = sorted(device.infer(row.tobytes() for row in codes), key=lambda one: one.index)
        trace = device.trace(codes[0].tobytes())
        clock = device.clock
    got = np.array([np.frombuffer(one.output, np.int8) for one in answers])
    differ = int((got != run(layers, codes)).any(axis=1).sum())
    print(f"{device.greeting.engine} engine on {device.greeting.board}: {info.operators} layers,")
    print(f"{info.arena_bytes} bytes of working memory, {len(trace.operators)} layers traced")
    if clock is not None:
        median = np.median([clock.of(one.count) for one in answers])
        print(f"{median:.0f} {clock.unit} per inference")
    print(f"{SAMPLES} samples, {differ} differ from numpy")
    return min(differ, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
