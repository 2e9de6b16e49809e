"""A sweep on a real Dask cluster: a scheduler and workers, processes of their own on loopback."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.harness.pipeline.small import CONFIG, tinygate, write

pytest.importorskip("distributed")

REPO = Path(__file__).resolve().parents[3]
LONGER = (
    CONFIG[: CONFIG.index("[gate]")]
    .replace("epochs = 4", "epochs = 30")
    .replace('[[models]]\nfamily = "mine:TwoLayers"\nwidths = [4]\n', "")
)
STARTED_WITHIN_S = 60


class Machines:
    """A scheduler and workers, started one by one and ended with the test."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self.scheduler = self._start(
            "scheduler", "--port", "0", "--scheduler-file", str(folder / "scheduler.json")
        )
        self.address = self._address()

    def worker(self, *options: str, code: Path = REPO) -> subprocess.Popen[bytes]:
        name = str(self._folder / "dask")
        options = ("--nthreads", "1", "--no-nanny", "--local-directory", name, *options)
        return self._start("worker", self.address, *options, code=code)

    def _start(self, *arguments: str, code: Path = REPO) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1"]
        log = self._stack.enter_context((self._folder / f"{arguments[0]}.log").open("ab"))
        process = self._stack.enter_context(
            subprocess.Popen(
                [*command, "--no-dashboard"],
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(code)},
                stderr=log,
            )
        )
        self._stack.callback(process.kill)
        return process

    def _address(self) -> str:
        path, deadline_s = self._folder / "scheduler.json", time.monotonic() + STARTED_WITHIN_S
        while time.monotonic() < deadline_s:
            with contextlib.suppress(OSError, ValueError):
                return str(json.loads(path.read_text())["address"])
            time.sleep(0.05)
        raise TimeoutError((self._folder / "scheduler.log").read_text())


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with contextlib.ExitStack() as stack:
        yield Machines(tmp_path, stack)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of LONGER on this machine's own processes."""
    folder = tmp_path_factory.mktemp("alone")
    write(folder, LONGER)
    result = tinygate(folder, "evaluate", "c.toml")
    assert result.returncode == 0, result.stderr
    return folder


def results(folder: Path) -> dict[str, bytes]:
    """Return weights, models and Predictions by their place."""
    found = (folder / "runs" / "small").glob("*/*/*")
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in found
        if path.name != "record.json"
    }


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "harness.cli", *arguments]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_trainings(folder: Path, count: int) -> Sequence[Path]:
    deadline_s = time.monotonic() + 120
    pattern = "runs/small/train/.*.partial/resume.safetensors"
    while time.monotonic() < deadline_s:
        if len(found := list(folder.glob(pattern))) >= count:
            return found
        time.sleep(0.01)
    raise TimeoutError(f"{count} trainings never ran at once")


def test_a_worker_killed_in_the_middle_loses_only_its_job_and_the_bytes_are_the_same(
    machines: Machines, alone: Path, tmp_path: Path
) -> None:
    write(tmp_path, LONGER)
    victim, _ = machines.worker(), machines.worker()
    with start(tmp_path, "evaluate", "c.toml", "--cluster", machines.address) as process:
        wait_for_trainings(tmp_path, 2)
        victim.send_signal(signal.SIGKILL)
        unfinished = list(tmp_path.glob("runs/small/train/.*.partial"))
        out, printed = process.communicate(timeout=300)
    assert len(unfinished) == 2, "it was killed too late"
    assert (process.returncode, printed) == (0, "")
    assert len(re.findall(r"^  train .* [\d.]+ s$", out, re.MULTILINE)) == 2
    assert results(tmp_path) == results(alone)


