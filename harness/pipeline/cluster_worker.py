"""What a Dask worker runs for us: a look at itself, and jobs, each in a child process."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, TypedDict

from harness.files import sha256_of_file
from harness.pipeline.setup import this_setup
from harness.pipeline.worker_process import WorkerProcess
from harness.runtimes.host import host_record


class Sight(TypedDict):
    """What a worker finds when it looks around."""

    setup: dict[str, str]
    folder_problem: str | None
    config_sha256: str | None
    cpu: str


def inspect(token: str, config: str) -> Sight:
    """Return what this worker runs and whether it sees the driver's files.

    Args:
        token: a file in the folder for results that holds its own name.
        config: the config file.

    """
    host = host_record()
    return Sight(
        setup=dict(this_setup()),
        folder_problem=_folder_problem(Path(token)),
        config_sha256=sha256_of_file(Path(config)) if Path(config).is_file() else None,
        cpu=" ".join([host.machine, host.cpu, *host.features]),
    )


def _folder_problem(token: Path) -> str | None:
    try:
        if token.read_text(encoding="utf-8") != token.name:
            return "another folder"
        with tempfile.TemporaryFile(dir=token.parent):
            return None
    except OSError as error:
        return error.strerror or str(error)


def perform(function: str, arguments: list[Any], topic: str) -> Any:
    """Call a function of ours in a fresh child process and pass on what it tells of its tasks.

    A child of its own for every job: a worker with several threads still trains with the random
    numbers of one, code beside a config is as it is now, and a job that takes all memory ends the
    child and not the worker.
    """
    from distributed import get_worker

    worker = get_worker()
    process = WorkerProcess()
    try:
        return process.call(function, arguments, lambda message: worker.log_event(topic, message))
    finally:
        process.close()
