"""Worker processes of this machine behind the interface of `concurrent.futures`."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

from harness.pipeline.worker import function_name
from harness.pipeline.worker_process import Show, WorkerDiedError, WorkerProcess


class ProcessExecutor(Executor):
    """Runs functions of ours on plain data, each of its threads in a child process of its own.

    A child that dies fails only the call it had, with a WorkerDiedError; the next call of that
    thread gets a new one. The pool of the standard library loses every call with one child.
    """

    def __init__(self, workers: int, show: Show) -> None:
        self._show = show
        self._threads = ThreadPoolExecutor(workers, "worker")
        self._own = threading.local()
        self._processes: set[WorkerProcess] = set()
        self._lock = threading.Lock()
        self._killed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function at the top of a module in a child; arguments and result are JSON."""
        if kwargs:
            raise TypeError("a worker process takes positional arguments only")
        return self._threads.submit(functools.partial(self._call, function_name(fn), args))

    def _call(self, function: str, arguments: tuple[Any, ...]) -> Any:
        process = self._process()
        try:
            return process.call(function, arguments, self._show)
        except WorkerDiedError:
            self._forget(process)
            raise

    def _process(self) -> WorkerProcess:
        """Return this thread's child; Linux ends it when this thread, which started it, ends."""
        process: WorkerProcess | None = getattr(self._own, "process", None)
        if process is None:
            with self._lock:
                if self._killed:
                    raise WorkerDiedError("the work was interrupted")
                process = self._own.process = WorkerProcess()
                self._processes.add(process)
        return process

    def _forget(self, process: WorkerProcess) -> None:
        self._own.process = None
        with self._lock:
            self._processes.discard(process)
        process.close()

    def kill(self) -> None:
        """End every child at once."""
        with self._lock:
            self._killed = True
            for process in self._processes:
                process.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the children, idle by then, with the threads that started them."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        with self._lock:
            left, self._processes = self._processes, set()
        for process in left:
            process.close()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Finish what runs; at once, and unfinished, where it is interrupted."""
        if error is not None and not isinstance(error, Exception):
            self.kill()
        self.shutdown(wait=True, cancel_futures=error is not None)
