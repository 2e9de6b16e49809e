"""The 100 classes of glyphs100 and the typefaces they are drawn from."""

from __future__ import annotations

from dataclasses import dataclass

_PLAIN = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SIGNS = "!#$%&()*+/:;<=>?@[\\]^_{|}~"
_LATIN = "éèäåñçøØßµ€§"

CHARACTERS = _PLAIN + _SIGNS + _LATIN
"""One class each, in the order of the labels: 62 letters and digits, 26 signs, 12 more letters."""

LOOK_ALIKES = (
    "0OoQDØø",
    "1lI|!ij/\\",
    "2Zz?",
    "5Ss$§",
    "6G",
    "8B&ß",
    "9gq",
    "cCç(G",
    "eéè€",
    "aäå@",
    "uUµvV",
    "wW",
    "xX*",
    "kK",
    "pP",
    "nñh",
    "mM",
    "tf+",
    "yY",
    "[(<{",
    "])>}",
    ":;i",
    "=_~",
)
"""Groups that differ by size, by a small mark or by slant alone. Size and position are drawn at
random, so some members can only be told apart by their proportions, some hardly at all."""


@dataclass(frozen=True)
class Typeface:
    """A font file that matplotlib ships, and the characters taken from it."""

    file: str
    characters: str


_COMPLETE = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-Oblique",
    "DejaVuSans-BoldOblique",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "DejaVuSansMono-Oblique",
    "DejaVuSansMono-BoldOblique",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "DejaVuSerif-Italic",
    "DejaVuSerif-BoldItalic",
    "STIXGeneral",
    "STIXGeneralBol",
    "STIXGeneralItalic",
    "STIXGeneralBolIta",
)
_LETTERS_AND_DIGITS = ("cmr10", "cmb10", "cmss10", "cmti10", "cmtt10")

TYPEFACES = (
    *(Typeface(f"{name}.ttf", CHARACTERS) for name in _COMPLETE),
    # The Computer Modern files put other signs at the code points of ASCII's punctuation.
    *(Typeface(f"{name}.ttf", _PLAIN) for name in _LETTERS_AND_DIGITS),
)
