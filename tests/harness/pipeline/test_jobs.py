from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from harness.errors import ArtifactError, InfrastructureError, MissingExtraError
from harness.pipeline.cluster import Cluster
from harness.pipeline.cluster_worker import inspect
from harness.pipeline.jobs import ATTEMPTS, Job, run_jobs
from harness.pipeline.process_executor import ProcessExecutor
from harness.pipeline.setup import difference, this_setup
from harness.pipeline.worker import WorkerFault, pack_error, unpack_error
from harness.pipeline.worker_process import WorkerDiedError

JOB = Job("c.toml", "runs", "train", 0, "net-4-s0", "key", "cpu", ())


def die_once(mark: str) -> str:
    """Kill this process, unless another died of the same mark before."""
    try:
        Path(mark).touch(exist_ok=False)
    except FileExistsError:
        return "survived"
    os.kill(os.getpid(), signal.SIGKILL)
    return "never"


def process_id() -> int:
    return os.getpid()


def fail(kind: str) -> None:
    if kind == "user":
        raise ArtifactError("the model is wrong")
    if kind == "extra":
        raise MissingExtraError("mlflow", "mlflow")
    if kind == "disk":
        raise OSError(28, "No space left on device", "/full")
    raise ZeroDivisionError("a bug")


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let worker processes import this module by its name."""
    root = str(Path(__file__).resolve().parents[3])
    monkeypatch.setenv("PYTHONPATH", root)


def test_a_process_that_dies_takes_only_its_own_call_along(tmp_path: Path) -> None:
    with ProcessExecutor(2, print) as executor:
        dying = executor.submit(die_once, str(tmp_path / "mark"))
        others = [executor.submit(process_id) for _ in range(6)]
        with pytest.raises(WorkerDiedError, match="SIGKILL"):
            dying.result()
        assert len({one.result() for one in others}) <= 3
        assert executor.submit(die_once, str(tmp_path / "mark")).result() == "survived"


def test_the_processes_end_with_the_executor() -> None:
    with ProcessExecutor(2, print) as executor:
        ids = {executor.submit(process_id).result() for _ in range(3)}
    for one in ids:
        with pytest.raises(ProcessLookupError):
            os.kill(one, 0)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("user", ArtifactError("the model is wrong")),
        ("extra", MissingExtraError("mlflow", "mlflow")),
        ("disk", OSError(28, "No space left on device", "/full")),
    ],
)
def test_an_error_in_a_process_is_the_same_error_here(kind: str, expected: Exception) -> None:
    with ProcessExecutor(1, print) as executor, pytest.raises(type(expected)) as caught:
        executor.submit(fail, kind).result()
    assert str(caught.value) == str(expected)


def test_a_bug_in_a_process_shows_its_traceback() -> None:
    fault = unpack_error(pack_error(ZeroDivisionError("a bug")))
    assert isinstance(fault, WorkerFault)
    assert str(fault) == "ZeroDivisionError: a bug"
    assert fault.__notes__ == ["ZeroDivisionError: a bug\n"]


class _Dying(Executor):
    """Its workers die `deaths` times, then do the job."""

    def __init__(self, deaths: int) -> None:
        self.left = deaths

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if self.left:
            self.left -= 1
            future.set_exception(WorkerDiedError("SIGKILL"))
        else:
            future.set_result(None)
        return future


def test_a_job_whose_worker_dies_runs_again() -> None:
    done: list[Job] = []
    run_jobs(_Dying(ATTEMPTS - 1), [JOB], on_done=done.append)
    assert done == [JOB]


def test_a_job_that_kills_every_worker_is_given_up_with_one_line() -> None:
    with pytest.raises(InfrastructureError, match="train net-4-s0: 3 workers died of it") as caught:
        run_jobs(_Dying(ATTEMPTS), [JOB], on_done=lambda _: None)
    assert type(caught.value) is InfrastructureError
    assert "\n" not in str(caught.value)


def test_the_first_difference_of_two_setups_is_named() -> None:
    ours = dict(this_setup())
    assert difference(ours, ours) is None
    assert difference(ours, ours | {"torch": "1.0"}) == (
        f"its torch is 1.0, the driver has {ours['torch']}"
    )
    assert difference(ours, {k: v for k, v in ours.items() if k != "numpy"}) == (
        f"its numpy is not installed, the driver has {ours['numpy']}"
    )


class _Client:
    """A cluster whose one worker has other disks."""

    def __init__(self, elsewhere: Path) -> None:
        self._elsewhere = elsewhere

    def wait_for_workers(self, count: int, timeout: float) -> None:
        assert (count, timeout) == (1, 10)

    def run(self, function: Any, token: str, config: str, on_error: str) -> dict[str, Any]:
        assert (function, on_error) == (inspect, "return")
        missing = self._elsewhere / Path(token).name
        return {"tcp://far": inspect(str(missing), config)}


def test_a_worker_that_does_not_see_the_results_is_refused(tmp_path: Path) -> None:
    config, results = tmp_path / "c.toml", tmp_path / "runs"
    config.write_text("x")
    cluster = Cluster("tcp://here", _Client(tmp_path / "far"))  # type: ignore[arg-type]
    with pytest.raises(
        InfrastructureError, match=r"worker tcp://far: it cannot work in the .*runs"
    ):
        cluster.check(results, config)
    assert list(results.iterdir()) == []
    assert Cluster("tcp://here", _Client(results)).check(results, config) == []  # type: ignore[arg-type]


def test_two_processes_that_make_the_same_unit_make_it_once(tmp_path: Path) -> None:
    from harness.pipeline.store import Store, Unit

    unit, made = Unit("train", "net", {}), []
    begun, go_on = threading.Event(), threading.Event()

    def work(folder: Path) -> None:
        begun.set()
        assert go_on.wait(30)
        made.append(folder)

    threads = [threading.Thread(target=Store(tmp_path).build, args=(unit, work)) for _ in "ab"]
    for thread in threads:
        thread.start()
    assert begun.wait(30)
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert len(made) == 1
