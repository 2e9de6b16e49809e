"""Drawn images on disk: a file is read only if it is whole, and drawn again where it is not.

A file's name holds what its images depend on (the generator's version, the outlines, the
difficulty, the split, how many), so another version never reads it. It is an `.npz` of the images
and their SHA-256, written to a temporary name and renamed: of two processes that draw at once, each
writes the same file.
"""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.data.glyphs.difficulty import Difficulty
from harness.data.glyphs.generate import generate
from harness.data.glyphs.outline import OUTLINES_SHA256, check_outlines
from harness.data.glyphs.render import CHANNELS, SIDE
from harness.errors import InfrastructureError
from harness.files import atomic_path, sha256_of_json
from harness.npz import read_arrays

GENERATOR_VERSION = 1
"""Raised with every change that draws another byte from the same difficulty."""

Images = NDArray[np.uint8]

_SUBFOLDER = Path("tinygate") / "glyphs100"
_NAME_DIGITS = 12
_log = logging.getLogger("tinygate")


def cache_folder(chosen: Path | None) -> Path:
    """Return `chosen`, or `tinygate/glyphs100` in the user's folder for caches."""
    if chosen is not None:
        return chosen
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / _SUBFOLDER


def stored(folder: Path, name: str, stream: int, samples: int, difficulty: Difficulty) -> Images:
    """Return images (N, 32, 32, 3) uint8 of a stream from their file, which is written if need be.

    Raises:
        DataError: the fonts are missing or other ones, so nothing can be drawn.
        InfrastructureError: the file cannot be written, or a process that draws died.

    """
    path = folder / f"{name}-{samples}-{_identity(difficulty)}.npz"
    images = _whole(path, samples)
    return _drawn(path, stream, samples, difficulty) if images is None else images


def _identity(difficulty: Difficulty) -> str:
    content = [GENERATOR_VERSION, OUTLINES_SHA256, asdict(difficulty)]
    return sha256_of_json(content)[:_NAME_DIGITS]


def _whole(path: Path, samples: int) -> Images | None:
    """Return the images in `path`, None where there is no file or not the one that was written."""
    try:
        return _checked(read_arrays(path, ["images", "sha256"]), samples)
    except FileNotFoundError:
        return None
    except ValueError:
        _log.warning("%s: damaged; its images are drawn again", path)
        return None


def _checked(arrays: dict[str, NDArray[Any]], samples: int) -> Images:
    images = arrays["images"]
    if images.dtype != np.uint8 or images.shape != (samples, SIDE, SIDE, CHANNELS):
        raise ValueError(f"images are {images.shape} of {images.dtype}")
    if str(arrays["sha256"]) != _sha256(images):
        raise ValueError("images have another SHA-256")
    return images


def _drawn(path: Path, stream: int, samples: int, difficulty: Difficulty) -> Images:
    check_outlines()
    try:
        with atomic_path(path) as temporary:
            temporary.touch()  # a folder that cannot be written shows before minutes of drawing
            _log.warning("glyphs100: drawing %d images, once, into %s", samples, path)
            images = generate(stream, samples, difficulty)
            np.savez(temporary, images=images, sha256=np.array(_sha256(images)))
    except OSError as error:
        raise InfrastructureError(
            f"{path}: the images of glyphs100 cannot be kept there ({error.strerror or error}); "
            "set [data] path to a folder that can be written"
        ) from error
    return images


def _sha256(images: Images) -> str:
    return hashlib.sha256(np.ascontiguousarray(images).data).hexdigest()
