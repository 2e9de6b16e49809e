"""What faults between host and device do to an evaluation: nothing but take time.

    python -m harness.fault_study [--samples N] [--seed S]

The device is the firmware's session and engine as a program of this machine, behind a link that
injects one kind of fault after the other. Each evaluation must end with the clean link's bytes, or
stop with a coded error and go on from what it kept. Exits with 1 where an answer is wrong, lost or
doubled.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import random
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from devices.check import model as known
from devices.client import Device
from devices.errors import LinkError
from devices.inference_device import InferenceDevice
from devices.links.faulty import BYTE_FAULTS, FaultPlan, FaultyLink
from devices.links.process import ProcessLink
from harness.errors import InfrastructureError
from harness.runtimes.device_session import Bench, DeviceSession
from harness.runtimes.tflite import TFLiteArtifact

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ROOT / "build" / "host" / "device"
SAMPLES = 8_000
MAX_RUNS = 200
_TIMEOUT_S = 0.05
_REFERENCES = 20
Plan = Callable[[int], FaultPlan]
"""From a seed to what goes wrong on a link that is opened."""


def _bytes(name: str, rate: float) -> Plan:
    return lambda seed: FaultPlan(seed, {name: rate}, {name: rate}, clean_pieces=2)


def _everything(seed: int) -> FaultPlan:
    rates = dict.fromkeys(BYTE_FAULTS, 0.003)
    end = random.Random(seed).randrange(400_000, 1_200_000)  # noqa: S311 - repeatable
    return FaultPlan(seed, rates, rates, 0.003, 3 * _TIMEOUT_S, 0.01, 0.0005, close_after=end)


def _ending(what: str) -> Plan:
    def plan(seed: int) -> FaultPlan:
        end = random.Random(seed).randrange(20_000, 600_000)  # noqa: S311 - repeatable
        return FaultPlan(seed, **{what: end})  # type: ignore[arg-type]

    return plan


STUDIES: dict[str, tuple[Plan, int, bool]] = {
    "none": (FaultPlan, 1, True),
    **{name: (_bytes(name, 0.05), 1, True) for name in BYTE_FAULTS},
    "delay": (lambda seed: FaultPlan(seed, delay=0.01, delay_s=3 * _TIMEOUT_S), 1, True),
    "reorder": (lambda seed: FaultPlan(seed, reorder=0.05), 1, True),
    "reset": (lambda seed: FaultPlan(seed, reset=0.002), 1, True),
    "hang": (_ending("hang_after"), 1, True),
    "close": (_ending("close_after"), 1, True),
    "close, gone": (_ending("close_after"), 1, False),
    "everything": (_everything, 1, False),
    "everything, 3 devices": (_everything, 3, False),
}
"""Fault -> plan, number of devices, and whether a lost device can be opened at once."""


@dataclass
class FaultyBench:
    """Devices behind faulty links; counts over all of them."""

    plan: Plan
    seed: int
    comes_back: bool
    links: list[FaultyLink] = field(default_factory=list)
    devices: list[Device] = field(default_factory=list)
    may_open: int = 0

    def connect(self, url: str) -> InferenceDevice:
        """Return a device behind a link with the next seed."""
        if not self.comes_back and self.may_open == 0:
            raise LinkError(f"{url}: unplugged")
        self.may_open -= 1
        inner = ProcessLink(url, PROGRAM)
        plan = self.plan(self.seed * 1000 + 10 * len(self.links))
        link = FaultyLink(inner, plan, inner.power_cycle)
        self.links.append(link)
        device = Device(link, _TIMEOUT_S)
        self.devices.append(device)
        return device

    def session(self, artifact: TFLiteArtifact, count: int) -> DeviceSession:
        """Return a session on `count` devices; each may be opened once unless it comes back."""
        self.may_open = count
        urls = tuple(f"fake://{index}" for index in range(count))
        return DeviceSession(artifact, Bench(urls, self.connect, "study", 1, 0.0))


@dataclass(frozen=True)
class Row:
    """What one kind of fault did; `stopped` counts runs that ended with an error and went on."""

    fault: str
    frames: int
    injected: int
    repeats: int
    restarts: int
    opened: int
    stopped: int
    wrong: int
    lost: int
    doubled: int
    seconds: float

    def __str__(self) -> str:
        numbers = (self.frames, self.injected, self.repeats, self.restarts, self.opened)
        ends = (self.stopped, self.wrong, self.lost, self.doubled)
        return (
            f"{self.fault:<22}"
            + "".join(f"{n:>9}" for n in (*numbers, *ends))
            + f"{self.seconds:>8.1f}"
        )


HEADER = f"{'fault':<22}" + "".join(
    f"{name:>9}"
    for name in (
        *("frames", "injected", "repeats", "restarts", "opened"),
        *("stopped", "wrong", "lost", "doubled"),
    )
) + f"{'s':>8}"  # fmt: skip


class Study:
    """The same samples over every kind of fault."""

    def __init__(self, folder: Path, samples: int, seed: int) -> None:
        self._keep = folder / "answers.partial"
        self._seed = seed
        path = folder / "known.tflite"
        path.write_bytes(known.content())
        self._artifact = TFLiteArtifact.load(path, int8=True)
        shape = (samples, *self._artifact.model.input.shape[1:])
        self._images = np.random.default_rng(seed).integers(-128, 128, shape, dtype=np.int8)
        for at in range(min(_REFERENCES, samples)):
            self._images[at] = np.frombuffer(known.sample(at), np.int8).reshape(shape[1:])
        self._clean: NDArray[np.float32] | None = None

    def run(self, fault: str) -> Row:
        """Evaluate behind one kind of fault, again and again until it ends."""
        plan, count, comes_back = STUDIES[fault]
        bench = FaultyBench(plan, self._seed + 1 + list(STUDIES).index(fault), comes_back)
        start = time.monotonic()
        scores, stopped = self._until_done(bench, count)
        seconds = time.monotonic() - start
        positions = list(self._kept_positions())
        self._keep.unlink()
        return Row(
            fault,
            sum(link.frames for link in bench.links),
            sum(link.injected.total() for link in bench.links),
            sum(device.repeats for device in bench.devices),
            sum(device.restarts for device in bench.devices),
            len(bench.links),
            stopped,
            self._wrong(scores),
            len(self._images) - len(set(positions)),
            len(positions) - len(set(positions)),
            seconds,
        )

    def _until_done(self, bench: FaultyBench, count: int) -> tuple[NDArray[np.float32], int]:
        for stopped in itertools.count():
            try:
                with bench.session(self._artifact, count) as session:
                    return session.predict_kept(self._images, self._keep, None), stopped
            except InfrastructureError:
                if stopped >= MAX_RUNS:
                    raise
        raise AssertionError("the loop returns or raises")

    def _wrong(self, scores: NDArray[np.float32]) -> int:
        if self._clean is None:
            self._clean = scores
            return self._unlike_reference(scores)
        return int((scores != self._clean).any(axis=1).sum())

    def _unlike_reference(self, scores: NDArray[np.float32]) -> int:
        count = min(_REFERENCES, len(scores))
        outputs = b"".join(known.expected(at).output for at in range(count))
        expected = self._artifact.scores(np.frombuffer(outputs, np.int8).reshape(count, -1))
        return int((scores[:count] != expected).any(axis=1).sum())

    def _kept_positions(self) -> Iterator[int]:
        """Read the positions of all records straight from the file."""
        _, _, records = self._keep.read_bytes().partition(b"\n")
        step = struct.calcsize("<I16sQ") + self._artifact.classes + 4
        for at in range(0, len(records), step):
            yield struct.unpack_from("<I", records, at)[0]


def build() -> None:
    """Build the device's program where its sources changed."""
    folder = ROOT / "devices" / "firmware" / "host"
    command = ["make", "-s", "-C", str(folder), f"OUT={PROGRAM.parent}", str(PROGRAM)]
    subprocess.run(command, check=True)  # noqa: S603 - the command is ours


def main() -> int:
    """Print one line for each kind of fault, and the sum."""
    parser = argparse.ArgumentParser(description="Faults injected against results lost or wrong.")
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    logging.getLogger("tinygate").setLevel(logging.ERROR)  # a lost device is no news here
    build()
    rows = []
    print(f"{given.samples} samples for each kind of fault, seed {given.seed}\n{HEADER}")
    with tempfile.TemporaryDirectory() as folder:
        study = Study(Path(folder), given.samples, given.seed)
        for fault in STUDIES:
            rows.append(study.run(fault))
            print(rows[-1], flush=True)
    total = [sum(getattr(row, name) for row in rows) for name in list(Row.__annotations__)[1:]]
    print(Row("all", *total))
    return int(any(row.wrong or row.lost or row.doubled for row in rows))


if __name__ == "__main__":
    sys.exit(main())
