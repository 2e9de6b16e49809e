"""Text of any origin made fit to print: class names and model names come from users' files."""

from __future__ import annotations

import unicodedata

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def printable(text: str) -> str:
    """Return `text` in one line, without control, format or unassigned characters.

    Those could move a terminal's cursor, reverse the reading direction or make XML invalid; each
    becomes U+FFFD. Line breaks and tabs become spaces.
    """
    return "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character in "\n\r\t":
        return " "
    hidden = unicodedata.category(character) in _UNPRINTABLE
    return _REPLACEMENT if hidden else character


def printable_lines(text: str) -> str:
    """Return `text` printable line by line: line breaks stay, and tabs become spaces."""
    return "\n".join(map(printable, text.splitlines()))


def shortened(text: str, length: int) -> str:
    """Return `text`, printable, in at most `length` characters; an ellipsis shows the cut."""
    whole = printable(text)
    return whole if len(whole) <= length else whole[: length - 1] + "…"


def quantity(value: float) -> str:
    """Return a count with its magnitude: 22756 as `22.8 k`, 925000 as `925 k`, 12 as `12`."""
    rounded = float(f"{value:.3g}")
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if rounded >= size:
            return f"{rounded / size:g} {letter}"
    return f"{value:g}"
