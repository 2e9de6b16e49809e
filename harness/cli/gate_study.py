"""How often the gate errs: `make gate-study`.

    python -m harness.cli.gate_study [--quick] [--workers N] [--read STUDY.json] [--docs FOLDER]

Draws test sets of known truth, runs the gate on them and writes the counts, tables and plots to
`build/gate-study/`. Exits with 1 where an error rate is above nominal.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness import __version__
from harness.errors import EXIT_FAIL, EXIT_PASS
from harness.files import write_bytes, write_text
from harness.gate.study import plan
from harness.gate.study.rates import Rates
from harness.gate.study.record import Study
from harness.gate.study.simulate import Cell, Counts, simulate
from reports.study_figures import study_figures
from reports.study_table import render_cells, render_summary

OUT = Path("build/gate-study")
_BEGIN, _END = "<!-- written by make gate-study -->\n", "<!-- end -->\n"
_DOTS_PER_INCH = 110
_PROGRESS_EVERY_S = 10.0
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run or read the study, write it, print its summary, and return the exit code."""
    asked = _parsed(arguments)
    study = _read(asked.read) if asked.read else _drawn(asked.quick, asked.workers)
    rates = Rates(study)
    plots = {f"{name}.png": one.png(_DOTS_PER_INCH) for name, one in study_figures(rates).items()}
    _write(study, rates, plots, asked.out)
    if asked.docs:
        _write_docs(rates, plots, asked.docs)
    print(render_summary(rates))
    return EXIT_FAIL if rates.above_nominal else EXIT_PASS


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the error rates of the gate.")
    parser.add_argument("--quick", action="store_true", help="a few small cells, under a minute")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=OUT, help=f"folder to write to ({OUT})")
    parser.add_argument("--read", type=Path, help="a study.json to show again instead of drawing")
    parser.add_argument("--docs", type=Path, help="the docs folder, to put tables and plots into")
    return parser.parse_args(arguments)


def _read(path: Path) -> Study:
    return Study.model_validate_json(path.read_text(encoding="utf-8"))


def _drawn(quick: bool, workers: int) -> Study:
    for name in _ONE_THREAD:  # the workers inherit it: they would fight over the cores
        os.environ.setdefault(name, "1")
    cells = plan.quick() if quick else plan.full()
    return Study.of(_reported(simulate(cells, workers), cells), __version__)


def _reported(
    parts: Iterable[tuple[Cell, Counts]], cells: Sequence[Cell]
) -> Iterator[tuple[Cell, Counts]]:
    total, done = sum(cell.replicates for cell in cells), 0
    started_s = shown_s = time.monotonic()
    for cell, counts in parts:
        done += counts.replicates
        now_s = time.monotonic()
        if now_s - shown_s >= _PROGRESS_EVERY_S:
            shown_s = now_s
            print(f"{done:,} of {total:,} test sets, {now_s - started_s:.0f} s", file=sys.stderr)
        yield cell, counts
    print(f"{total:,} test sets in {time.monotonic() - started_s:.0f} s", file=sys.stderr)


def _write(study: Study, rates: Rates, plots: Mapping[str, bytes], folder: Path) -> None:
    write_text(folder / "study.json", study.to_json())
    write_text(folder / "tables.md", f"{render_summary(rates)}\n{render_cells(rates)}")
    for name, plot in plots.items():
        write_bytes(folder / name, plot)


def _write_docs(rates: Rates, plots: Mapping[str, bytes], docs: Path) -> None:
    """Put the tables between the marks of the pages, and the plots beside them."""
    pages = {"gate-study.md": render_summary(rates), "gate-study-cells.md": render_cells(rates)}
    for name, text in pages.items():
        page = docs / "reference" / name
        before, _, rest = page.read_text(encoding="utf-8").partition(_BEGIN)
        _, _, after = rest.partition(_END)
        write_text(page, f"{before}{_BEGIN}\n{text}\n{_END}{after}")
    for name, plot in plots.items():
        write_bytes(docs / "figures" / name, plot)


if __name__ == "__main__":
    sys.exit(main())
