"""A table as colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from reports.text import shortened

_NAME_LENGTH = 24


def heat_map(
    axes: Axes,
    table: NDArray[np.float64],
    rows: Sequence[str],
    columns: Sequence[str],
    label: str,
    limits: tuple[float, float],
) -> None:
    """Draw a table as colours with a scale; row and column names may be of any origin."""
    image = axes.imshow(
        table, cmap="cividis", vmin=limits[0], vmax=limits[1], aspect="auto", interpolation="none"
    )
    axes.set_yticks(range(len(rows)), [shortened(name, _NAME_LENGTH) for name in rows])
    short = [shortened(name, _NAME_LENGTH) for name in columns]
    axes.set_xticks(range(len(columns)), short, rotation=60, ha="right", rotation_mode="anchor")
    axes.spines[:].set_visible(False)
    axes.figure.colorbar(image, ax=axes, label=label, shrink=0.8)


def write_cells(axes: Axes, table: NDArray[np.float64], form: str) -> None:
    """Write the value of every cell of the map over it; a dash where there is none."""
    low, high = axes.images[0].get_clim()
    for (row, column), value in np.ndenumerate(table):
        if np.isnan(value):
            axes.text(column, row, "\u2014", ha="center", va="center", fontsize=7)
            continue
        colour = "white" if value < (low + high) / 2 else "black"
        axes.text(
            column, row, form.format(value), ha="center", va="center", fontsize=7, color=colour
        )
