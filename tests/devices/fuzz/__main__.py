"""Fuzzes everything that reads hostile bytes and prints what was done: `make fuzz [RUNS=N]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.devices.fuzz import python_frames, python_models, targets
from tests.devices.fuzz.targets import Run

COLUMNS = "{:<13} {:>12} {:>9} {:>9} {:>8} {:>14} {:>9}  {}"
LONGEST_REPORT = 4000
PYTHON = {"python": python_frames.run, "python-tflite": python_models.run}


def _row(run: Run) -> str:
    speed = run.executions / run.seconds if run.seconds else 0
    edges = f"{run.edges:,} of {run.edges_known:,}" if run.edges_known else "-"
    corpus = f"{run.corpus:,}" if run.corpus else "-"
    return COLUMNS.format(
        *(run.target, f"{run.executions:,}", f"{run.seconds:.0f}", f"{speed:,.0f}", corpus, edges),
        *(int(bool(run.finding)), run.notes),
    )


def _runs(names: list[str], runs: int, seed: int, out: Path) -> list[Run]:
    done = []
    for name in names:
        print(f"fuzzing {name} ...", flush=True)
        if name in PYTHON:
            done.append(PYTHON[name](runs))
        else:
            program = targets.build(name)
            done.append(targets.run(program, out / name, target=name, runs=runs, seed=seed))
    return done


def main() -> int:
    """Return 0, or 1 where something was found."""
    known = [*targets.TARGETS, *PYTHON]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000, help="executions of each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=targets.OUT / "runs", help="corpora, findings")
    parser.add_argument("targets", nargs="*", metavar="target", help=f"of {', '.join(known)}")
    asked = parser.parse_args()
    unknown = set(asked.targets) - set(known)
    if unknown:
        parser.error(f"unknown target {min(unknown)}; known: {', '.join(known)}")
    done = _runs(asked.targets or known, asked.runs, asked.seed, asked.out)
    head = "target", "executions", "seconds", "exec/s", "corpus", "edges", "findings", ""
    print("\n" + COLUMNS.format(*head).rstrip())
    for run in done:
        print(_row(run).rstrip())
    for run in done:
        if run.finding:
            print(f"\n{run.target}: {run.finding[-LONGEST_REPORT:]}")
    return int(any(run.finding for run in done))


if __name__ == "__main__":
    raise SystemExit(main())
