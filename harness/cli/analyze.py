"""`tinygate analyze`: scaling laws, error sets, classes and calibration over a finished sweep."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.cli.console import console
from harness.errors import EXIT_PASS, UserError
from harness.files import sha256_of_file
from harness.progress import Reporter
from harness.record import environment_record
from harness.scaling.analysis import Analysis, Shape, analyse_sweep, analyse_table
from harness.scaling.sweep import sweep_of
from harness.scaling.table_file import read_table
from harness.scaling.ways import ways_of
from reports.analysis import DATA, PAGE, analysis_files

if TYPE_CHECKING:
    from harness.data import Dataset
    from harness.pipeline.finished import Selection, Training

DEFAULT_FOLDER = "analysis"


@dataclass(frozen=True)
class SweepOptions:
    """What is analysed, and with what."""

    runs: tuple[Path, ...]
    runtime: str | None
    config: Path | None
    threshold: float


def analyze_sweep(options: SweepOptions, out: Path | None) -> int:
    """Analyse the sweep that is in these folders; write tables and figures to `out`."""
    from harness.pipeline.finished import find_results, find_trainings, select
    from harness.pipeline.made_smaller import answered, chosen
    from harness.pipeline.measured import measure

    line = Reporter(console()).line
    results = find_results(options.runs)
    selection = select(results, options.runtime)
    line(f"{len(selection.results)} models on {selection.runtime or 'a runtime without a name'}")
    sweep = sweep_of((result.load() for result in selection.results), selection.runtime)
    trainings = find_trainings(options.runs, selection.results)
    dataset = _dataset(options.config, selection, trainings)
    measured = measure(trainings, len(selection.results), dataset, line)
    title = "Analysis of " + ", ".join(path.resolve().name for path in options.runs)
    digest = selection.results[0].meta.data_digest
    made = chosen([one for one in results if one.meta.data_digest == digest])
    ways = ways_of(answered(made, options.runs)) if made.results else None
    notes = (*selection.notes, *made.notes)
    analysis = analyse_sweep(title, sweep, measured, options.threshold, notes, ways)
    read = (*selection.results, *made.results.values())
    sources = {result.path.parent.name: result.path for result in read}
    return _written(analysis, out or options.runs[0] / DEFAULT_FOLDER, sources, options.threshold)


def _dataset(
    config: Path | None, selection: Selection, trainings: tuple[Training, ...]
) -> Dataset | None:
    """Return the data of the config, checked to be those of the sweep."""
    if config is None:
        return None
    from harness.config import load_config
    from harness.data import load_dataset

    dataset = load_dataset(load_config(config).data)
    pairs = [(selection.results[0].meta.data_digest, dataset.test.digest, "test")]
    pairs += [(one.data_digest, dataset.train.digest, "training") for one in trainings]
    for found, expected, name in pairs:
        if found is not None and found != expected:
            raise UserError(
                f"{config}: its {name} images are not those of the sweep (digest {expected[:12]}, "
                f"the sweep has {found[:12]}); give the config that made it"
            )
    return dataset


def analyze_table(table: Path, shape: Shape | None, threshold: float, out: Path | None) -> int:
    """Analyse a CSV of error rates; write tables and figures to `out`."""
    content = read_table(table)
    title = f"Analysis of {table.name}"
    analysis = analyse_table(title, content.sizes, shape, threshold, content.unused)
    folder = out or table.with_name(f"{table.stem}-{DEFAULT_FOLDER}")
    return _written(analysis, folder, {table.name: table}, threshold)


def _written(analysis: Analysis, folder: Path, sources: dict[str, Path], threshold: float) -> int:
    line = Reporter(console()).line
    with _replaced(folder) as temporary:
        for name, content in analysis_files(analysis, _record(sources, threshold)):
            path = temporary / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    _show(analysis)
    line(f"analysis    {folder / PAGE}")
    return EXIT_PASS


def _record(sources: dict[str, Path], threshold: float) -> dict[str, Any]:
    return {
        "environment": environment_record(),
        "saturated_below": threshold,
        "sources": {name: sha256_of_file(path) for name, path in sorted(sources.items())},
    }


@contextlib.contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """Yield a new folder that takes the place of `folder` once it is whole.

    Raises:
        UserError: `folder` is there and is no analysis.

    """
    if folder.exists() and not (folder / DATA).is_file():
        raise UserError(f"{folder}: exists and is no analysis; choose another --out")
    folder.parent.mkdir(parents=True, exist_ok=True)
    mark = uuid.uuid4().hex[:8]
    temporary = folder.with_name(f".{folder.name}-{mark}.tmp")
    old = folder.with_name(f".{folder.name}-{mark}-old.tmp")
    try:
        temporary.mkdir()
        yield temporary
        if folder.exists():
            folder.rename(old)
        temporary.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _show(analysis: Analysis) -> None:
    line = Reporter(console()).line
    for law in analysis.power_laws:
        line(f"{law.family}: error ~ N^-{law.alpha:.4f}{_spread(law.alpha_interval)}{_r2(law.r2)}")
        if law.seed_mean is not None:
            line(
                f"  per seed {law.seed_mean:.4f} \u00b1 {law.seed_std or 0:.4f}"
                f" ({len(law.seed_alphas)} seeds)"
            )
    for one in analysis.saturation:
        reached = "" if one.width is None else f", saturated from width {one.width:g} on"
        line(
            f"{one.family}: the last doubling takes away {100 * one.last_reduction:.1f} % of the "
            f"errors{reached}"
        )
    for test in analysis.exponent_tests:
        if test.p is not None:
            line(f"{test.first} against {test.second} by {test.method}: p = {test.p:.2g}")
    for note in analysis.notes:
        line(f"note: {note}")


def _spread(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f", 95 % {interval[0]:.4f} to {interval[1]:.4f}"


def _r2(value: float | None) -> str:
    return "" if value is None else f", R2 {value:.4f}"
