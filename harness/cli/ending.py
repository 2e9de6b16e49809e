"""What a pipeline prints when it is done."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from harness.errors import EXIT_PASS
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


def show_places(pipeline: Pipeline, outcome: Outcome, registered: Registered | None) -> None:
    """Print where the report, the registered model and MLflow are."""
    line = pipeline.stages.reporter.line
    line("")
    line(f"report      {outcome.page}")
    if registered is not None:
        how = "" if registered.created else " (as before)"
        line(f"registered  {registered.uri}, version {registered.version}{how}")
    elif outcome.exit_code != EXIT_PASS:
        line("registered  nothing: the gate did not pass")
    if pipeline.publisher.problem is None:
        uri = pipeline.publisher.store.uri
        line(f"mlflow      {_mlflow_command()} ui --backend-store-uri {uri}")


def _mlflow_command() -> str:
    """Return how to start the mlflow that is installed beside this tinygate."""
    beside = Path(sys.executable).with_name("mlflow")
    if shutil.which("mlflow") or not beside.exists():
        return "mlflow"
    return os.path.relpath(beside)
