"""The opt-in download of a published archive, through torchvision and its checksum."""

from __future__ import annotations

from http.client import HTTPException
from pathlib import Path

from harness.errors import InfrastructureError, MissingExtraError
from harness.files import atomic_path


def download_archive(url: str, md5: str, target: Path) -> Path:
    """Fetch `url` to `target` and return `target`; whole and checked, or not at all.

    Raises:
        InfrastructureError: no connection, no such file there, another checksum, or no space here.
        MissingExtraError: torchvision is not installed.

    """
    try:
        from torchvision.datasets.utils import download_url
    except ImportError as error:
        raise MissingExtraError("torchvision", "train") from error
    try:
        with atomic_path(target) as temporary:
            download_url(url, str(temporary.parent), filename=temporary.name, md5=md5)
    except (OSError, RuntimeError, HTTPException) as error:
        raise InfrastructureError(
            f"{url}: the download to {target} failed ({' '.join(str(error).split())})"
        ) from error
    return target
