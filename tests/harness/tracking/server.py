"""A PostgreSQL cluster of its own, and an `mlflow server` on it that can be killed."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

START_S = 240  # minutes on a machine that is busy with everything else
_USER = "tinygate"


def binaries() -> Path | None:
    """Return the folder of Debian's newest PostgreSQL, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: p.parts[-3])
    return found[-1].parent if found else None


def _owner() -> dict[str, Any]:
    """Return who may run a cluster, as options of a process: PostgreSQL refuses root."""
    if os.getuid() != 0:
        return {}
    names = [one.pw_name for one in pwd.getpwall()]
    name = "postgres" if "postgres" in names else "nobody"
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []}


@dataclass
class Postgres:
    """A running cluster that listens on a Unix socket alone."""

    folder: Path

    @property
    def uri(self) -> str:
        return f"postgresql://{_USER}@/mlflow?host={self.folder}"

    def count(self, table: str) -> int:
        """Return the number of rows, 0 where there is no such table yet."""
        import psycopg

        with contextlib.suppress(psycopg.errors.UndefinedTable), psycopg.connect(self.uri) as db:
            row = db.execute(f"SELECT count(*) FROM {table}").fetchone()  # type: ignore[arg-type]  # noqa: S608
            return 0 if row is None else int(row[0])
        return 0


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """Yield a cluster with one empty database; it is gone afterwards."""
    programs, owner = binaries(), _owner()
    assert programs is not None
    folder = Path(tempfile.mkdtemp(prefix="tinygate-pg-"))  # a socket's path must be short
    if owner:
        shutil.chown(folder, owner["user"], owner["group"])
    data = folder / "data"
    initdb = ["initdb", "-D", data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-locale"]
    settings = [f"unix_socket_directories={folder}", "listen_addresses=", "fsync=off"]
    serve = ["postgres", "-D", data, *(word for one in settings for word in ("-c", one))]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **owner}
    try:
        subprocess.run([programs / initdb[0], *initdb[1:], "--no-sync"], check=True, **quiet)
        with subprocess.Popen([programs / serve[0], *serve[1:]], **quiet) as process:
            try:
                _wait_for((folder / ".s.PGSQL.5432").exists, process)
                _create_database(programs, folder)
                yield Postgres(folder)
            finally:
                process.send_signal(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _create_database(programs: Path, folder: Path) -> None:
    command = [programs / "createdb", "-h", folder, "-U", _USER, "mlflow"]
    deadline_s = time.monotonic() + START_S
    while subprocess.run(command, check=False, capture_output=True).returncode != 0:
        assert time.monotonic() < deadline_s, "PostgreSQL does not take connections"
        time.sleep(0.1)


@dataclass
class Server:
    """An `mlflow server` on loopback: runs in PostgreSQL, artifacts in a folder."""

    backend: str
    folder: Path
    port: int
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, or start it again, and wait until it answers."""
        command = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
        command += ["--backend-store-uri", self.backend]
        command += ["--artifacts-destination", str(self.folder / "artifacts")]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _wait_for(self._answers, self._process)

    def kill(self) -> None:
        """End it and its workers with SIGKILL."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.uri}/health") as reply:  # noqa: S310
            return bool(reply.status == 200)
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(ready: Any, process: subprocess.Popen[Any]) -> None:
    deadline_s = time.monotonic() + START_S
    while not ready():
        assert process.poll() is None, f"it ended with {process.returncode}"
        assert time.monotonic() < deadline_s, "it does not answer"
        time.sleep(0.1)
