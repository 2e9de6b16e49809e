"""A model's specification: all that is needed to build the same network again."""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.errors import ModelError

MAX_CHANNELS = 4096
MAX_SIDE = 4096
MAX_CLASSES = 1_000_000
MIN_CLASSES = 2


@dataclass(frozen=True)
class ModelSpec:
    """Which network: a family, how wide, and the images and classes it is for.

    Attributes:
        family: a name in `models.FAMILIES`, or `package.module:Class`.
        width: the first block's channels of ScaleCNN, the width multiplier of MobileNetV2; what it
            means for a user's own class is up to that class.
        in_channels: channels of an image.
        image_size: (height, width) of an image in pixels.
        classes: number of logits.

    Raises:
        ModelError: a value no network can have.

    """

    family: str
    width: float
    in_channels: int
    image_size: tuple[int, int]
    classes: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.width) and self.width > 0):
            raise ModelError(f"width must be a positive number, got {self.width:g}")
        _check_range("in_channels", self.in_channels, 1, MAX_CHANNELS)
        for side in self.image_size:
            _check_range("a side of the image", side, 1, MAX_SIDE)
        _check_range("classes", self.classes, MIN_CLASSES, MAX_CLASSES)


def _check_range(what: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise ModelError(f"{what} must be {lowest} to {highest}, got {value}")
