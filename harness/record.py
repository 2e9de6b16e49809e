"""What a result was made with: tinygate's version and commit, packages, Python, machine."""

from __future__ import annotations

import functools
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import harness

_PACKAGES = (
    "numpy",
    "scipy",
    "torch",
    "torchvision",
    "torch-pruning",
    "onnx",
    "onnxruntime",
    "onnxscript",
    "litert-torch",
    "ai-edge-quantizer",
    "ai-edge-litert",
    "tflite-micro",
    "mlflow",
    "scikit-learn",
)


@functools.cache
def environment_record() -> dict[str, Any]:
    """Return versions, commit and hardware as JSON values; absent packages are left out."""
    return {
        "tinygate": harness.__version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "packages": package_versions(),
    }


def package_versions() -> dict[str, str]:
    """Return the installed version of every package that can change a result."""
    return {name: version for name in _PACKAGES if (version := package_version(name))}


def package_version(name: str) -> str | None:
    """Return the installed version of one distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Return the commit, `-dirty` appended where files differ; None where installed."""
    root = Path(__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return None
    commit = _git(root, "rev-parse", "HEAD")
    dirty = _git(root, "status", "--porcelain")
    return f"{commit}-dirty" if commit and dirty else commit


def _git(root: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(root), *arguments]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)  # noqa: S603  (fixed arguments)
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip()
