"""`kill -9` at random moments of `tinygate run`: the next run continues, to the same bytes."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from tests.harness.pipeline.small import Ran, tinygate, write

KILLS = 8
LONGEST_S = 5.0
"""Long enough for a run to start and to do some of its work."""


def results(folder: Path) -> dict[str, bytes]:
    """Return every file of every unit but the records, which hold versions and the commit."""
    found = (folder / "runs" / "small").glob("*/*/*")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in found
        if path.is_file() and path.name != "record.json"
    }


def run_killed_after(seconds: float, folder: Path) -> bool:
    """Start a run and kill it after a while; return whether it was still at work."""
    command = [sys.executable, "-m", "harness.cli", "run", "c.toml"]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            _, printed = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return True
        assert process.returncode == 0, printed
    return False


def test_a_run_killed_at_many_random_moments_ends_with_the_bytes_of_an_unbroken_one(
    ran: Ran, tmp_path: Path
) -> None:
    write(tmp_path)
    moments = random.Random(6)  # noqa: S311  (moments, not secrets)
    killed = sum(run_killed_after(moments.uniform(0.1, LONGEST_S), tmp_path) for _ in range(KILLS))
    assert killed >= KILLS // 2, "the runs were over before they were killed"
    last = tinygate(tmp_path, "run", "c.toml")
    assert last.returncode == 0, last.stderr
    assert "models:/small@champion, version 1" in last.stdout
    expected = results(ran.folder)
    assert sum(name.endswith("predictions.npz") for name in expected) == 6
    assert results(tmp_path) == expected
    assert list(tmp_path.glob("runs/small/*/.*.partial")) == []
