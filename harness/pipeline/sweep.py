"""The models of a sweep brought to a stage, several at once: here, or on a cluster."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ArtifactError, InfrastructureError
from harness.gate.checks import DEVICE
from harness.pipeline.candidate import Candidate
from harness.pipeline.cluster import BOARD, GPU, Cluster
from harness.pipeline.jobs import Job, run_jobs
from harness.pipeline.process_executor import ProcessExecutor
from harness.pipeline.setup import this_setup
from harness.pipeline.shown import ShownTasks
from harness.pipeline.stages import Stages
from harness.runtimes.host import usable_cores
from harness.training.config import TrainConfig

_SEEN_WITHIN_S = 90
"""How long a network file system may take to show what another machine wrote."""

Done = Callable[[Candidate], None]
Refused = Callable[[Candidate, ArtifactError], None]


def worker_count(config: TrainConfig, jobs: int) -> int:
    """Return how many trainings run at once: one on a GPU, else one for every `threads` cores."""
    from harness.training.device import find_device

    if find_device(config.device).type != "cpu":
        return 1
    return max(1, min(jobs, usable_cores() // config.threads))


@dataclass(frozen=True, eq=False)
class Sweep:
    """The jobs of one config over one folder of results."""

    config_path: Path
    runs: Path
    stages: Stages
    cluster: Cluster | None = None

    def bring(self, stage: str, candidates: Sequence[Candidate], on_done: Done) -> None:
        """Bring `candidates` to `stage`; `on_done` is called for each as soon as it is there.

        Seeds that are trained as one network are one job. Pruned models come once the models that
        they are cut from are there.

        Raises:
            TinygateError: the first that a job raised.

        """
        for pruned in (False, True):
            wave = [one for one in candidates if (one.parent is not None) == pruned]
            self._bring(stage, wave, on_done)

    def _bring(self, stage: str, candidates: Sequence[Candidate], on_done: Done) -> None:
        groups = self._groups(stage, candidates)

        def done(first: Candidate) -> None:
            self._wait_until_seen(stage, first)
            for candidate in groups[first]:
                on_done(candidate)

        if groups:
            jobs = [self._job(stage, first) for first in groups]
            needs = GPU if self._device.startswith("cuda") else None
            with self._executor(needs, len(jobs)) as (executor, on_wait):
                run_jobs(executor, jobs, on_done=self._of(done), on_wait=on_wait)

    def _groups(
        self, stage: str, candidates: Sequence[Candidate]
    ) -> dict[Candidate, list[Candidate]]:
        """Return, by the first of each, the candidates that one job brings to `stage`."""
        groups: dict[tuple[Candidate, ...], list[Candidate]] = {}
        for one in candidates:
            together = self.stages.plan.trained_with(one) if stage == "train" else (one,)
            groups.setdefault(together, []).append(one)
        return {members[0]: members for members in groups.values()}

    @property
    def has_boards(self) -> bool:
        """Whether workers of the cluster have the boards."""
        return self.cluster is not None and self.cluster.offers(BOARD)

    def evaluate_on_boards(self, candidates: Sequence[Candidate], on_refused: Refused) -> None:
        """Run `candidates` on the device, by workers that have boards.

        `on_refused` is called for a model that the device cannot run.
        """
        missing = [one for one in candidates if not self.stages.has_answers(one, DEVICE)]
        jobs = [self._job("evaluate", one, DEVICE) for one in missing]
        with self._executor(BOARD, len(jobs)) as (executor, on_wait):
            run_jobs(
                executor,
                jobs,
                on_done=self._of(lambda one: self._wait_until_answered(one, DEVICE)),
                on_wait=on_wait,
                on_refused=lambda job, error: on_refused(self._candidate(job), error),
            )

    @property
    def _device(self) -> str:
        """Where a training runs: `auto` must not mean another thing on every worker."""
        device = self.stages.plan.config.train.device
        if self.cluster is None or device != "auto":
            return device
        return "cuda" if self.cluster.offers(GPU) else "cpu"

    def _job(self, stage: str, candidate: Candidate, runtime: str = "") -> Job:
        return Job(
            config=str(self.config_path.absolute()),
            runs=str(self.runs.absolute()),
            stage=stage,
            candidate=self.stages.plan.converted.index(candidate),
            name=candidate.name,
            training=self.stages.training_key(candidate),
            device=self._device,
            setup=tuple(this_setup().items()),
            runtime=runtime,
        )

    def _candidate(self, job: Job) -> Candidate:
        return self.stages.plan.converted[job.candidate]

    def _of(self, done: Done) -> Callable[[Job], None]:
        return lambda job: done(self._candidate(job))

    @contextlib.contextmanager
    def _executor(
        self, needs: str | None, jobs: int
    ) -> Iterator[tuple[Executor, Callable[[], None]]]:
        """Yield where jobs run, and what to call now and then while they do."""
        with ShownTasks(self.stages.reporter) as shown:
            if self.cluster is not None:
                with self.cluster.executor(needs, shown.show) as found:
                    yield found, lambda: None if self.cluster is None else self.cluster.look(needs)
            else:
                workers = worker_count(self.stages.plan.config.train, jobs)
                with ProcessExecutor(workers, shown.show) as local:
                    yield local, lambda: None

    def _wait_until_seen(self, stage: str, candidate: Candidate) -> None:
        self._wait_until(lambda: self.stages.has(stage, candidate), f"{stage} {candidate.name}")

    def _wait_until_answered(self, candidate: Candidate, runtime: str) -> None:
        self._wait_until(
            lambda: self.stages.has_answers(candidate, runtime), f"evaluate {candidate.name}"
        )

    def _wait_until(self, seen: Callable[[], bool], what: str) -> None:
        """Wait for a network file system; never do the work a second time instead."""
        deadline_s = time.monotonic() + _SEEN_WITHIN_S
        while not seen():
            if time.monotonic() > deadline_s:
                raise InfrastructureError(
                    f"{what}: its worker is done, but {self.stages.store.root} does not show the "
                    f"result within {_SEEN_WITHIN_S} s; workers and driver must share this folder"
                )
            time.sleep(0.1)
