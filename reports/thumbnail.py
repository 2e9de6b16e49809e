"""Test images small enough to stand in a page, as PNG in `data:` URIs."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.data.split import Split

LONGEST_SIDE = 48
_IMAGE_RANK, _GREY, _COLOUR = 4, 1, 3
_SMALLEST_SIDE = 2
_RANGE_SAMPLES = 2000


class Thumbnails:
    """The images of a split, scaled from the range of the split to 0 to 255."""

    def __init__(self, split: Split) -> None:
        self._split = split
        self._places = {str(one): place for place, one in enumerate(split.ids.tolist())}
        some = split.images[:: max(1, len(split) // _RANGE_SAMPLES)]
        self._low, self._high = float(some.min()), float(some.max())

    @property
    def are_images(self) -> bool:
        """Whether the samples can be seen: grey or colour, at least 2 x 2 pixels."""
        shape = self._split.images.shape
        return (
            len(shape) == _IMAGE_RANK
            and min(shape[1:3]) >= _SMALLEST_SIDE
            and shape[3] in (_GREY, _COLOUR)
        )

    def uri(self, sample: str) -> str | None:
        """Return the image of the sample of this id; None where there is none to see."""
        place = self._places.get(sample)
        if place is None or not self.are_images:
            return None
        return "data:image/png;base64," + base64.b64encode(self._png(place)).decode()

    def _png(self, place: int) -> bytes:
        picture = Image.fromarray(self._levels(self._split.images[place]))
        longest = max(picture.size)
        if longest > LONGEST_SIDE:
            width, height = (max(1, side * LONGEST_SIDE // longest) for side in picture.size)
            picture = picture.resize((width, height), Image.Resampling.BOX)
        target = io.BytesIO()
        picture.save(target, "PNG", optimize=True)
        return target.getvalue()

    def _levels(self, image: NDArray[np.generic]) -> NDArray[np.uint8]:
        """Return (H, W) or (H, W, 3) levels."""
        span = (self._high - self._low) or 1.0
        scaled = (image.astype(np.float64) - self._low) / span
        levels = np.clip(np.rint(255 * scaled), 0, 255).astype(np.uint8)
        return levels[..., 0] if levels.shape[2] == _GREY else levels
