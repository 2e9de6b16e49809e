"""Damaged models are refused with a code and a reason, or run inside their own memory.

TINYGATE_MUTATIONS=N damages each of the models N times (60 by default), from seed
TINYGATE_MUTATION_SEED on.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from . import native, zoo

MUTATIONS = os.environ.get("TINYGATE_MUTATIONS", "60")
FIRST_SEED = os.environ.get("TINYGATE_MUTATION_SEED", "1")
KNOWN = {native.OK, native.MALFORMED, native.UNSUPPORTED, native.ARENA_TOO_SMALL, native.REFUSED}


def _write_models(folder: Path) -> list[str]:
    paths = []
    for kind in zoo.KINDS:
        for seed in range(4 if kind == "network" else 2):
            path = folder / f"{kind}-{seed}.tflite"
            path.write_bytes(zoo.make(kind, seed).model)
            paths.append(str(path))
    return paths


@pytest.mark.parametrize("program", ["mutate-sanitized", "mutate-dsp-sanitized"])
def test_damaged_models_stay_inside_their_memory(program: str, tmp_path: Path) -> None:
    """Thousands of damaged files: address and undefined-behaviour sanitizers find nothing."""
    command = [str(native.build(program)), FIRST_SEED, MUTATIONS]
    done = subprocess.run(
        command + _write_models(tmp_path),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    counts = {int(code): int(n) for code, n in (line.split() for line in done.stdout.splitlines())}
    print(counts)
    assert set(counts) <= KNOWN
    assert counts[native.OK] > 0 and counts[native.MALFORMED] > 0
