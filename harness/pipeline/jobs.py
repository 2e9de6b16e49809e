"""Independent units of a pipeline on all cores: worker processes, each with its own threads.

A worker that dies loses only its unit, which the next run continues.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import InfrastructureError
from harness.processes import die_with_parent
from harness.progress import Advance, Reporter

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

    from harness.pipeline.stages import Stages

    Messages = Queue[tuple[Any, ...] | None]

OpenStages = Callable[[Reporter], "Stages"]
"""Makes the stages anew in a worker; a picklable callable."""


@dataclass(frozen=True)
class Job:
    """One unit: a stage by name (`train`, `export`), for one candidate by position."""

    stage: str
    candidate: int


def run_jobs(
    open_stages: OpenStages,
    jobs: Sequence[Job],
    reporter: Reporter,
    *,
    workers: int,
    on_done: Callable[[Job], None],
) -> None:
    """Run `jobs` in `workers` processes, showing their progress on `reporter`.

    `on_done` is called here for each job that is finished.

    Raises:
        TinygateError: the first that a job raised; the jobs already running are finished first.
        InfrastructureError: a worker died.

    """
    context = multiprocessing.get_context("spawn")
    messages: Messages = context.Queue()
    pool = ProcessPoolExecutor(
        workers, context, initializer=_start, initargs=(open_stages, messages, os.getpid())
    )
    with _shown(messages, reporter), _ended(pool):
        with _interrupts_deferred():
            futures = {pool.submit(_run, job): job for job in jobs}
        _collect(futures, on_done)


@contextlib.contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Start workers with Ctrl-C blocked, which they inherit: ending them is this process's part."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _collect(jobs: Mapping[Future[None], Job], on_done: Callable[[Job], None]) -> None:
    try:
        for future in as_completed(jobs):
            future.result()
            on_done(jobs[future])
    except BrokenProcessPool as error:
        raise InfrastructureError(
            "a worker process died (killed, or out of memory); run the same command again to "
            "continue"
        ) from error


@contextlib.contextmanager
def _ended(pool: ProcessPoolExecutor) -> Iterator[None]:
    """End the workers with the block; at once where it is interrupted."""
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception):
            for child in multiprocessing.active_children():
                child.kill()
        pool.shutdown(wait=True, cancel_futures=True)
        raise
    pool.shutdown(wait=True)


@contextlib.contextmanager
def _shown(messages: Messages, reporter: Reporter) -> Iterator[None]:
    """Show what the workers report until the block ends."""
    drain = threading.Thread(target=_drain, args=(messages, reporter), daemon=True)
    drain.start()
    try:
        yield
    finally:
        messages.put(None)
        drain.join(timeout=5)


def _drain(messages: Messages, reporter: Reporter) -> None:
    tasks: dict[str, tuple[contextlib.ExitStack, Advance]] = {}
    while (message := messages.get()) is not None:
        kind, title, *rest = message
        if kind == "begin":
            stack = contextlib.ExitStack()
            tasks[title] = stack, stack.enter_context(reporter.task(title, *rest))
        elif kind == "advance":
            tasks[title][1](*rest)
        else:
            tasks.pop(title)[0].close()
    for stack, _ in tasks.values():  # of workers that died
        stack.pop_all()


class _RemoteReporter(Reporter):
    """Sends what a worker does to the process that shows it."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    def line(self, text: str) -> None:
        raise NotImplementedError("a worker reports tasks only")

    @contextlib.contextmanager
    def task(self, title: str, total: int) -> Iterator[Advance]:
        self._messages.put(("begin", title, total))
        yield lambda done, note: self._messages.put(("advance", title, done, note))
        self._messages.put(("end", title))


_stages: Stages | None = None


def _start(open_stages: OpenStages, messages: Messages, parent: int) -> None:
    global _stages  # noqa: PLW0603  (a worker process holds its stages between jobs)
    die_with_parent(parent)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _stages = open_stages(_RemoteReporter(messages))


def _run(job: Job) -> None:
    if _stages is None:
        raise RuntimeError("the worker was not started")
    getattr(_stages, job.stage)(_stages.plan.candidates[job.candidate])
