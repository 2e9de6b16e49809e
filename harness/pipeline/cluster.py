"""A Dask cluster behind the interface of `concurrent.futures`: other machines do the jobs.

Its workers read the config, read the data and write the results where the driver does, so all share
a file system at the same paths. What crosses the wire is plain data and the names of functions.
"""

from __future__ import annotations

import contextlib
import logging
import re
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import InfrastructureError, MissingExtraError, UserError
from harness.files import sha256_of_file, write_text
from harness.pipeline.cluster_worker import Sight, inspect, perform
from harness.pipeline.setup import difference, this_setup
from harness.pipeline.worker import function_name
from harness.pipeline.worker_process import Show

if TYPE_CHECKING:
    from distributed import Client

GPU = "GPU"
BOARD = "board"
"""Names of worker resources, as in `dask worker --resources "GPU=1"`."""

_ADDRESS = re.compile(r"[a-z]+://[^/\s]+:\d+")
_ANSWER_WITHIN_S = 10
_WORKER_WITHIN_S = 60
_CLOSE_WITHIN_S = 2


@dataclass(eq=False)
class Cluster:
    """A scheduler and its workers, which were checked."""

    address: str
    client: Client
    _able_s: float = 0.0
    """When a worker that can do the jobs was last seen, on the monotonic clock."""

    def offers(self, resource: str) -> bool:
        """Whether a worker has `resource` now."""
        return any(resource in one["resources"] for one in self._workers().values())

    def _workers(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = self.client.scheduler_info(n_workers=-1)["workers"]
        except Exception as error:  # of any layer of its wire
            raise _gone(self.address) from error
        return found

    def check(self, results: Path, config: Path) -> list[str]:
        """Check every worker before any job: what it runs, and that it sees the same files.

        Args:
            results: the folder for results, which workers must be able to write.
            config: the config file.

        Returns:
            What is worth a warning.

        Raises:
            InfrastructureError: no worker came, or one cannot work for this driver.

        """
        self._wait_for_a_worker()
        results, config = results.absolute(), config.absolute()
        token = results / f".{uuid.uuid4().hex}.tmp"
        write_text(token, token.name)
        try:
            seen = self.client.run(inspect, str(token), str(config), on_error="return")
        finally:
            token.unlink(missing_ok=True)
        for worker, sight in sorted(seen.items()):
            self._accept(worker, sight, results, config)
        return _warnings(seen)

    def _accept(self, worker: str, sight: Any, results: Path, config: Path) -> None:
        problem: str | None
        if not isinstance(sight, dict):
            reason = " ".join(str(sight).split())[:200]
            problem = f"it cannot run this tinygate ({type(sight).__name__}: {reason})"
        elif (found := difference(this_setup(), sight["setup"])) is not None:
            problem = f"{found}; install the same there and start it again"
        elif sight["folder_problem"] is not None:
            problem = (
                f"it cannot work in the results folder {results} ({sight['folder_problem']}); share"
                " it at the same path"
            )
        elif sight["config_sha256"] != sha256_of_file(config):
            problem = f"it does not see the same config at {config}; share it at the same path"
        else:
            return
        raise InfrastructureError(f"cluster {self.address}, worker {worker}: {problem}")

    def _wait_for_a_worker(self) -> None:
        try:
            self.client.wait_for_workers(1, timeout=_ANSWER_WITHIN_S)
        except Exception as error:  # TimeoutError, or of any layer of its wire
            raise InfrastructureError(
                f"cluster {self.address}: no worker within {_ANSWER_WITHIN_S} s; start one with: "
                f"dask worker {self.address} --nthreads 1"
            ) from error

    @contextlib.contextmanager
    def executor(self, needs: str | None, show: Show) -> Iterator[Executor]:
        """Yield an executor of jobs that each need one of the resource `needs`.

        Raises:
            InfrastructureError: no worker offers it, or the scheduler is gone.

        """
        if needs is not None and not self.offers(needs):
            raise self._nobody(needs)
        self._able_s = time.monotonic()
        topic = f"tinygate-{uuid.uuid4().hex}"
        subscribe: Any = self.client.subscribe_topic
        subscribe(topic, lambda event: show(list(event[1])))
        resources = None if needs is None else {needs: 1}
        make: Any = self.client.get_executor
        inner = make(pure=False, resources=resources)
        executor = _ClusterExecutor(inner, topic)
        try:
            with _translated(self.address):
                yield executor
        finally:
            executor.shutdown(wait=False)

    def look(self, needs: str | None) -> None:
        """Raise InfrastructureError where no worker was there to do the jobs for a minute."""
        able = self.offers(needs) if needs is not None else bool(self._workers())
        now_s = time.monotonic()
        if able:
            self._able_s = now_s
        elif now_s - self._able_s > _WORKER_WITHIN_S:
            raise self._nobody(needs)

    def _nobody(self, needs: str | None) -> InfrastructureError:
        which = "" if needs is None else f" with the resource {needs}"
        option = "" if needs is None else f' --resources "{needs}=1"'
        return InfrastructureError(
            f"cluster {self.address}: no worker{which}; start one with: dask worker "
            f"{self.address} --nthreads 1{option}, and run the same command again to continue"
        )


class _ClusterExecutor(Executor):
    """Hands functions of ours, by name, and plain data to the workers."""

    def __init__(self, inner: Executor, topic: str) -> None:
        self._inner, self._topic = inner, topic

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if kwargs:
            raise TypeError("a job takes positional arguments only")
        return self._inner.submit(perform, function_name(fn), list(args), self._topic)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Cancel what waits, unless told to wait for it; a worker finishes what it has begun."""
        with contextlib.suppress(Exception):  # of a scheduler that is gone
            self._inner.shutdown(wait=wait and not cancel_futures)


@contextlib.contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """Yield the cluster whose scheduler listens at `address`, `tcp://host:port` or `tls://...`.

    Raises:
        UserError: not an address.
        MissingExtraError: distributed is not installed.
        InfrastructureError: no scheduler answers there.

    """
    if not _ADDRESS.fullmatch(address):
        raise UserError(f"--cluster {address!r}: expected the scheduler's tcp://host:port")
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingExtraError("distributed", "cluster") from error
    open_client: Any = Client  # its constructor has no types
    _silence()
    try:
        client = open_client(
            address, timeout=_ANSWER_WITHIN_S, set_as_default=False, name="tinygate"
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise InfrastructureError(
            f"no Dask scheduler answers at {address} ({' '.join(str(error).split())[:150]}); give "
            "the right --cluster, or start one with: dask scheduler"
        ) from error
    try:
        yield Cluster(address, client)
    finally:
        with contextlib.suppress(Exception):  # of a scheduler that is gone
            client.close(timeout=_CLOSE_WITHIN_S)


def _silence() -> None:
    """Keep Dask's tracebacks off the terminal: of what goes wrong we say one line."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in {"distributed", "tornado"}:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


@contextlib.contextmanager
def _translated(address: str) -> Iterator[None]:
    from distributed import KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        yield
    except KilledWorker as error:
        raise InfrastructureError(
            f"cluster {address}: every worker that had the job {error.task} died of it "
            f"({error.allowed_failures + 1} workers); give it more memory, then run the same "
            "command again to continue"
        ) from error
    except (CancelledError, CommClosedError) as error:
        raise _gone(address) from error


def _gone(address: str) -> InfrastructureError:
    return InfrastructureError(
        f"cluster {address}: the scheduler is gone; what is finished is kept, run the same command "
        "again to continue"
    )


def _warnings(seen: dict[str, Sight]) -> list[str]:
    cpus = sorted({sight["cpu"] for sight in seen.values()})
    if len(cpus) < 2:  # noqa: PLR2004  (two that differ)
        return []
    return [
        f"the workers' CPUs differ ({'; '.join(cpus)}): the last bits of the weights depend on "
        "which of them trains a model"
    ]