def test_a_scheduler_that_goes_away_is_one_line_and_what_is_finished_is_kept(
    machines: Machines, alone: Path, tmp_path: Path
) -> None:
    write(tmp_path, LONGER)
    machines.worker()
    with start(tmp_path, "train", "c.toml", "--cluster", machines.address) as process:
        deadline_s = time.monotonic() + 120
        while not list(tmp_path.glob("runs/small/train/*/record.json")):
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        machines.scheduler.send_signal(signal.SIGKILL)
        _, printed = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "the scheduler is gone; what is finished is kept" in printed
    assert printed.count("\n") == 1
    kept = list(tmp_path.glob("runs/small/train/*/record.json"))
    times = {path: path.stat().st_mtime_ns for path in kept}
    assert tinygate(tmp_path, "evaluate", "c.toml").returncode == 0
    assert {path: path.stat().st_mtime_ns for path in kept} == times
    assert results(tmp_path) == results(alone)


def test_the_commands_of_the_page_run_as_they_stand(tmp_path: Path) -> None:
    page = (REPO / "docs/how-to/cluster.md").read_text()
    block = re.findall(r"^```sh\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)[0]
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = str(found.getsockname()[1])
    scheduler, worker, command = block.replace("8786", port).splitlines()
    write(tmp_path, LONGER.replace("epochs = 30", "epochs = 1").replace("[2, 3]", "[2]"))
    with contextlib.ExitStack() as stack:
        for line in (scheduler, worker):
            program, *arguments = shlex.split(line)
            assert program == "dask"
            service = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "dask", *arguments],
                    cwd=tmp_path,
                    env={**os.environ, "PYTHONPATH": str(REPO)},
                    stderr=subprocess.DEVNULL,
                )
            )
            stack.callback(service.terminate)
            time.sleep(3)  # the scheduler listens before its worker looks for it
        program, *arguments = shlex.split(command)
        assert program == "tinygate"
        result = tinygate(tmp_path, *arguments)
    assert result.returncode == 0, result.stderr
    assert len(list(tmp_path.glob("runs/small/evaluate/*/predictions.npz"))) == 2


def test_a_worker_with_another_version_is_refused_before_any_job(
    machines: Machines, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    for package in ("harness", "models", "export", "devices", "reports"):
        ignored = shutil.ignore_patterns("__pycache__", "firmware", "images")
        shutil.copytree(REPO / package, other / package, ignore=ignored)
    with (other / "models" / "__init__.py").open("a") as handle:
        handle.write("# changed\n")
    write(tmp_path)
    machines.worker(code=other)
    result = tinygate(tmp_path, "train", "c.toml", "--cluster", machines.address)
    assert result.returncode == 4
    assert "its tinygate is 0.1.0 (source " in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.glob("runs/small/*/*")) == []


def test_a_cluster_without_workers_and_one_that_is_not_there_are_one_line(
    machines: Machines, tmp_path: Path
) -> None:
    write(tmp_path)
    for address, expected in (
        (machines.address, "no worker within 10 s; start one with: dask worker tcp://127.0.0.1:"),
        ("tcp://127.0.0.1:9", "no Dask scheduler answers at tcp://127.0.0.1:9"),
    ):
        result = tinygate(tmp_path, "train", "c.toml", "--cluster", address)
        assert result.returncode == 4, result.stdout + result.stderr
        assert expected in result.stderr
        assert result.stderr.count("\n") == 1


def test_what_is_no_address_is_a_users_mistake(tmp_path: Path) -> None:
    write(tmp_path)
    result = tinygate(tmp_path, "train", "c.toml", "--cluster", "nonsense")
    assert (result.returncode, result.stderr) == (
        2,
        "error: --cluster 'nonsense': expected the scheduler's tcp://host:port\n",
    )


def test_training_on_cuda_needs_a_worker_with_the_resource(
    machines: Machines, tmp_path: Path
) -> None:
    write(tmp_path, LONGER.replace("[train]", '[train]\ndevice = "cuda"'))
    machines.worker()
    result = tinygate(tmp_path, "train", "c.toml", "--cluster", machines.address)
    assert result.returncode == 4
    assert "no worker with the resource GPU; start one with: dask worker" in result.stderr
    assert '--resources "GPU=1"' in result.stderr
