"""Data sets in the real formats, written small."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from harness.data.cifar import CIFAR10, CIFAR100
from tests.harness.data.cifar_writer import CifarFiles, write_cifar


@pytest.fixture
def cifar10() -> CifarFiles:
    return write_cifar(CIFAR10, per_file=20)


@pytest.fixture
def cifar100() -> CifarFiles:
    return write_cifar(CIFAR100, per_file=300)


@pytest.fixture
def write_npz(tmp_path: Path) -> Callable[..., Path]:
    """Write random 5x4 images of 3 classes, 20 of each; keywords replace or add arrays."""

    def write(name: str = "own.npz", seed: int = 0, **arrays: object) -> Path:
        generator = np.random.default_rng(seed)
        content: dict[str, object] = {
            "images": generator.integers(0, 256, (60, 5, 4, 2), dtype=np.uint8),
            "labels": np.arange(60) % 3,
        }
        content |= arrays
        path = tmp_path / name
        np.savez(path, **{key: value for key, value in content.items() if value is not None})  # type: ignore[arg-type]
        return path

    return write


@dataclass(frozen=True)
class Server:
    """A folder served over HTTP on this machine, as if it were where archives are published."""

    folder: Path
    url: str


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    folder = tmp_path / "served"
    folder.mkdir()
    handler = partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        monkeypatch.setenv("no_proxy", "*")
        yield Server(folder, f"http://127.0.0.1:{web.server_port}/")
        web.shutdown()
        thread.join()
