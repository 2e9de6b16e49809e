"""Glyphs as signed distance fields: one small table gives every weight, size, slant and blur."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from harness.data.glyphs.characters import CHARACTERS, TYPEFACES
from harness.data.glyphs.outline import Outline, outline

GRID = 64
"""Cells on a side of a field; the glyph's bounding box is centred in it."""
CELLS_PER_CAP = 32
"""Cells in the height of the font's H."""
UNITS_PER_CELL = 16
"""What one cell's width counts in a field."""

_FINE = 3  # odd, so that a cell has a middle
_SIDE = GRID * _FINE

SLOTS: tuple[tuple[int, int], ...] = tuple(
    (CHARACTERS.index(character), index)
    for index, typeface in enumerate(TYPEFACES)
    for character in typeface.characters
)
"""(class, typeface) of every field, in the order of `slots_of`."""


def slots_of() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the positions in `SLOTS` of each class (classes, most), and how many each has."""
    members: list[list[int]] = [[] for _ in CHARACTERS]
    for slot, (label, _) in enumerate(SLOTS):
        members[label].append(slot)
    counts = np.array([len(one) for one in members])
    table = np.zeros((len(members), counts.max()), dtype=np.int64)
    for label, slots in enumerate(members):
        table[label, : len(slots)] = slots
    return table, counts


class Fields:
    """All fields, each made when it is first needed."""

    def __init__(self) -> None:
        self._table = np.zeros((len(SLOTS), GRID, GRID), dtype=np.int16)
        self._made = np.zeros(len(SLOTS), dtype=np.bool_)

    def __len__(self) -> int:
        return len(SLOTS)

    def table(self, slots: NDArray[np.int64]) -> NDArray[np.int16]:
        """Return (fields, 64, 64), in which at least those of `slots` are filled in."""
        for slot in np.unique(slots[~self._made[slots]]).tolist():
            self._table[slot] = field(slot)
            self._made[slot] = True
        return self._table


def field(slot: int) -> NDArray[np.int16]:
    """Return the field (64, 64) of `SLOTS[slot]`, rows downwards.

    A value is the distance of the cell's centre from the glyph's edge in sixteenths of a cell,
    positive inside; exact to about a sixth of a cell.
    """
    label, typeface = SLOTS[slot]
    inside = rasterise(outline(TYPEFACES[typeface].file, CHARACTERS[label]))
    distance = distance_transform_edt(inside) - distance_transform_edt(~inside)
    distance -= np.where(inside, 0.5, -0.5)
    middle = distance[_FINE // 2 :: _FINE, _FINE // 2 :: _FINE]
    return np.rint(middle * (UNITS_PER_CELL / _FINE)).astype(np.int16)


def rasterise(shape: Outline) -> NDArray[np.bool_]:
    """Return (192, 192) which fine pixels have their centre inside the outline (nonzero winding).

    A scan line through the pixel centres of each row adds the direction of every segment that it
    crosses to the pixels on the crossing's right.
    """
    x0, y0, x1, y1 = _on_grid(shape)
    first = np.ceil(np.minimum(y0, y1) - 0.5).astype(np.int64)
    rows = np.maximum(0, np.ceil(np.maximum(y0, y1) - 0.5).astype(np.int64) - first)
    segment = np.repeat(np.arange(len(rows)), rows)
    row = first[segment] + np.arange(len(segment)) - np.repeat(np.cumsum(rows) - rows, rows)
    slope = (x1 - x0)[segment] / (y1 - y0)[segment]
    column = np.ceil(x0[segment] + (row + 0.5 - y0[segment]) * slope - 0.5).astype(np.int64)
    winding = np.zeros((_SIDE, _SIDE + 1), dtype=np.int64)
    np.add.at(winding, (row, np.clip(column, 0, _SIDE)), np.where(y1 > y0, 1, -1)[segment])
    return np.asarray(winding.cumsum(axis=1)[:, :_SIDE] != 0)


def _on_grid(shape: Outline) -> tuple[NDArray[np.float64], ...]:
    """Return x0, y0, x1, y1 of the segments in fine pixels, y downwards, centred."""
    scale = CELLS_PER_CAP * _FINE / shape.cap_height
    x, y = shape.segments[:, 0::2], -shape.segments[:, 1::2]
    x = (x - (x.min() + x.max()) / 2) * scale + _SIDE / 2
    y = (y - (y.min() + y.max()) / 2) * scale + _SIDE / 2
    level = y[:, 0] == y[:, 1]  # crosses no scan line
    return x[~level, 0], y[~level, 0], x[~level, 1], y[~level, 1]
