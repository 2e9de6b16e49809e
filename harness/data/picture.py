"""One picture file of any origin as pixels: its size is checked before anything is decoded."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.errors import DataError

FORMATS = ("PNG", "JPEG", "BMP", "PPM", "WEBP")
MAX_BYTES = 64 << 20
_MAX_PIXELS = 1 << 25
_GREY = frozenset({"1", "L", "LA"})
_COLOUR = frozenset({"P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"})
_DAMAGED = (
    OSError,  # also UnidentifiedImageError and a file that ends early
    ValueError,
    SyntaxError,  # a broken PNG
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    MemoryError,
    OverflowError,
    NotImplementedError,
    struct.error,
    Image.DecompressionBombError,
    Warning,
)


@dataclass(frozen=True)
class Header:
    """What a picture file says of itself: pixels high and wide, and whether it has no colour."""

    height: int
    width: int
    grey: bool


def read_header(content: bytes, where: str) -> Header:
    """Return the header of a picture without decoding its pixels.

    Raises:
        DataError: not one of `FORMATS`, damaged, animated, more than 2**25 pixels, or pixels that
            do not fit 8 bits.

    """
    return _opened(content, where)[1]


def read_picture(
    content: bytes, where: str, *, grey: bool, resize: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """Return the pixels of a picture, (H, W, 1) where `grey`, else (H, W, 3), uint8.

    A grey picture gives three equal channels and a coloured one its luma (ITU-R 601), as Pillow
    converts them. Transparency is dropped; the orientation noted in a photograph is not applied.
    `resize` is (H, W); Pillow's bilinear filter with antialiasing.

    Raises:
        DataError: as `read_header`, and where the pixels are damaged or end early.

    """
    picture, _ = _opened(content, where)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a broken note about the camera is no broken picture
            plain = picture.convert("L" if grey else "RGB")
    except _DAMAGED as error:
        raise DataError(f"{where}: damaged, its pixels cannot be read ({_line(error)})") from error
    if resize and resize != (plain.height, plain.width):
        plain = plain.resize((resize[1], resize[0]), Image.Resampling.BILINEAR)
    return np.asarray(plain, dtype=np.uint8).reshape(plain.height, plain.width, -1)


def _opened(content: bytes, where: str) -> tuple[Image.Image, Header]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            frames = getattr(picture, "n_frames", 1)
    except _DAMAGED as error:
        known = ", ".join(FORMATS)
        raise DataError(f"{where}: not a readable picture ({known}): {_line(error)}") from error
    _check(picture, frames, where)
    return picture, Header(picture.height, picture.width, picture.mode in _GREY)


def _check(picture: Image.Image, frames: int, where: str) -> None:
    if picture.width * picture.height > _MAX_PIXELS:
        raise DataError(
            f"{where}: {picture.height}x{picture.width} pixels, at most {_MAX_PIXELS} are read"
        )
    if frames != 1:
        raise DataError(f"{where}: an animation of {frames} frames; one picture is needed")
    if picture.mode not in _GREY | _COLOUR:
        raise DataError(
            f"{where}: pixels of kind {picture.mode!r} do not fit 8 bits; convert the picture, or "
            "give the data as [data] source = 'npz'"
        )


def _line(error: BaseException) -> str:
    """Return what went wrong as one line without addresses in memory."""
    text = " ".join(str(error).split())
    return "unknown kind of file" if "cannot identify" in text else text[:120]
