"""The units of a sweep as independent jobs on any executor of `concurrent.futures`.

A job is plain data. A worker that dies loses only its job, which runs again and goes on from what
the dead one left in the results folder.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import ArtifactError, InfrastructureError
from harness.pipeline.setup import check_setup
from harness.pipeline.worker import reporter
from harness.pipeline.worker_process import WorkerDiedError

if TYPE_CHECKING:
    from harness.pipeline.stages import Stages

ATTEMPTS = 3
"""How many workers may die of one job."""
_LOOK_EVERY_S = 2.0


@dataclass(frozen=True)
class Job:
    """One unit of work, as it travels.

    Attributes:
        config: absolute path of the config file.
        runs: absolute path of the folder for results.
        stage: `train`, `export` (which trains what is not trained) or `evaluate`.
        candidate: position of the model among those of the sweep, in every form.
        name: what to call it.
        training: key of the model's training; a worker whose config or data give another refuses.
        device: where to train, as `[train] device`.
        runtime: for `evaluate`, where.
        setup: what the driver runs, see `harness.pipeline.setup`; the worker must run the same.

    """

    config: str
    runs: str
    stage: str
    candidate: int
    name: str
    training: str
    device: str
    setup: tuple[tuple[str, str], ...]
    runtime: str = ""


def run_jobs(
    executor: Executor,
    jobs: Iterable[Job],
    *,
    on_done: Callable[[Job], None],
    on_wait: Callable[[], None] = lambda: None,
    on_refused: Callable[[Job, ArtifactError], None] | None = None,
) -> None:
    """Run `jobs` on `executor`, each again where its worker dies, at most `ATTEMPTS` times.

    `on_done` is called here for each job that is finished, `on_wait` every few seconds, and
    `on_refused`, where there is one, for a job that raised an ArtifactError.

    Raises:
        TinygateError: the first that a job raised.
        InfrastructureError: the workers of a job died `ATTEMPTS` times.

    """
    pending = {_submit(executor, job): job for job in jobs}
    deaths: Counter[str] = Counter()
    while pending:
        for future in wait(pending, _LOOK_EVERY_S, FIRST_COMPLETED).done:
            job = pending.pop(future)
            try:
                future.result()
            except WorkerDiedError as error:
                deaths[job.name] += 1
                _give_up_on(job, deaths[job.name], error)
                pending[_submit(executor, job)] = job
            except ArtifactError as error:
                if on_refused is None:
                    raise
                on_refused(job, error)
            else:
                on_done(job)
        on_wait()


def _submit(executor: Executor, job: Job) -> Future[Any]:
    return executor.submit(run_job, asdict(job))


def _give_up_on(job: Job, deaths: int, error: WorkerDiedError) -> None:
    if deaths == ATTEMPTS:
        raise InfrastructureError(
            f"{job.stage} {job.name}: {deaths} workers died of it, the last with: {error}; give "
            "it more memory, then run the same command again to continue"
        ) from error


def run_job(content: dict[str, Any]) -> None:
    """Do one job, in a worker process.

    Raises:
        InfrastructureError: this worker runs other software, or finds another config or other data
            than the driver.
        TinygateError: of the stage.

    """
    check_setup(dict(content["setup"]))
    job = Job(**content)
    stages = _stages(job.config, job.runs, job.device)
    candidate = stages.plan.converted[job.candidate]
    if stages.training_key(candidate) != job.training:
        raise InfrastructureError(
            f"{job.stage} {job.name}: the worker finds another config or other data at "
            f"{job.config} than the driver; give both the same files"
        )
    if job.stage == "evaluate":
        stages.evaluate(candidate, job.runtime)
    else:
        getattr(stages, job.stage)(candidate)


@functools.lru_cache(maxsize=1)
def _stages(config: str, runs: str, device: str) -> Stages:
    """Return the stages; a process that does several jobs of a sweep loads the data once."""
    from harness.pipeline.stages import open_stages

    return open_stages(Path(config), Path(runs), reporter(), device)
