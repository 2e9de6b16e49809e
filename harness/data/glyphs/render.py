"""Images of glyphs: layers of background, clutter, glyph, bars and noise, in whole numbers.

Every parameter is drawn as a float and rounded to a fixed point; from there on only integers are
added, multiplied and shifted. So the bytes are the same on every processor, whatever its vector
units make of the last bit of a float.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.data.glyphs.difficulty import Difficulty
from harness.data.glyphs.distance_field import CELLS_PER_CAP, GRID, UNITS_PER_CELL, Fields
from harness.data.glyphs.draws import Draws

SIDE = 32
CHANNELS = 3
CLUTTER = 2
BARS = 2

_COLOUR_BITS = 8
_BLEND_BITS = 8
_POSITION_BITS = 12
_FRACTION_BITS = 8
_GAIN_BITS = 16
_FIELD_ONE = UNITS_PER_CELL << _FRACTION_BITS  # a cell's width in an interpolated field
_LATTICES = (8, 4)  # pixels between the nodes of the two layers of texture

NOISE_BYTES = CHANNELS * (SIDE * SIDE * 2 + sum((SIDE // step + 1) ** 2 for step in _LATTICES))

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Placement:
    """Where and how a glyph stands in each of N images; see `Difficulty` for the units.

    Attributes:
        slot: (N,) its field.
        centre: (N, 2) x and y in pixels from the image's centre.
        cap_height, stretch, half_turn, shear, weight, softness: (N,).

    """

    slot: NDArray[np.int64]
    centre: Floats
    cap_height: Floats
    stretch: Floats
    half_turn: Floats
    shear: Floats
    weight: Floats
    softness: Floats


def render(
    fields: Fields, slots: NDArray[np.int64], draws: Draws, difficulty: Difficulty
) -> NDArray[np.uint8]:
    """Return images (N, 32, 32, 3) uint8 of the glyphs `slots` (N,) of `fields`."""
    image = _background(draws, difficulty)
    for _ in range(CLUTTER):
        other = draws.below(len(fields))
        colour = _against(image, draws.between(difficulty.clutter), draws)
        blend(image, colour, coverage(fields, _aside(other, draws, difficulty)))
    colour = _against(image, draws.between(difficulty.contrast), draws)
    colour = colour + _slope(draws.between(difficulty.shading, 2, CHANNELS))
    blend(image, colour, coverage(fields, _placement(slots, draws, difficulty)))
    for _ in range(BARS):
        colour = _against(image, draws.between(difficulty.bars), draws)
        blend(image, colour, _bar(draws, difficulty))
    image += _grain(draws, difficulty)
    return np.asarray(np.clip(image >> _COLOUR_BITS, 0, 255), dtype=np.uint8)


def fixed(values: Floats, bits: int) -> Ints:
    """Return `values` in fixed point with `bits` after the point, int32."""
    return np.rint(values * (1 << bits)).astype(np.int32)


def blend(image: Ints, colour: Ints, alpha: Ints) -> None:
    """Lay `colour` over `image` (N, 32, 32, 3), in place; `alpha` (N, 32, 32) is 0 to 256."""
    image += ((colour - image) * alpha[..., np.newaxis]) >> _BLEND_BITS


def coverage(fields: Fields, at: Placement) -> Ints:
    """Return (N, 32, 32) how much of each pixel the glyph covers, 0 to 256."""
    column, row = _cells(at)
    limit = (GRID - 1 << _POSITION_BITS) - 1
    distance = _interpolated(
        fields.table(at.slot), at.slot, np.clip(column, 0, limit), np.clip(row, 0, limit)
    )
    pixels_per_cell = at.cap_height / CELLS_PER_CAP
    grown = distance + _each(np.rint(at.weight / 2 / pixels_per_cell * _FIELD_ONE))
    gain = _each(np.rint(256 * pixels_per_cell / at.softness / _FIELD_ONE * (1 << _GAIN_BITS)))
    bound = 8 * _FIELD_ONE
    return np.asarray(np.clip(128 + ((np.clip(grown, -bound, bound) * gain) >> _GAIN_BITS), 0, 256))


def _placement(slots: NDArray[np.int64], draws: Draws, difficulty: Difficulty) -> Placement:
    return Placement(
        slot=slots,
        centre=draws.between(difficulty.shift_px, 2),
        cap_height=draws.between(difficulty.cap_height_px),
        stretch=draws.between(difficulty.stretch),
        half_turn=draws.between(difficulty.half_turn),
        shear=draws.between(difficulty.shear),
        weight=draws.between(difficulty.weight_px),
        softness=draws.between(difficulty.softness_px),
    )


def _aside(slots: NDArray[np.int64], draws: Draws, difficulty: Difficulty) -> Placement:
    """Return a placement in any direction, away from the centre and turned any way."""
    cos, sin = _turn(draws.between((-1.0, 1.0)))
    away = draws.between(difficulty.clutter_px) * np.where(draws.below(2) == 0, -1, 1)
    count = len(slots)
    return Placement(
        slot=slots,
        centre=np.stack([cos * away, sin * away], axis=1),
        cap_height=draws.between(difficulty.cap_height_px),
        stretch=np.ones(count),
        half_turn=draws.between((-1.0, 1.0)),
        shear=np.zeros(count),
        weight=draws.between(difficulty.weight_px),
        softness=draws.between(difficulty.softness_px),
    )


def _turn(half: Floats) -> tuple[Floats, Floats]:
    """Return cosine and sine from the tangent of half the angle, by exactly rounded steps alone."""
    square = half * half
    return (1 - square) / (1 + square), 2 * half / (1 + square)


def _each(values: Floats) -> Ints:
    return values.astype(np.int32)[:, np.newaxis, np.newaxis]


def _axis() -> Ints:
    """Return (32,) the pixels' centres from the image's centre in half pixels."""
    return np.arange(SIDE, dtype=np.int32) * 2 - (SIDE - 1)


def _cells(at: Placement) -> tuple[Ints, Ints]:
    """Return column and row in the field of every pixel, each (N, 32, 32), in fixed point."""
    cos, sin = _turn(at.half_turn)
    y_scale = CELLS_PER_CAP / at.cap_height
    x_scale = y_scale / at.stretch
    # Pixel -> glyph: undo the rotation, then the shear, then the scale.
    to_x = (x_scale * (cos + at.shear * -sin), x_scale * (sin + at.shear * cos))
    to_y = (y_scale * -sin, y_scale * cos)
    return _mapped(*to_x, at.centre), _mapped(*to_y, at.centre)


def _mapped(by_x: Floats, by_y: Floats, centre: Floats) -> Ints:
    axis = _axis()
    origin = (GRID - 1) / 2 - by_x * centre[:, 0] - by_y * centre[:, 1]
    per_x = _each(np.rint(by_x / 2 * (1 << _POSITION_BITS)))
    per_y = _each(np.rint(by_y / 2 * (1 << _POSITION_BITS)))
    start = _each(np.rint(origin * (1 << _POSITION_BITS)))
    mapped: Ints = start + per_x * axis + per_y * axis[:, np.newaxis]
    return mapped


def _interpolated(
    fields: NDArray[np.int16], slot: NDArray[np.int64], column: Ints, row: Ints
) -> Ints:
    """Return the fields between their cells, bilinear, in units of 1 / `_FIELD_ONE` cells."""
    x, y = column >> _POSITION_BITS, row >> _POSITION_BITS
    drop = _POSITION_BITS - _FRACTION_BITS
    one = 1 << _FRACTION_BITS
    right, down = (column >> drop) & (one - 1), (row >> drop) & (one - 1)
    flat = fields.reshape(-1)
    corner = slot[:, np.newaxis, np.newaxis] * (GRID * GRID) + y * GRID + x

    def across(start: NDArray[np.int64]) -> Ints:
        return flat.take(start).astype(np.int32) * (one - right) + flat.take(start + 1) * right

    upper, lower = across(corner), across(corner + GRID)
    return (upper * (one - down) + lower * down) >> _FRACTION_BITS


def _background(draws: Draws, difficulty: Difficulty) -> Ints:
    base = fixed(draws.between((0.0, 255.0), 1, 1, CHANNELS), _COLOUR_BITS)
    image = base + _slope(draws.between(difficulty.slope, 2, CHANNELS))
    for step in _LATTICES:
        nodes = SIDE // step + 1
        strength = draws.between(difficulty.texture)[:, np.newaxis, np.newaxis, np.newaxis]
        lattice = draws.noise(nodes, nodes, CHANNELS) * fixed(strength / 128, _COLOUR_BITS)
        image = image + _smooth(_smooth(lattice, step, 1), step, 2)
    return image


def _smooth(lattice: Ints, step: int, axis: int) -> Ints:
    """Return a lattice drawn out to 32 pixels along one axis, linear between its nodes."""
    pixel = np.arange(SIDE)
    shape = [1] * lattice.ndim
    shape[axis] = SIDE
    part = (pixel % step).astype(np.int32).reshape(shape)
    before = lattice.take(pixel // step, axis=axis)
    after = lattice.take(pixel // step + 1, axis=axis)
    return (before * (step - part) + after * part) // np.int32(step)


def _slope(change: Floats) -> Ints:
    """Return (N, 32, 32, 3) planes that change by `change` (N, 2, 3) across and down."""
    per_half_pixel = fixed(change / (2 * SIDE), _COLOUR_BITS)[:, :, np.newaxis, np.newaxis]
    axis = _axis()[:, np.newaxis]
    return per_half_pixel[:, 0] * axis + per_half_pixel[:, 1] * axis[:, np.newaxis]


def _against(image: Ints, contrast: Floats, draws: Draws) -> Ints:
    """Return (N, 1, 1, 3) colours that differ by `contrast` (N,) from the image's mean colour.

    The differences of the channels are drawn at random and stretched so that the largest is
    `contrast`; where that leaves 0 to 255 it is turned round.
    """
    mean = image.sum(axis=(1, 2), dtype=np.int64) // (SIDE * SIDE)
    part = draws.between((-1.0, 1.0), CHANNELS)
    part = part / np.abs(part).max(axis=1, keepdims=True)
    change = fixed(part * contrast[:, np.newaxis], _COLOUR_BITS)
    colour = mean + change
    outside = (colour < 0) | (colour > 255 << _COLOUR_BITS)
    turned: Ints = np.where(outside, mean - change, colour).astype(np.int32)
    return turned[:, np.newaxis, np.newaxis, :]


def _bar(draws: Draws, difficulty: Difficulty) -> Ints:
    """Return (N, 32, 32) how much of each pixel a straight bar covers, 0 to 256."""
    cos, sin = _turn(draws.between((-1.0, 1.0)))
    offset = draws.between((-SIDE / 2.0, SIDE / 2.0))
    half_width = draws.between(difficulty.bar_px) / 2
    axis = _axis()
    across = _each(np.rint(cos * 128)) * axis + _each(np.rint(sin * 128)) * axis[:, np.newaxis]
    distance = np.abs(across - _each(np.rint(offset * 256)))
    return np.clip(128 + _each(np.rint(half_width * 256)) - distance, 0, 256)


def _grain(draws: Draws, difficulty: Difficulty) -> Ints:
    """Return (N, 32, 32, 3) the sum of two uniform noises: triangular, independent by channel."""
    strength = draws.between(difficulty.noise)[:, np.newaxis, np.newaxis, np.newaxis]
    shape = (SIDE, SIDE, CHANNELS)
    return (draws.noise(*shape) + draws.noise(*shape)) * fixed(strength / 256, _COLOUR_BITS)
