"""How hard glyphs100 is: the ranges that every image's parameters are drawn from."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class Difficulty:
    """Uniform ranges, lowest and highest, of what is drawn for each image.

    Lengths are pixels of the 32x32 image, brightness is in steps of 0 to 255.

    Attributes:
        cap_height_px: height of the font's H; a small letter is three quarters of it. The wider the
            range, the less size tells `o` from `O`.
        stretch: width relative to the drawn height.
        half_turn: tangent of half the rotation's angle; 0.176 is 20 degrees.
        shear: sideways shift per height.
        shift_px: of the glyph's centre from the image's, each way.
        weight_px: added to (or taken from) the thickness of every stroke.
        softness_px: width of the blurred edge.
        contrast: of the glyph against its background, in the channel where it is largest.
        shading: change of the glyph's own colour from side to side.
        slope: change of the background from side to side.
        texture: amplitude of the background's two layers of smooth noise.
        clutter: contrast of the two other characters that reach into the image.
        clutter_px: how far their centres are from the image's.
        bars: contrast of the two bars that cover a part of the image.
        bar_px: their width.
        noise: amplitude of the noise of each pixel and channel.

    """

    cap_height_px: Range
    stretch: Range
    half_turn: Range
    shear: Range
    shift_px: Range
    weight_px: Range
    softness_px: Range
    contrast: Range
    shading: Range
    slope: Range
    texture: Range
    clutter: Range
    clutter_px: Range
    bars: Range
    bar_px: Range
    noise: Range


STANDARD = Difficulty(
    cap_height_px=(13.0, 23.0),
    stretch=(0.8, 1.2),
    half_turn=(-0.13, 0.13),
    shear=(-0.25, 0.25),
    shift_px=(-4.0, 4.0),
    weight_px=(-0.3, 0.7),
    softness_px=(0.8, 2.4),
    contrast=(50.0, 200.0),
    shading=(-40.0, 40.0),
    slope=(-60.0, 60.0),
    texture=(0.0, 50.0),
    clutter=(0.0, 120.0),
    clutter_px=(14.0, 20.0),
    bars=(0.0, 120.0),
    bar_px=(0.0, 3.0),
    noise=(0.0, 40.0),
)
"""The default."""
