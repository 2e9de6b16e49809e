"""How well a line is used: a whole evaluation against the longer of transfer and computing.

python -m devices.bench_link qemu://mps2-an386 --model m.tflite --samples 100 --baud 115200 921600

prints, for each line rate, the wall time of greeting, upload and inference, the time the bytes
take on the line in the busier direction, the time the device computes, and the ratio of the wall
time to the longer of the two. Samples are seeded random bytes.
"""

import argparse
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from devices.client import Device
from devices.errors import DeviceError
from devices.links import open_link
from devices.links.throttle import ThrottledLink


@dataclass(frozen=True, slots=True)
class LineUse:
    """One evaluation over a line of `baud`: seconds, and the ratio that should be near 1."""

    baud: int
    samples: int
    wall_s: float
    transfer_s: float
    compute_s: float

    @property
    def ratio(self) -> float:
        """Wall time over the longer of transfer and computing."""
        return self.wall_s / max(self.transfer_s, self.compute_s)


def measure(url: str, model: bytes, samples: int, baud: int) -> LineUse:
    """Return the use of a throttled line; raises a DeviceError where an evaluation would."""
    with Device(open_link(url)) as device:
        batch = _random_samples(device.load(model).input_bytes, samples)
        start = time.monotonic()
        list(device.infer(batch))
        compute_s = time.monotonic() - start
    link = ThrottledLink(open_link(url), baud)
    with Device(link) as device:  # the emulator's own start is not the line's
        before = link.to_device.bytes_moved, link.to_host.bytes_moved
        start = time.monotonic()
        device.load(model)
        list(device.infer(batch))
        wall_s = time.monotonic() - start
    moved = link.to_device.bytes_moved - before[0], link.to_host.bytes_moved - before[1]
    return LineUse(baud, samples, wall_s, max(moved) * 10 / baud, compute_s)


def _random_samples(size: int, count: int) -> list[bytes]:
    source = random.Random(0)  # noqa: S311 - seeded test data
    return [source.randbytes(size) for _ in range(count)]


def main(arguments: list[str] | None = None) -> int:
    """Print one line a rate; return 0, or 4 where the device fails."""
    parser = argparse.ArgumentParser(description="Use of a throttled line by an evaluation.")
    parser.add_argument("url")
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--baud", type=int, nargs="+", default=[115_200, 921_600])
    given = parser.parse_args(arguments)
    print(f"{'baud':>8} {'samples':>8} {'wall s':>8} {'line s':>8} {'compute s':>10} {'ratio':>7}")
    try:
        for baud in given.baud:
            use = measure(given.url, given.model.read_bytes(), given.samples, baud)
            print(
                f"{use.baud:>8} {use.samples:>8} {use.wall_s:>8.2f} {use.transfer_s:>8.2f} "
                f"{use.compute_s:>10.2f} {use.ratio:>7.3f}"
            )
    except (DeviceError, OSError) as error:
        print(f"bench_link: {error}", file=sys.stderr)
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())
