"""One training image of every class of glyphs100, as the documentation shows them.

python -m harness.data.glyphs.picture docs/figures/glyphs100.png
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.data.glyphs.characters import CHARACTERS
from harness.data.glyphs.difficulty import STANDARD
from harness.data.glyphs.generate import TRAIN_STREAM, generate
from harness.data.glyphs.render import CHANNELS, SIDE
from harness.files import atomic_path

_COLUMNS = 20
_ENLARGED = 2
_COLOURS = 256  # a palette keeps the file a third as large


def sheet(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return `images` (N, 32, 32, 3), N a multiple of 20, as one image (N / 20 * 32, 640, 3)."""
    rows = images.reshape(-1, _COLUMNS, SIDE, SIDE, CHANNELS)
    return rows.transpose(0, 2, 1, 3, 4).reshape(-1, _COLUMNS * SIDE, CHANNELS)


def write_picture(target: Path) -> None:
    """Write the first training image of every class, in the order of the labels, as a PNG."""
    from PIL import Image

    picture = Image.fromarray(sheet(generate(TRAIN_STREAM, len(CHARACTERS), STANDARD)))
    size = (picture.width * _ENLARGED, picture.height * _ENLARGED)
    few = picture.quantize(_COLOURS).resize(size, Image.Resampling.NEAREST)
    with atomic_path(target) as temporary:
        few.save(temporary, format="PNG", optimize=True)


if __name__ == "__main__":
    write_picture(Path(sys.argv[1]))
