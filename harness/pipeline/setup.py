"""What a process runs that decides results: a driver and its workers must run the same."""

from __future__ import annotations

import functools
import hashlib
import platform
from collections.abc import Mapping
from pathlib import Path

import harness
from harness.errors import InfrastructureError
from harness.record import package_versions

_PACKAGES = ("harness", "models", "export")


@functools.cache
def this_setup() -> Mapping[str, str]:
    """Return the versions of tinygate, Python and every package that can change a result.

    Of tinygate it is version and source: two checkouts of a version differ by their source.
    """
    tinygate = f"{harness.__version__} (source {_source_digest()[:12]})"
    return {"tinygate": tinygate, "python": platform.python_version(), **package_versions()}


def difference(driver: Mapping[str, str], worker: Mapping[str, str]) -> str | None:
    """Return the first difference as `torch is 2.12.0, the driver has 2.12.1`, or None."""
    for name in [*driver, *worker]:
        if driver.get(name) != worker.get(name):
            found, expected = worker.get(name, "not installed"), driver.get(name, "none")
            return f"its {name} is {found}, the driver has {expected}"
    return None


def check_setup(driver: Mapping[str, str]) -> None:
    """Raise InfrastructureError unless this process runs what the driver runs."""
    if (found := difference(driver, this_setup())) is not None:
        raise InfrastructureError(
            f"a worker on {platform.node()} cannot work for this driver: {found}; install the "
            "same there and start the worker again"
        )


def _source_digest() -> str:
    """Return the SHA-256 over the Python files that make results, by their path."""
    root, digest = Path(harness.__file__).resolve().parents[1], hashlib.sha256()
    for package in _PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
