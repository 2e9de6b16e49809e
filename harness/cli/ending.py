"""The end of a pipeline: the verdict, what it prints, what goes to MLflow, the exit code."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from harness.errors import EXIT_PASS, InfrastructureError
from reports.terminal import print_runtimes, print_verdict

if TYPE_CHECKING:
    from harness.pipeline.outcome import Outcome
    from harness.pipeline.run import Pipeline
    from harness.tracking.registry import Registered


def show_outcome(console: Console, outcome: Outcome) -> None:
    """Print the table of runtimes and the verdict, check by check."""
    console.print()
    print_runtimes(console, outcome.report.rows)
    if outcome.report.verdict is not None:
        console.print()
        print_verdict(console, outcome.report.verdict)


def complete(pipeline: Pipeline) -> int:
    """Run a pipeline to its end; return its exit code, that of the verdict where there is one.

    Raises:
        InfrastructureError: the model may ship, but MLflow does not have it, or not all of the run;
            everything else is done and written.

    """
    pipeline.evaluate()
    outcome = pipeline.outcome()
    show_outcome(pipeline.console, outcome)
    registered, problem = None, None
    try:
        registered = pipeline.register(outcome)
    except InfrastructureError as error:
        problem = str(error)
    pipeline.publisher.finish()
    show_places(pipeline, outcome, registered)
    if outcome.exit_code == EXIT_PASS and (problem := problem or pipeline.publisher.unlogged):
        raise InfrastructureError(problem)
    return outcome.exit_code


def show_places(pipeline: Pipeline, outcome: Outcome, registered: Registered | None) -> None:
    """Print where the report, the registered model and MLflow are."""
    line = pipeline.stages.reporter.line
    line("")
    line(f"report      {outcome.page}")
    if registered is not None:
        how = "" if registered.created else " (as before)"
        held = "" if outcome.exit_code == EXIT_PASS else "; the gate did not pass"
        line(f"registered  {registered.uri}, version {registered.version}{how}{held}")
    elif outcome.exit_code != EXIT_PASS:
        line("registered  nothing: the gate did not pass")
    if pipeline.publisher.problem is None:
        store = pipeline.publisher.store
        local = f"{_mlflow_command()} ui --backend-store-uri {store.shown}"
        line(f"mlflow      {store.shown if store.is_server else local}")


def _mlflow_command() -> str:
    """Return how to start the mlflow that is installed beside this tinygate."""
    beside = Path(sys.executable).with_name("mlflow")
    if shutil.which("mlflow") or not beside.exists():
        return "mlflow"
    return os.path.relpath(beside)
