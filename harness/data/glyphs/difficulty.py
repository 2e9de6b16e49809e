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
    cap_height_px=(14.0, 25.0),
    stretch=(0.75, 1.25),
    half_turn=(-0.12, 0.12),
    shear=(-0.3, 0.3),
    shift_px=(-3.0, 3.0),
    weight_px=(-0.4, 0.8),
    softness_px=(0.8, 2.0),
    contrast=(70.0, 210.0),
    shading=(-30.0, 30.0),
    slope=(-40.0, 40.0),
    texture=(0.0, 35.0),
    clutter=(0.0, 100.0),
    clutter_px=(15.0, 21.0),
    bars=(0.0, 100.0),
    bar_px=(0.0, 2.5),
    noise=(0.0, 30.0),
)
"""The default."""
