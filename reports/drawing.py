"""What every figure shares: its style, its colours, and how it is saved to equal bytes.

Colours are those of Okabe and Ito (Color Universal Design, 2008), told apart with every common
colour blindness, and each series also has a shape of its own.
"""

from __future__ import annotations

import contextlib
import functools
import io
import warnings
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

INK = "#1b1f24"
"""Text and axes; a page that has a dark form replaces it by its own text colour."""
BLUE, ORANGE, GREEN = "#0072b2", "#d55e00", "#009e73"
SERIES = (
    (BLUE, "o"),
    (ORANGE, "D"),
    (GREEN, "s"),
    ("#cc79a7", "^"),
    ("#e69f00", "v"),
    ("#56b4e9", "P"),
)
"""Colour and marker of the first, second, ... series; they repeat after six."""
_STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # a dollar sign in a class name is a dollar sign
    "svg.hashsalt": "tinygate",  # names of clip paths, random by default
    "svg.fonttype": "none",  # text stays text: it can be searched, and read aloud
    "font.size": 9.0,
    "font.family": "sans-serif",
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.axisbelow": True,
}


T = TypeVar("T")


@dataclass(frozen=True)
class Drawing:
    """A figure with its title and what it shows, in words, for those who do not see it."""

    figure: Figure
    title: str
    description: str

    def svg(self) -> str:
        """Return an SVG document; equal data give equal text."""
        return self._svg

    @functools.cached_property
    def _svg(self) -> str:
        return self._save("svg", {"Date": None, "Creator": None}).decode()

    def png(self, dots_per_inch: int = 150) -> bytes:
        """Return a PNG on white."""
        return self._save("png", {"Software": None}, dots_per_inch, "white")

    def _save(
        self, form: str, facts: dict[str, None], dots_per_inch: int = 72, ground: str = "none"
    ) -> bytes:
        target = io.BytesIO()
        with styled(), warnings.catch_warnings():
            # A class may be named in a script that our font lacks; the SVG keeps the text.
            warnings.filterwarnings("ignore", message=r"Glyph \d+")
            self.figure.savefig(
                target, format=form, metadata=facts, dpi=dots_per_inch, facecolor=ground
            )
        return target.getvalue()


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """Draw in our style; it holds while artists are made, and again while they are saved."""
    with mpl.rc_context(_STYLE):
        yield


def blank(width: float, height: float) -> Figure:
    """Return an empty figure, sizes in inches, that no window shows."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def drawings_of(
    drawn: Mapping[str, Callable[[T], Drawing | None]], data: T, names: Container[str] | None
) -> dict[str, Drawing]:
    """Draw what `data` allow of the figures in `names`, or of all; only those are drawn."""
    wanted = {name: draw for name, draw in drawn.items() if names is None or name in names}
    made = {name: draw(data) for name, draw in wanted.items()}
    return {name: one for name, one in made.items() if one is not None}
