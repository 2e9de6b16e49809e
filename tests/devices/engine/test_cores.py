"""The compiled kernels on emulated cores give the same bytes: a sample of the zoo on each.

TINYGATE_CORE_ZOO=N runs N graphs of each kind (4 by default).
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import native, zoo
from .case import Case
from .oracle import Oracle
from .styles import STYLES

GRAPHS = int(os.environ.get("TINYGATE_CORE_ZOO", "4"))
BENCH = native.FIRMWARE / "bench"
BOARDS = {
    "cortex-m0plus": "mps2-an385",
    "cortex-m3": "mps2-an385",
    "cortex-m4f": "mps2-an386",
    "cortex-m7": "mps2-an500",
    "cortex-m33": "mps2-an505",
    "cortex-m55": "mps3-an547",
}

for tool in ("qemu-system-arm", "arm-none-eabi-gcc"):
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed", allow_module_level=True)


def _network(name: str) -> Case:
    make, size = STYLES[name]
    return Case(name, make(1, False), bytes(i * 37 % 256 for i in range(size)))


@pytest.fixture(scope="module")
def cases() -> Iterator[list[tuple[Case, bytes]]]:
    """Graphs that the oracle runs, with its outputs."""
    oracle = Oracle()
    made = [zoo.make(kind, 100 + seed) for seed in range(GRAPHS) for kind in zoo.KINDS]
    made += [_network(name) for name in STYLES]
    answers = [(case, oracle.run(case.model, case.inputs)) for case in made]
    oracle.close()
    yield [(case, outputs) for case, outputs in answers if isinstance(outputs, bytes)]


def _emulate(core: str, folder: Path, requests: bytes) -> bytes:
    elf = native.FIRMWARE / "build" / "bench" / f"zoo-{core}.elf"
    subprocess.run(["make", "-s", "-C", str(BENCH), f"../build/bench/{elf.name}"], check=True)
    (folder / "requests.bin").write_bytes(requests)
    command = ["qemu-system-arm", "-machine", BOARDS[core], "-display", "none", "-nodefaults"]
    command += ["-monitor", "none", "-serial", "none", "-kernel", str(elf)]
    command += ["-semihosting-config", "enable=on,target=native"]
    subprocess.run(command, cwd=folder, check=True, timeout=120, capture_output=True)
    return (folder / "answers.bin").read_bytes()


@pytest.mark.parametrize("core", BOARDS)
def test_core_gives_tflms_bytes(core: str, tmp_path: Path, cases: list[tuple[Case, bytes]]) -> None:
    """Whole answers compared: status, size and every output byte."""
    requests = b"".join(
        struct.pack("<II", len(case.model), len(case.inputs)) + case.model + case.inputs
        for case, _ in cases
    )
    answers = _emulate(core, tmp_path, requests)
    for case, outputs in cases:
        expected = struct.pack("<II", native.OK, len(outputs)) + outputs
        assert answers[: len(expected)] == expected, case.name
        answers = answers[len(expected) :]
    assert answers == b""
    print(f"{core}: {len(cases)} graphs, {sum(len(o) for _, o in cases)} bytes equal")
