"""How fast an emulated device answers a whole test set, every byte checked against TFLM.

    python -m harness.bench_device MODEL.tflite [SAMPLES]

Prints images per second with one emulator and with one per core, over the semihosting link, and
over the UART for a few samples.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.runtimes import find_runtime
from harness.runtimes.host import usable_cores
from harness.trace import load_artifact

_SAMPLES = 10_000
_UART_SAMPLES = 100
URL = "qemu://mps2-an386"


def main(model: Path, samples: int) -> None:
    """Print one line per link and number of emulators."""
    tensor = load_artifact(model).model.input
    shape = (samples, *tensor.shape[1:])
    images = np.random.default_rng(0).integers(-128, 128, shape, dtype=np.int8)
    with find_runtime("tflm").load(model) as oracle:
        expected = oracle.predict(images)
    print(f"{model.name}, {samples} images, {usable_cores()} cores")
    for count in (1, usable_cores()):
        options = {"devices": [f"{URL}?icount=0"], "emulators": count}
        _run(f"{count} x semihosting", model, options, images, expected)
    few, uart = slice(0, _UART_SAMPLES), {"devices": [f"{URL}?icount=0&link=uart"], "emulators": 1}
    _run("1 x UART", model, uart, images[few], expected[few])


def _run(
    title: str,
    model: Path,
    options: dict[str, Any],
    images: NDArray[np.int8],
    expected: NDArray[np.float32],
) -> None:
    start_s = time.monotonic()
    with find_runtime("device", options).load(model) as session:
        scores = session.predict(images)
    wall_s = time.monotonic() - start_s
    wrong = int((scores != expected).any(axis=1).sum())
    rate = len(images) / wall_s
    print(f"  {title:<28} {wall_s:>7.1f} s {rate:>8.1f} images/s, {wrong} of {len(images)} differ")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else _SAMPLES)  # noqa: PLR2004
