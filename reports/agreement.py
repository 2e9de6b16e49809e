"""One model on several runtimes: how any two of them agree, and how far apart their scores are."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from harness.predictions import Predictions
from reports.report import twin_of


@dataclass(frozen=True)
class Cell:
    """Two runtimes on the samples both answered.

    Attributes:
        samples: how many.
        agreement: share with the same predicted class.
        difference: largest of a score; None where one gives logits and one probabilities.
        lsb: the same in steps of the int8 output; None where that is not known.

    """

    samples: int
    agreement: float
    difference: float | None
    lsb: float | None


@dataclass(frozen=True)
class Agreement:
    """Every two runtimes; a cell by the places of its runtimes, the lower first."""

    runtimes: tuple[str, ...]
    cells: Mapping[tuple[int, int], Cell]

    def cell(self, first: int, second: int) -> Cell | None:
        """Return the cell of two runtimes; None for one with itself."""
        return self.cells.get((min(first, second), max(first, second)))


def agreement_of(
    answers: Mapping[str, Predictions], output_scale: float | None = None
) -> Agreement:
    """Return how runtimes agree.

    Args:
        answers: of one model, by the name of the runtime; one may have answered a part.
        output_scale: step of the int8 output, in units of the scores.

    Raises:
        PredictionsError: a runtime answered samples that another, with more, did not.

    """
    names = tuple(answers)
    cells = {
        (a, b): _cell(answers[names[a]], answers[names[b]], output_scale)
        for a, b in itertools.combinations(range(len(names)), 2)
    }
    return Agreement(names, cells)


def _cell(one: Predictions, other: Predictions, output_scale: float | None) -> Cell:
    fewer, more = sorted((one, other), key=len)
    twin = twin_of(fewer, more.of(fewer.ids), output_scale)
    return Cell(len(fewer), twin.agreement, twin.largest_difference, twin.largest_difference_lsb)
