"""Glyph outlines in whole font units, read from the fonts that matplotlib ships.

Whole units are what the font file holds: no hinting, no scaling, nothing that depends on the
version of FreeType or on the processor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from harness.data.glyphs.characters import TYPEFACES
from harness.errors import DataError

if TYPE_CHECKING:
    from matplotlib.ft2font import FT2Font

_UNITS_PER_PIXEL = 64  # matplotlib divides FreeType's coordinates by 64
_MOVE, _LINE, _CURVE = 1, 2, 3
_POINTS_PER_CURVE = 8
_REFERENCE = "H"

OUTLINES_SHA256 = "d0b107a4977c7bfb23972df3b5d77e0cd14e6e98b4dbe5877d49d81d8d9471a9"
"""Of every outline of every typeface, as `outlines_sha256` computes it."""


@dataclass(frozen=True, eq=False)
class Outline:
    """One character of one font.

    Attributes:
        segments: (S, 4) float64, the straight pieces x0, y0, x1, y1 of its closed contours, in font
            units, y upwards; curves are cut into 8 pieces.
        cap_height: of the font's H, in the same units.

    """

    segments: NDArray[np.float64]
    cap_height: float


def outline(file: str, character: str) -> Outline:
    """Return a character's outline.

    Raises:
        DataError: matplotlib does not ship the font, or the font lacks the character.

    """
    return Outline(_segments(*_path(file, character)), _cap_height(file))


def outlines_sha256() -> str:
    """Return the SHA-256 of all outlines that glyphs100 is drawn from, as 64 hex digits."""
    digest = hashlib.sha256()
    for typeface in TYPEFACES:
        for character in typeface.characters:
            vertices, codes = _path(typeface.file, character)
            digest.update(f"{typeface.file} {character} {len(codes)}\n".encode())
            digest.update(vertices.astype("<i4").tobytes() + codes.astype("u1").tobytes())
    return digest.hexdigest()


@cache
def check_outlines() -> None:
    """Raise DataError unless the installed fonts draw the images that every other machine has."""
    import matplotlib as mpl

    try:
        found = outlines_sha256()
    except ImportError as error:  # an interface that came with 3.10
        raise DataError(
            f"glyphs100 needs matplotlib >= 3.11 and its fonts, found {mpl.__version__}"
        ) from error
    if found != OUTLINES_SHA256:
        raise DataError(
            f"{_folder()}: the fonts of matplotlib {mpl.__version__} have other outlines (SHA-256 "
            f"{found[:12]}) than glyphs100 is drawn from ({OUTLINES_SHA256[:12]}), so its images "
            "would be others; install matplotlib >= 3.11 with its own fonts"
        )


def _folder() -> Path:
    import matplotlib as mpl

    return Path(mpl.get_data_path()) / "fonts" / "ttf"


@lru_cache(maxsize=len(TYPEFACES))
def _font(file: str) -> FT2Font:
    import matplotlib as mpl
    from matplotlib.ft2font import FT2Font

    path = _folder() / file
    try:
        return FT2Font(str(path))
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"{path}: glyphs100 needs this font of matplotlib, and version {mpl.__version__} "
            "cannot read it; install matplotlib >= 3.11 with its own fonts"
        ) from error


@lru_cache(maxsize=len(TYPEFACES))
def _cap_height(file: str) -> float:
    return float(_path(file, _REFERENCE)[0][:, 1].max())


def _path(file: str, character: str) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Return (V, 2) vertices in font units, whole numbers, and (V,) their path codes."""
    from matplotlib.ft2font import LoadFlags

    font = _font(file)
    if ord(character) not in font.get_charmap():
        raise DataError(f"{file}: has no {character!r}, which glyphs100 needs")
    font.load_char(ord(character), flags=LoadFlags.NO_SCALE | LoadFlags.NO_HINTING)
    vertices, codes = font.get_path()
    return np.asarray(vertices) * _UNITS_PER_PIXEL, np.asarray(codes)


def _segments(vertices: NDArray[np.float64], codes: NDArray[Any]) -> NDArray[np.float64]:
    contours = [_contour(*part) for part in _contours(vertices, codes)]
    return np.concatenate([np.hstack([c, np.roll(c, -1, axis=0)]) for c in contours])


def _contours(
    vertices: NDArray[np.float64], codes: NDArray[Any]
) -> Iterable[tuple[NDArray[np.float64], NDArray[Any]]]:
    starts = np.flatnonzero(codes == _MOVE)
    return zip(np.split(vertices, starts[1:]), np.split(codes, starts[1:]), strict=True)


def _contour(vertices: NDArray[np.float64], codes: NDArray[Any]) -> NDArray[np.float64]:
    """Return the corners (P, 2) of one closed contour."""
    points = [vertices[:1]]
    index = 1
    while index < len(codes):
        if codes[index] == _CURVE:
            points.append(_curve(points[-1][-1], vertices[index], vertices[index + 1]))
            index += 2
        else:
            if codes[index] == _LINE:
                points.append(vertices[index : index + 1])
            index += 1
    return np.concatenate(points)


def _curve(
    start: NDArray[np.float64], control: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return points (8, 2) of a quadratic Bezier curve, without its start."""
    t = np.arange(1, _POINTS_PER_CURVE + 1)[:, np.newaxis] / _POINTS_PER_CURVE
    return (1 - t) * (1 - t) * start + 2 * t * (1 - t) * control + t * t * end
