"""The commands that work on a config: run, train, export, report, register."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.errors import EXIT_PASS

if TYPE_CHECKING:
    from harness.pipeline.run import Pipeline

CONFIG = Annotated[Path, typer.Argument(help="The pipeline's TOML file.", metavar="CONFIG.toml")]
RUNS = Annotated[Path, typer.Option("--runs", help="Folder for results.", metavar="FOLDER")]
CLUSTER = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        help="Train and export on a Dask cluster: the address of its scheduler.",
        metavar="tcp://HOST:PORT",
    ),
]
DEFAULT_RUNS = Path("runs")


def add_commands(app: typer.Typer) -> None:
    """Register this group's commands, in the order of the stages."""
    for command in (run, train, export, report, register):
        app.command()(command)


@contextlib.contextmanager
def opened(config: Path, runs: Path, address: str | None = None) -> Iterator[Pipeline]:
    """Yield the pipeline of a config, its results folder held meanwhile.

    `address` is that of a Dask scheduler; without one the jobs run on this machine. Its runs in
    MLflow are closed at the end: as failed, or killed, where it does not reach that.
    """
    from harness.cli.console import console
    from harness.pipeline.cluster import connected
    from harness.pipeline.run import Pipeline

    with contextlib.nullcontext() if address is None else connected(address) as cluster:
        pipeline = Pipeline.open(config, runs, console(), cluster)
        with pipeline.held():
            try:
                yield pipeline
            except BaseException as error:
                pipeline.publisher.finish("FAILED" if isinstance(error, Exception) else "KILLED")
                raise
            pipeline.publisher.finish()


def run(config: CONFIG, runs: RUNS = DEFAULT_RUNS, cluster: CLUSTER = None) -> int:
    """Run all stages: train, export, evaluate, gate, report, register."""
    from harness.cli.ending import complete

    with opened(config, runs, cluster) as pipeline:
        return complete(pipeline)


def train(config: CONFIG, runs: RUNS = DEFAULT_RUNS, cluster: CLUSTER = None) -> int:
    """Train every model of the config; finished ones are kept."""
    with opened(config, runs, cluster) as pipeline:
        pipeline.train()
    return EXIT_PASS


def export(config: CONFIG, runs: RUNS = DEFAULT_RUNS, cluster: CLUSTER = None) -> int:
    """Export every model to ONNX and int8 TFLite, training what is not trained."""
    with opened(config, runs, cluster) as pipeline:
        pipeline.export()
    return EXIT_PASS


def report(config: CONFIG, runs: RUNS = DEFAULT_RUNS, cluster: CLUSTER = None) -> int:
    """Write the report (HTML, Markdown, JUnit XML), running what is missing."""
    from harness.cli.ending import show_outcome

    with opened(config, runs, cluster) as pipeline:
        pipeline.evaluate()
        outcome = pipeline.outcome()
        show_outcome(pipeline.console, outcome)
        pipeline.stages.reporter.line(f"report      {outcome.page}")
    return EXIT_PASS


def register(
    what: Annotated[
        Path,
        typer.Argument(
            help="A pipeline's TOML file, or the folder runs/<name> of its results.",
            metavar="CONFIG.toml|RUN",
        ),
    ],
    runs: RUNS = DEFAULT_RUNS,
    cluster: CLUSTER = None,
) -> int:
    """Complete what MLflow lacks of a run: gate the target, log and register it.

    What is there already is left as it is; stages that are missing are run.
    """
    if what.is_dir():
        from harness.pipeline.origin import config_of

        return run(config_of(what), what.resolve().parent, cluster)
    return run(what, runs, cluster)
