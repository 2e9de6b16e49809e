"""Builds the libFuzzer targets of devices/firmware/fuzz and runs them."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.devices import native
from tests.devices.fuzz import findings, seeds

SOURCES = native.ROOT / "devices" / "firmware" / "fuzz"
OUT = native.ROOT / "build" / "fuzz"
LARGEST_INPUT = {"frame": 256, "session": 768, "text": 768, "tflite": 3072, "tflite-dsp": 3072}
TARGETS = tuple(LARGEST_INPUT)
SECONDS_PER_INPUT = 60

# Stacks of allocations and memory kept after its release cost half the speed.
_ASAN = "malloc_context_size=0:quarantine_size_mb=4"


@dataclass(frozen=True)
class Run:
    """What a target did. `edges` of `edges_known` were reached; `finding` is empty or a report."""

    target: str
    executions: int
    seconds: float
    corpus: int
    edges: int
    edges_known: int
    finding: str
    notes: str = ""


def build(target: str) -> Path:
    """Return the program of a target, made anew where its sources changed.

    Raises RuntimeError with the compiler's words.
    """
    _make(str(OUT / target))
    return OUT / target


def plant(*chosen: str) -> None:
    """Build a target with one file replaced; `chosen` are the variables of the make target."""
    _make("planted", *chosen)


def _make(*arguments: str) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    command = ["make", "-s", "-j2", "-C", str(SOURCES), f"OUT={OUT}", *arguments]
    with (OUT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        raise RuntimeError(f"cannot build {arguments[0]}:\n{made.stderr}")


def prepare(target: str, folder: Path) -> Path:
    """Write what `target` starts from into `folder`: seeds, and what was found before."""
    seeds.write(target, folder)
    for name, data in findings.of(target).items():
        (folder / f"found-{name}").write_bytes(data)
    return folder


def run(program: Path, folder: Path, *, target: str, runs: int, seed: int = 1) -> Run:
    """Run `program` on `runs` inputs, starting from those in `folder`; a finding ends it."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    command = [
        *(str(program), f"-runs={runs}", f"-seed={seed}", f"-timeout={SECONDS_PER_INPUT}"),
        *(f"-max_len={LARGEST_INPUT[target]}", f"-artifact_prefix={folder}/finding-"),
        *("-print_final_stats=1", str(corpus), str(prepare(target, folder / "start"))),
    ]
    environment = os.environ | {"ASAN_OPTIONS": _ASAN}
    start = time.monotonic()
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    return _read(target, done, time.monotonic() - start)


def _last(pattern: str, log: str) -> int:
    found = re.findall(pattern, log)
    return int(found[-1]) if found else 0


def _read(target: str, done: subprocess.CompletedProcess[str], seconds: float) -> Run:
    log = done.stderr
    ran, refused = (_last(rf"stat::models_{word}: +(\d+)", log) for word in ("run", "refused"))
    return Run(
        target=target,
        executions=_last(r"stat::number_of_executed_units: +(\d+)", log),
        seconds=seconds,
        corpus=_last(r"corp: (\d+)/", log),
        edges=_last(r"cov: (\d+)", log),
        edges_known=_last(r"(\d+) inline 8-bit counters", log),
        finding=log[-4000:] if done.returncode else "",
        notes=f"{ran:,} models ran, {refused:,} refused" if ran + refused else "",
    )
